"""Frames in, right person out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colour_run import colour_run
from gallery.plain_gallery import PlainGallery
from passerby import index as module
from passerby import run
from passerby.frames.detector import detector
from passerby.frames.encode import encode
from passerby.frames.source import Source
from passerby.frames.way import Indexed, Way
from passerby.gallery.contract import OtherModel
from passerby.gallery.where import Where
from passerby.index import index
from passerby.synth import video
from passerby.synth.one_thread import one_thread

TRAINED = colour_run()


@pytest.fixture(autouse=True)
def _one_thread():
    with one_thread():
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("videos") / "world"
    with one_thread():
        video.write(root, encode=encode, people=5, count=2, seconds=2.4, fps=5, seed=102, height=180, width=320)
    return root


@pytest.fixture
def gallery():
    return PlainGallery(TRAINED.model_id, run.dimension(TRAINED))


def as_told(gallery):
    return {
        record.id: (record.camid, record.time, record.trackid, record.pid, record.path, record.box, record.thumbnail)
        for record in gallery.records(thumbnails=True)
    }


def test_with_true_boxes_each_person_is_one_record_a_camera_and_is_found_in_the_other(world, gallery):
    told = index(gallery, TRAINED, [Source(path=world / video.LIST)], way=Way(people=True, labels={"season": "winter"}))
    records = list(gallery.records())
    assert told.new == len(records) == len({(r.camid, r.pid) for r in records})
    assert gallery.labels() == {"season": ["winter"]}
    right = asked = 0
    for record in records:
        assert 1767254400 + 300 * (record.camid - 1) <= record.time <= 1767254400 + 300 * (record.camid - 1) + 2.4
        assert np.linalg.norm(record.embedding) == pytest.approx(1, abs=1e-5)
        assert gallery.thumbnail(record.id)[:2] == b"\xff\xd8"
        if any(other.pid == record.pid and other.camid != record.camid for other in records):
            hits = gallery.search(record.embedding[None], 1, where=Where(not_cameras=(record.camid,)))[0]
            asked += 1
            right += hits[0].record.pid == record.pid
    assert asked >= 6
    assert right / asked > 0.6  # chance is one in five


def test_boxes_of_a_detector_are_linked_into_tracks(world, gallery):
    told = index(gallery, TRAINED, [Source(path=world / video.LIST, boxes=Path(video.FOUND))])
    assert 6 <= told.new <= 20
    assert told.passed_over["in no track"] > 0
    assert {record.pid for record in gallery.records()} == {None}
    assert all(record.trackid is not None for record in gallery.records())


def test_the_built_in_detector_takes_the_place_of_a_tables_boxes(world, gallery):
    find, seen = detector("hog"), []

    def detect(image):
        seen.append(image.size)
        return find(image)

    told = index(gallery, TRAINED, [Source(path=world / video.LIST)], detect=detect, way=Way(every=12, each=True))
    assert seen == [(320, 180)] * 2
    assert told.new >= 1
    assert all(record.trackid is None and record.box[3] > 16 for record in gallery.records())


def test_the_same_again_adds_nothing_and_again_replaces(world, gallery):
    source = [Source(path=world / video.LIST)]
    first = index(gallery, TRAINED, source)
    before = as_told(gallery)
    again = index(gallery, TRAINED, source)
    assert (again.new, again.replaced, again.there) == (0, 0, first.new)
    replaced = index(gallery, TRAINED, source, way=Way(again=True))
    assert (replaced.new, replaced.replaced, replaced.there) == (0, first.new, 0)
    assert as_told(gallery) == before


def test_a_run_that_is_broken_off_anywhere_ends_with_the_same_records(world, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 2)
    source = [Source(path=world / video.LIST)]

    def fresh():
        return PlainGallery(TRAINED.model_id, run.dimension(TRAINED))

    whole = fresh()
    index(whole, TRAINED, source)
    for after in range(0, len(whole.held), 3):
        broken = fresh()
        add, calls = broken.add, []

        def stop(records, add=add, calls=calls, after=after):
            calls.append(len(records))
            if sum(calls) > after:
                raise OSError("the plug is out")
            return add(records)

        broken.add = stop
        told = Indexed()
        with pytest.raises(OSError, match="plug"):
            index(broken, TRAINED, source, so_far=told)
        assert told.new == len(broken.held)
        broken.add = add
        rest = index(broken, TRAINED, source)
        assert rest.there == told.new
        assert as_told(broken) == as_told(whole)


def test_each_gives_a_record_for_each_box(world, gallery):
    source = Source(path=world / "c1" / "video.mp4", boxes=Path(video.TRUE))
    told = index(gallery, TRAINED, [source], way=Way(each=True))
    lines = (world / "c1" / video.TRUE).read_text().splitlines()
    assert told.new + sum(told.passed_over.values()) == len(lines)
    assert gallery.cameras() == {1: told.new}
    assert "no --start" in told.remarks[0]
    assert all(record.time is None for record in gallery.records())


def test_a_folder_of_frames_gives_what_its_video_would(world, gallery, tmp_path):
    from passerby.frames.video import video as film

    for frame in film(world / "c1" / "video.mp4").frames(1, pytest.fail):
        frame.image.save(tmp_path / f"{frame.number:06d}.png")
    boxes = world / "c1" / video.TRUE
    index(gallery, TRAINED, [Source(path=world / "c1" / "video.mp4", boxes=boxes, camid=1, start=100.0)])
    other = PlainGallery(TRAINED.model_id, run.dimension(TRAINED))
    index(other, TRAINED, [Source(path=tmp_path, boxes=boxes, camid=1, start=100.0, fps=5)])

    def by_track(held):
        return {r.trackid: (round(r.time, 6), r.box, r.embedding.tolist()) for r in held.records()}

    assert by_track(gallery) == by_track(other)
    assert all(Path(record.path).name[:4] == "0000" for record in other.records())


def pictures(folder, *names):
    generator = np.random.default_rng(0)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 255, (64, 32, 3), dtype=np.uint8)).save(path)


def test_crops_by_camera_are_one_record_each_and_what_cannot_be_read_is_told(gallery, tmp_path):
    pictures(tmp_path, "c1/a.png", "c1/b.png", "c2/a.png")
    (tmp_path / "c2" / "broken.jpg").write_bytes(b"no")
    told = index(gallery, TRAINED, [Source(path=tmp_path)])
    assert (told.new, told.broken_count) == (3, 1)
    assert "broken.jpg" in told.broken[0]
    assert gallery.cameras() == {1: 2, 2: 1}
    pictures(tmp_path, "c2/broken.png")
    told = index(gallery, TRAINED, [Source(path=tmp_path)])
    assert (told.new, told.there, told.broken_count) == (1, 3, 1)


def test_what_is_there_already_is_not_read_again(gallery, tmp_path):
    pictures(tmp_path, "a.png", "b.png")
    index(gallery, TRAINED, [Source(path=tmp_path, camid=4)])
    for file in tmp_path.iterdir():
        file.write_bytes(b"gone")
    told = index(gallery, TRAINED, [Source(path=tmp_path, camid=4)])
    assert (told.new, told.there, told.broken_count) == (0, 2, 0)


def test_pictures_of_one_track_of_a_manifest_are_one_record(gallery, tmp_path):
    pictures(tmp_path, *(f"{n}.png" for n in range(12)))
    rows = [f"{n}.png,{7 if n < 11 else -1},2,{100 + n},{n // 6}" for n in range(12)]
    (tmp_path / "list.csv").write_text("path,pid,camid,time,trackid\n" + "\n".join(rows))
    told = index(gallery, TRAINED, [Source(path=tmp_path / "list.csv")])
    records = sorted(gallery.records(), key=lambda record: record.trackid)
    assert [(r.pid, r.camid, r.trackid) for r in records] == [(7, 2, 0), (7, 2, 1)]
    assert 100 <= records[0].time <= 105
    assert told.passed_over == {"junk (pid -1)": 1}
    told = index(gallery, TRAINED, [Source(path=tmp_path / "list.csv")], way=Way(each=True))
    assert told.new + told.there == 11


def test_names_of_market_have_a_time_only_with_a_start(gallery, tmp_path):
    pictures(tmp_path, "0002_c3s1_000050_03.png.jpg")
    (tmp_path / "0002_c3s1_000050_03.png.jpg").rename(tmp_path / "0002_c3s1_000050_03.jpg")
    index(gallery, TRAINED, [Source(path=tmp_path)])
    assert next(iter(gallery.records())).time is None
    index(gallery, TRAINED, [Source(path=tmp_path, start=10.0)])
    times = {record.time for record in gallery.records()}
    assert times == {None, 10 + 1_000_050 / 25}


def test_two_box_files_of_one_camera_must_not_share_ids(world, gallery):
    two = [Source(path=world / f"c{n}" / "video.mp4", boxes=world / f"c{n}" / video.TRUE, camid=1) for n in (1, 2)]
    with pytest.raises(ValueError, match="share the id"):
        index(gallery, TRAINED, two)
    assert not gallery.held
    assert index(gallery, TRAINED, two, way=Way(people=True)).new


def test_nothing_is_added_where_a_later_source_is_bad(world, gallery, tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"no film")
    with pytest.raises(ValueError, match=r"x\.mp4 is not a video"):
        index(
            gallery, TRAINED, [Source(path=world / video.LIST), Source(path=tmp_path / "x.mp4", boxes=tmp_path / "b")]
        )
    assert not gallery.held


def test_nobody_found_is_an_error(world, gallery, tmp_path):
    (tmp_path / "far.txt").write_text("1,1,5000,5000,10,30,1\n2,1,1,1,2,2,1\n")
    with pytest.raises(ValueError, match=r"Nobody was found in .*1 outside of the frame"):
        index(gallery, TRAINED, [Source(path=world / "c1" / "video.mp4", boxes=tmp_path / "far.txt")])


def test_pictures_that_cannot_be_read_are_all_named_with_one_full_stop_and_no_word_on_boxes(gallery, tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"Nobody was found in ") as error:
        index(gallery, TRAINED, [Source(path=tmp_path)])
    told = str(error.value)
    assert all(f"{number}.jpg" in told for number in range(3))
    assert told.endswith("; and 2 more that could not be read. Look at the pictures.")
    assert ".." not in told
    assert "boxes" not in told


def test_a_gallery_of_another_model_is_refused(world):
    other = PlainGallery(replace(TRAINED.model_id, weights="ab"), run.dimension(TRAINED))
    with pytest.raises(OtherModel):
        index(other, TRAINED, [Source(path=world / video.LIST)])


@pytest.mark.parametrize("name", ["gender", "age", "Sex"])
def test_labels_of_the_person_are_refused(world, gallery, name):
    with pytest.raises(ValueError, match="clothing and carried things"):
        index(gallery, TRAINED, [Source(path=world / video.LIST)], way=Way(labels={name: "x"}))


def test_progress_goes_up_to_the_whole(world, gallery, tmp_path):
    pictures(tmp_path, "a.png", "b.png")
    steps = []
    index(gallery, TRAINED, [Source(path=world / video.LIST), Source(path=tmp_path)],
          on_progress=lambda *two: steps.append(two))  # fmt: skip
    assert [done for done, _ in steps] == [*range(1, 25), 26]
    assert {total for _, total in steps} == {26}
