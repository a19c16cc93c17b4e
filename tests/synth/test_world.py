import json
import subprocess
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from scipy.io import loadmat

from passerby.datasets import synthetic
from passerby.synth import video, world
from passerby.synth import worker as worker_file
from passerby.synth.people import people
from passerby.synth.worker import worker

SMALL = {"train_ids": 2, "test_ids": 2, "cameras": 2, "seed": 3, "height": 64, "width": 32, "hand_share": 0.2}


def content(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(worker_file, "TOGETHER", 8)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A small world, and what was told while it was drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker_file, "TOGETHER", 8)
        root, told = tmp_path_factory.mktemp("world") / "new", []
        world.write(root, workers=1, progress=lambda done, total: told.append((done, total)), **SMALL)
    return root, told


def test_a_world_has_market_s_layout_and_nothing_else(drawn):
    root, told = drawn
    assert sorted(path.name for path in root.iterdir()) == [
        "bounding_box_test", "bounding_box_train", "duke_attribute.mat", "gt_bbox", "market_attribute.mat", "query",
        "synthetic.json",
    ]  # fmt: skip
    files = sorted(root.glob("*/*"))
    assert all(file.suffix == ".jpg" for file in files)
    assert told[0] == (0, len(files))
    assert told[-1] == (len(files), len(files))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    with Image.open(files[0]) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (32, 64)
    for query in sorted((root / "query").iterdir()):
        assert query.read_bytes() == (root / "gt_bbox" / query.name).read_bytes()


def test_it_is_read_with_its_labels(drawn):
    root, _ = drawn
    read = synthetic.load(root)
    assert read.name == "synthetic"
    assert "seed 3, 2 + 2 people, 2 cameras" in read.version
    assert {crop.pid for crop in read.train} | {crop.pid for crop in read.query} == {1, 2, 3, 4}
    assert {crop.pid for crop in read.gallery} == {-1, 0} | {crop.pid for crop in read.query}
    row = people(4, seed=3)
    for pid in range(1, 5):
        assert read.attributes[pid]["gender"] == 1 + row[pid - 1].labels.female
        assert read.attributes[pid]["age"] == row[pid - 1].labels.age
    assert "duke_attribute" in loadmat(root / "duke_attribute.mat")


@pytest.mark.parametrize("parts", [2, 3])
def test_the_parts_of_any_number_of_workers_in_any_order_give_the_same_bytes(drawn, tmp_path, monkeypatch, parts):
    def in_parts(root, workers, tell):
        for part in reversed(range(workers)):
            worker(root, part=part, parts=workers, progress=tell)

    monkeypatch.setattr(world, "_draw", in_parts)
    world.write(tmp_path / "again", workers=parts, **SMALL)
    assert content(tmp_path / "again") == content(drawn[0])


def test_two_processes_give_the_same_files_as_one(tmp_path, monkeypatch):
    monkeypatch.undo()  # other processes draw in batches of the usual size
    for workers in (1, 2):
        world.write(tmp_path / str(workers), workers=workers, **SMALL)
    assert content(tmp_path / "1") == content(tmp_path / "2")


def test_an_interrupted_world_is_told_apart_and_completed(drawn, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total):
        if done > 0:
            raise Stop

    root = tmp_path / "broken"
    with pytest.raises(Stop):
        world.write(root, workers=1, progress=stop, **SMALL)
    assert json.loads((root / "synthetic.json").read_text())["complete"] is False
    with pytest.raises(ValueError, match="not complete; run passerby synth again"):
        synthetic.load(root)
    there = {file: file.stat().st_mtime_ns for file in sorted(root.glob("*/*.jpg"))}
    assert 0 < len(there) < len(list(drawn[0].glob("*/*.jpg")))
    world.write(root, workers=1, **SMALL)
    assert content(root) == content(drawn[0])
    assert all(file.stat().st_mtime_ns == time for file, time in there.items())


def test_missing_and_empty_files_are_drawn_again(drawn, tmp_path):
    root = tmp_path / "world"
    world.write(root, workers=1, **SMALL)
    files = sorted(root.glob("*/*.jpg"))
    files[0].unlink()
    files[-1].write_bytes(b"")
    world.write(root, workers=1, **SMALL)
    assert content(root) == content(drawn[0])


def test_processes_end_when_drawing_is_broken_off(tmp_path, monkeypatch):
    started = []
    usual = subprocess.Popen

    def remember(*arguments, **options):
        started.append(usual(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)

    def stop(done, total):
        if done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.write(tmp_path / "broken", workers=2, progress=stop, **SMALL)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_a_worker_that_dies_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "__module__", "passerby.synth.nothing_of_this_name")
    with pytest.raises(OSError, match=r"ended with 1: .*nothing_of_this_name"):
        world.write(tmp_path / "dead", workers=2, **SMALL)


@pytest.mark.parametrize("draw", [world.write, partial(video.write, encode=None)])
def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_planned(tmp_path, monkeypatch, draw):
    (tmp_path / "file").touch()
    for name in ("passerby.synth.world.plan", "passerby.synth.video.cameras"):
        monkeypatch.setattr(name, None)
    for root in (tmp_path / "file" / "world", Path("/proc/world")):
        with pytest.raises(OSError, match=f"^Nothing can be written into {root} .*; give another folder"):
            draw(root)


def test_a_folder_with_something_else_is_refused(drawn, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty and holds no drawn world"):
        world.write(tmp_path / "full", workers=1, **SMALL)
    with pytest.raises(ValueError, match="is a file; give a folder"):
        world.write(tmp_path / "full" / "letter.txt", workers=1, **SMALL)
    with pytest.raises(ValueError, match=r"another world, of seed 3 \(asked: 4\); give an empty folder"):
        world.write(drawn[0], workers=1, **{**SMALL, "seed": 4})
    world.write(tmp_path / "own", workers=1, **SMALL)
    (tmp_path / "own" / "query" / "0099_c1s1_000001_00.jpg").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"1 files that are not of this world \(0099_c1s1_000001_00"):
        world.write(tmp_path / "own", workers=1, **SMALL)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("train_ids", 0, "train_ids is 0; give 1 to 9998"),
        ("test_ids", -1, "test_ids is -1; give 1 to"),
        ("train_ids", 9998, "room for 9999 people"),
        ("cameras", 1, "cameras is 1; give 2 to 16"),
        ("cameras", 17, "cameras is 17; give 2 to 16"),
        ("seed", -1, "seed is -1"),
        ("workers", 0, "workers is 0; give 1 or more"),
        ("boxes", "loose", "boxes is 'loose'; give hand or detector"),
        ("junk", -0.1, "junk is -0.1"),
        ("hand_share", 1.5, "hand_share is 1.5; give 0 to 1"),
        ("height", 4, "height is 4; give 16 to 512"),
    ],
)
def test_an_argument_out_of_range_is_named(tmp_path, name, value, words):
    with pytest.raises(ValueError, match=words):
        world.write(tmp_path / "none", **{**SMALL, "workers": 1, name: value})
    assert not (tmp_path / "none").exists()
