from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from passerby.frames import tracks as module
from passerby.frames.frame import Box, Frame
from passerby.frames.tracks import Seen, tracks
from passerby.images import Size

SIZE = Size(32, 16)
NOISE = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)


def frame(number, fps=10, image=None):
    return Frame(number, (number - 1) / fps, Image.fromarray(NOISE if image is None else image), Path("film.mp4"))


def sightings(frames, **known):
    passed_over = Counter()
    seen = Seen(**{"camid": 1, "start": 1000.0, "fps": 10, **known})
    return list(tracks(frames, size=SIZE, seen=seen, passed_over=passed_over)), passed_over


def test_a_track_is_one_sighting_and_its_best_picture_gives_time_and_box():
    small, large = Box(10, 10, 10, 30, 1, 5), Box(20, 10, 30, 80, 1, 5)
    found, _ = sightings([(frame(1), [small]), (frame(11), [large]), (frame(21), [small])])
    assert len(found) == 1
    assert found[0].box == large.sides
    assert found[0].time == 1001.0
    assert (found[0].camid, found[0].trackid, found[0].pid) == (1, 5, None)
    assert len(found[0].crops) == 3
    assert Path(found[0].path).is_absolute()
    assert Image.open(__import__("io").BytesIO(found[0].thumbnail)).size == (30, 80)


def test_of_half_a_second_one_picture_is_kept_and_of_a_track_eight():
    box = Box(20, 10, 30, 80, 1, 5)
    found, _ = sightings([(frame(n), [box]) for n in range(1, 11)])
    assert len(found[0].crops) == 2
    found, _ = sightings([(frame(n), [box]) for n in range(1, 200)])
    assert len(found[0].crops) == 8


def test_what_is_hidden_blurred_or_cut_off_is_not_the_best():
    clear, cut = Box(20, 10, 30, 80, 1, 5), Box(-20, 10, 30, 80, 1, 5)
    blurred = np.full((100, 100, 3), 120, np.uint8)
    before = Box(18, 15, 34, 85, 1, 6)
    for worse in ((frame(11), [cut]), (frame(11, image=blurred), [clear]), (frame(11), [clear, before])):
        found, _ = sightings([worse, (frame(21), [clear])])
        assert found[0].time == 1002.0


def test_a_track_ends_when_it_is_gone_and_a_long_one_gives_several():
    box = Box(20, 10, 30, 80, 1, 5)
    found, _ = sightings([(frame(1), [box]), (frame(200), []), (frame(300), [box])])
    assert [one.time for one in found] == [1000.0, 1029.9]
    found, _ = sightings([(frame(n), [box]) for n in range(1, 1300, 10)])
    assert len(found) == 3
    assert {one.trackid for one in found} == {5}


def test_memory_does_not_grow_with_the_length_of_a_track(monkeypatch):
    most = 0
    real = module._consider

    def watched(track, *arguments):
        nonlocal most
        real(track, *arguments)
        most = max(most, len(track.best))

    monkeypatch.setattr(module, "_consider", watched)
    sightings([(frame(n), [Box(20, 10, 30, 80, 1, 5)]) for n in range(1, 500)])
    assert most <= module.CROPS + 1


def test_boxes_outside_or_too_small_are_counted():
    boxes = [Box(500, 0, 30, 80, 1, 1), Box(-40, 0, 40, 80, 1, 2), Box(10, 10, 3, 80, 1, 3), Box(10, 95, 30, 80, 1, 4)]
    found, passed_over = sightings([(frame(1), boxes)])
    assert not found
    assert passed_over == {"outside of the frame": 2, "smaller than 6 x 16 pixels": 2}


def test_each_box_is_a_sighting_where_that_is_asked_for():
    box = Box(20, 10, 30, 80, 1, 5)
    found, _ = sightings([(frame(1), [box]), (frame(2), [box, Box(50, 10, 30, 80)])], each=True)
    assert [(one.time, one.trackid, len(one.crops)) for one in found] == [
        (1000.0, 5, 1),
        (pytest.approx(1000.1), 5, 1),
        (pytest.approx(1000.1), None, 1),
    ]


def test_ids_may_be_people_and_time_may_be_unknown():
    found, _ = sightings([(frame(1), [Box(20, 10, 30, 80, 1, 5)])], people=True, start=None)
    assert found[0].pid == 5
    assert found[0].time is None


def test_linked_tracks_of_two_videos_have_unlike_numbers_and_always_the_same():
    def numbers(path):
        one = Frame(1, 0.0, Image.fromarray(NOISE), Path(path))
        return [s.trackid for s in sightings([(one, [Box(20, 10, 30, 80, 1, n) for n in range(3)])], linked=True)[0]]

    assert numbers("a.mp4") == numbers("a.mp4")
    assert len({*numbers("a.mp4"), *numbers("b.mp4")}) == 6
    assert all(0 <= number < 2**31 for number in numbers("a.mp4"))
