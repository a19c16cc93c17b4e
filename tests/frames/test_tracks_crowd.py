"""Tracks are followed in bounded memory, and frames of one video are told apart."""

from collections import Counter
from pathlib import Path

from PIL import Image

from passerby.frames import tracks as module
from passerby.frames.frame import Box, Frame
from passerby.frames.tracks import Seen, tracks
from passerby.frames.video import LEAP, _Clock
from passerby.images import Size

IMAGE = Image.new("RGB", (64, 64), (90, 20, 20))


def found(frames, **seen):
    asked = Seen(**{"camid": 1, "start": 0.0, "fps": 25.0, **seen})
    return list(tracks(frames, size=Size(32, 16), seen=asked, passed_over=Counter()))


def test_in_a_crowd_the_track_unseen_for_longest_ends_first_and_none_is_lost(monkeypatch):
    monkeypatch.setattr(module, "GOING", 3)
    frames = [(Frame(n + 1, n / 25, IMAGE, Path("a.mp4")), [Box(4, 4, 20, 40, id=n)]) for n in range(7)]
    assert [one.trackid for one in found(frames)] == [0, 1, 2, 3, 4, 5, 6]


def test_equal_boxes_of_two_frames_of_a_video_without_a_start_are_two_sightings():
    frames = [(Frame(n + 1, n / 25, IMAGE, Path("a.mp4")), [Box(4, 4, 20, 40)]) for n in range(2)]
    paths = [Path(one.path).name for one in found(frames, start=None, each=True, together=True)]
    assert paths == ["a.mp4#t=0.000", "a.mp4#t=0.040"]


def test_a_wild_time_stamp_after_a_broken_packet_is_not_believed():
    clock = _Clock(25.0, True)
    assert clock.next(0.0) == (1, 0.0)
    clock.lost = True
    assert clock.next(10 * LEAP) == (2, 1 / 25)
    clock.lost = True
    assert clock.next(1.0) == (26, 1.0)
