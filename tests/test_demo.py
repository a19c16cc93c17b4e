import json

from passerby.calibrate import of
from passerby.gallery.open_gallery import open_gallery
from passerby.run import load
from small_demo import PEOPLE, small_demo


def test_the_demo_draws_trains_judges_and_shows_and_is_done_at_once_the_second_time(demo_made):
    first = demo_made
    assert (first.world / "bounding_box_train").is_dir()
    (kept,) = (first.run / "results").glob("synthetic-*.json")
    assert json.loads(kept.read_text())["mAP"] == first.trained.mAP
    assert first.trained.queries == first.baseline.queries > 0
    page = first.page.read_text()
    assert "colour histogram" in page
    assert "trained network" in page
    weights = (first.run / "weights.safetensors").stat().st_mtime_ns
    second = small_demo(first.run.parent)
    assert second.trained.mAP == first.trained.mAP
    assert (first.run / "weights.safetensors").stat().st_mtime_ns == weights


def test_the_demo_ends_with_a_calibrated_run_and_a_gallery_of_the_pictures_that_were_searched(demo_made):
    assert of(load(demo_made.run)).people == PEOPLE
    gallery = open_gallery(str(demo_made.gallery))
    try:
        searched = {str(one) for one in demo_made.world.glob("bounding_box_test/*.jpg") if one.name[:2] != "-1"}
        assert searched <= {one.path for one in gallery.records()}
        assert {*gallery.cameras()} == {1, 2, 3}
    finally:
        gallery.close()
