from pathlib import Path

import pytest

from passerby.evaluation.tracklets import heads, in_tracklets, tracklets
from passerby.types import DISTRACTOR, JUNK, Crop


def frame(name, trackid, pid=1, camid=1):
    return Crop(Path(name), pid, camid, trackid=trackid)


def test_tracklets_stand_in_the_order_in_which_they_appear_and_so_do_their_frames():
    crops = [frame(name, trackid) for name, trackid in (("a", 7), ("b", 0), ("c", 7), ("d", 3), ("e", 0), ("f", 7))]
    assert tracklets(crops) == [[0, 2, 5], [1, 4], [3]]
    assert heads(crops) == (crops[0], crops[1], crops[3])


def test_junk_and_distractors_come_in_tracklets_too():
    crops = [frame("a", 0, JUNK), frame("b", 1, DISTRACTOR), frame("c", 0, JUNK), frame("d", 2, DISTRACTOR, None)]
    assert tracklets(crops) == [[0, 2], [1], [3]]


def test_of_no_crop_there_are_no_tracklets():
    assert tracklets([]) == []
    assert heads([]) == ()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (frame("b", 4, 2), r"Tracklet 4 holds person 1 in camera 1 \(a\) and person 2 in camera 1 \(b\)"),
        (frame("b", 4, 1, 2), r"Tracklet 4 holds person 1 in camera 1 \(a\) and person 1 in camera 2 \(b\)"),
        (frame("b", 4, JUNK), "and person -1 in camera 1"),
        (frame("b", 4, 1, None), "and person 1 in camera None"),
    ],
)
def test_a_tracklet_of_two_people_or_cameras_is_refused(other, told):
    with pytest.raises(ValueError, match=told + ".*a tracklet is of one person and one camera"):
        tracklets([frame("a", 4), frame("c", 5), other])


def test_a_crop_in_no_tracklet_is_refused():
    with pytest.raises(ValueError, match=r"b is in no tracklet \(trackid\); give each crop one"):
        heads([frame("a", 4), Crop(Path("b"), 1, 1)])


def test_crops_are_in_tracklets_where_each_one_is():
    assert in_tracklets([frame("a", 0), frame("b", 0, 2)])
    assert not in_tracklets([frame("a", 0), Crop(Path("b"), 1)])
    assert not in_tracklets([])
