import json

import people
from passerby.demo import demo


def test_the_demo_draws_trains_judges_and_shows_and_is_done_at_once_the_second_time(tmp_path):
    asked = {"train_ids": 4, "test_ids": 3, "cameras": 2, "workers": 1, "changes": people.SMALL}
    first = demo(tmp_path, **asked)
    assert (first.world / "bounding_box_train").is_dir()
    (kept,) = (first.run / "results").glob("synthetic-*.json")
    assert json.loads(kept.read_text())["mAP"] == first.trained.mAP
    assert first.trained.queries == first.baseline.queries > 0
    page = first.page.read_text()
    assert "colour histogram" in page
    assert "trained network" in page
    weights = (first.run / "weights.safetensors").stat().st_mtime_ns
    second = demo(tmp_path, **asked)
    assert second.trained.mAP == first.trained.mAP
    assert (first.run / "weights.safetensors").stat().st_mtime_ns == weights
