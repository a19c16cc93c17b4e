"""Milliseconds are no seconds."""

import numpy as np
import pytest

from gallery.plain_gallery import PlainGallery
from passerby.check_time import EARLIEST, LATEST, check_time
from passerby.gallery.record import Record
from passerby.gallery.where import Where
from passerby.types import ModelId

UNIT = np.array([0.6, 0.8], np.float32)
BAD = [1767225600000.0, np.nextafter(LATEST, np.inf), np.nextafter(EARLIEST, -np.inf), 1e300, -1e300]


@pytest.mark.parametrize("seconds", [EARLIEST, -1.5, 0, 1767225600.0, np.float64(1767225600.5), LATEST])
def test_times_of_the_years_1_to_9999_are_taken(seconds):
    check_time("time", seconds)


@pytest.mark.parametrize("seconds", [*BAD, float("nan"), float("inf"), 10**400])
def test_others_are_refused_by_name(seconds):
    with pytest.raises(ValueError, match=r"^since is .*give seconds since 1970-01-01 UTC, not milliseconds"):
        check_time("since", seconds)


@pytest.mark.parametrize("seconds", BAD)
def test_a_gallery_takes_no_record_of_such_a_time_and_nothing_beside_it(seconds):
    gallery = PlainGallery(ModelId("m", "", ""), 2)
    good, bad = Record(embedding=UNIT, path="a", time=1.0), Record(embedding=UNIT, path="b", time=float(seconds))
    with pytest.raises(ValueError, match=f"time of record {bad.id} is .* not milliseconds"):
        gallery.add([good, bad])
    assert gallery.count() == 0


def test_what_an_older_gallery_took_can_be_read_and_deleted():
    gallery = PlainGallery(ModelId("m", "", ""), 2)
    old = Record(embedding=UNIT, path="b", time=1767225600000.0)
    gallery.held[old.id] = old
    assert [record.time for record in gallery.records()] == [1767225600000.0]
    assert gallery.delete(Where(since=LATEST)) == 1
