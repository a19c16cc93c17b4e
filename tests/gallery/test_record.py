"""A sighting is checked when it is made, and the same one has the same id."""

import numpy as np
import pytest

from passerby.gallery.record import LONGEST, THUMBNAIL, Record

VECTOR = np.array([0.6, 0.8], np.float32)


def record(**fields):
    return Record(embedding=VECTOR, **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"camid": -1}, "camid is -1"),
        ({"camid": 2**31}, "camid is 2147483648"),
        ({"trackid": -1}, "trackid is -1"),
        ({"pid": 0}, "pid is 0"),
        ({"time": float("nan")}, "time is nan"),
        ({"time": float("inf")}, "time is inf"),
        ({"box": (0, 0, 0, 5)}, "box is"),
        ({"box": (0, 0, float("nan"), 5)}, "box is"),
        ({"labels": {"": "red"}}, "A label says ''"),
        ({"labels": {"upper": "r" * (LONGEST + 1)}}, "A label says"),
        ({"labels": {"upper": "re\0d"}}, "A label says"),
        ({"labels": {f"carries_{number}": "b" * 190 for number in range(12)}}, "The labels have"),
        ({"path": "a\0b"}, "zero byte"),
        ({"thumbnail": bytes(THUMBNAIL + 1)}, "A thumbnail has"),
        ({"id": "A" * 32}, "id is"),
        ({"id": "abc"}, "id is"),
    ],
)
def test_a_sighting_out_of_range_is_refused(fields, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        record(**fields)


def test_the_same_sighting_has_the_same_id_whatever_kind_of_number_says_it():
    one = record(camid=1, time=5, trackid=2, path="a.jpg", box=(1, 2, 3, 4))
    other = record(camid=np.int64(1), time=np.float64(5.0), trackid=2, path="a.jpg", box=(1.0, 2.0, 3.0, 4.0))
    assert one.id == other.id
    assert len(one.id) == 32


@pytest.mark.parametrize(
    "change", [{"camid": 2}, {"time": 6.0}, {"trackid": None}, {"path": "b.jpg"}, {"box": None}, {"camid": None}]
)
def test_another_sighting_has_another_id(change):
    seen = {"camid": 1, "time": 5.0, "trackid": 2, "path": "a.jpg", "box": (1, 2, 3, 4)}
    assert record(**seen).id != record(**{**seen, **change}).id


def test_what_is_said_of_a_sighting_does_not_change_its_id():
    assert record(path="a.jpg", pid=3, labels={"upper": "red"}, thumbnail=b"j").id == record(path="a.jpg").id


def test_uploads_without_a_path_are_told_apart_by_their_descriptors():
    other = Record(embedding=np.array([0.8, 0.6], np.float32), camid=1)
    assert record(camid=1).id != other.id
    assert record(camid=1).id == record(camid=1).id


@pytest.mark.parametrize("time", [10**400, -(10**400), 1e301])
def test_a_time_that_no_store_can_hold_is_refused(time):
    with pytest.raises(ValueError, match="time is"):
        record(time=time)
