from itertools import groupby

import numpy as np
import pytest
import torch

from passerby.frames.mot import mot
from passerby.frames.video_list import video_list
from passerby.synth import video
from passerby.synth.camera import cameras
from passerby.synth.crowd import crowd
from passerby.synth.filming import filming
from passerby.synth.people import people
from passerby.synth.scene import scene
from passerby.synth.walk import walks

SMALL = {"people": 4, "count": 2, "seconds": 1.0, "fps": 4, "height": 96, "width": 160}


def kept(into):
    def encode(path, frames, *, fps):
        into.append(np.stack(list(frames)))
        path.write_bytes(b"film")

    return encode


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    root = tmp_path_factory.mktemp("videos") / "world"
    frames, steps = [], []
    video.write(root, encode=kept(frames), seed=3, progress=lambda *two: steps.append(two), **SMALL)
    return root, frames, steps


def test_each_camera_has_a_video_with_boxes_and_a_start(films):
    root, frames, steps = films
    assert [part.shape for part in frames] == [(4, 96, 160, 3)] * 2
    listed = video_list(root / video.LIST)
    assert [one.camid for one in listed] == [1, 2]
    assert listed[1].start - listed[0].start == 300
    assert all(one.path.is_file() and one.boxes.is_file() for one in listed)
    assert steps == [(n, 8) for n in range(1, 9)]
    found = mot(root / "c1" / video.FOUND)
    assert found.ids is None
    assert 0 < found.values[:, 4].min() <= found.values[:, 4].max() < 1


def test_a_person_is_where_the_true_box_says(films):
    """The first frame differs from the second most within the boxes of those who walk."""
    root, frames, _ = films
    changed = np.abs(frames[0][0].astype(int) - frames[0][3].astype(int)).sum(2)
    inside = np.zeros_like(changed, dtype=bool)
    for number in (1, 4):
        for box in mot(root / "c1" / video.TRUE).at(number):
            rows = slice(max(0, int(box.y)), int(box.y + box.h) + 1)
            inside[rows, max(0, int(box.x)) : int(box.x + box.w) + 1] = True
    assert 0 < inside.mean() < 0.6
    assert changed[inside].mean() > 2 * changed[~inside].mean()


def test_the_same_seed_gives_the_same_frames_and_another_gives_others(films, tmp_path):
    _, frames, _ = films
    again, other = [], []
    video.write(tmp_path / "again", encode=kept(again), seed=3, **SMALL)
    video.write(tmp_path / "other", encode=kept(other), seed=4, **SMALL)
    assert all(np.array_equal(one, two) for one, two in zip(frames, again, strict=True))
    assert not np.array_equal(frames[0], other[0])


def test_everybody_passes_two_cameras_or_more_and_none_twice():
    watching = cameras(5, seed=1)
    ways = walks(watching, people=30, seconds=20, seed=1)
    seen = sorted((way.person, way.camid) for way in ways)
    assert len(set(seen)) == len(seen)
    counts = [len(list(some)) for _, some in groupby(seen, key=lambda pair: pair[0])]
    assert len(counts) == 30
    assert min(counts) >= 2


def test_a_camera_with_nobody_films_an_empty_place():
    (camera,) = cameras(1, seed=0)
    crew = crowd(people(2, seed=0))
    frames = list(filming([], crew, camera, scene(camera), seconds=1, fps=2, height=48, width=64))
    assert len(frames) == 2
    assert all(seen == () and frame.dtype == torch.uint8 for frame, seen in frames)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("people", 1),
        ("count", 1),
        ("count", 17),
        ("seconds", 0.5),
        ("fps", 0),
        ("height", 97),
        ("width", 10),
        ("seed", -1),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path, argument, value):
    with pytest.raises(ValueError, match=str(value)):
        video.write(tmp_path / "w", encode=kept([]), **{**SMALL, argument: value})
    assert not (tmp_path / "w").exists()


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds something already"):
        video.write(tmp_path, encode=kept([]), **SMALL)
