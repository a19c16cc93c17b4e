import math

import pytest

from gallery.made_records import MODEL, START, made_records
from gallery.plain_gallery import PlainGallery
from passerby.gallery.contract import Unavailable
from passerby.gallery.where import Where
from passerby.serve.marks import mark, marks
from passerby.serve.retention import duration, keep

DAY = 86_400.0


def filled(number=120):
    """Records five seconds apart from START on; some have no time."""
    gallery = PlainGallery(MODEL, 8)
    records = made_records(number, dim=8, thumbnails=True)
    gallery.add(records)
    return gallery, records


def written(state):
    return [(line.who, line.what, line.answers, line.details) for line in state.noted(limit=50, before=None)]


@pytest.mark.parametrize("now", [START + DAY - 1, START + DAY, START + DAY + 1, START + DAY + 300, START + 10 * DAY])
def test_what_is_older_goes_what_is_not_stays_and_what_has_no_time_is_told(state, now):
    gallery, records = filled()
    old = {record.id for record in records if record.time is not None and record.time < now - DAY}
    timeless = [record.id for record in records if record.time is None]
    kept = keep(gallery, state, DAY, now=now)
    assert (kept.before, kept.deleted, kept.left, kept.without_time) == (now - DAY, len(old), 0, len(timeless))
    assert set(gallery.held) == {record.id for record in records} - old
    assert len(timeless) > 0
    assert gallery.count(Where(until=now - DAY)) == 0
    assert all(gallery.thumbnail(one) is None for one in old)


def test_the_audit_is_told_before_and_afterwards(state):
    gallery, _ = filled()
    kept = keep(gallery, state, DAY, now=START + DAY + 100, who="anna")
    found = {"before": START + 100, "left": 0, "without_time": kept.without_time, "marks": 0}
    assert written(state) == [
        ("anna", "retention", kept.deleted, found),
        ("anna", "retention due", kept.deleted, {"before": START + 100}),
    ]
    assert kept.deleted > 10


def test_a_run_with_nothing_to_do_is_told_once_a_day(state):
    gallery, _ = filled()
    for _ in range(3):
        assert keep(gallery, state, DAY, now=START).deleted == 0
    assert [line[1:3] for line in written(state)] == [("retention", 0)]


def test_the_marks_of_what_goes_go_with_it(state):
    gallery, records = filled()
    for record in records:
        mark(state.database, "case", record.id, right=True, who="anna")
    kept = keep(gallery, state, DAY, now=START + DAY + 100)
    assert kept.marks == kept.deleted
    assert {one.record for one in marks(state.database)} == set(gallery.held)


def test_a_run_after_one_that_was_stopped_makes_up_for_it(state):
    gallery, records = filled()
    for record in records:
        mark(state.database, "case", record.id, right=True, who="anna")
    gallery.delete(Where(until=START + 100))  # and stopped there
    assert keep(gallery, state, DAY, now=START + DAY + 100).marks > 10
    assert {one.record for one in marks(state.database)} == set(gallery.held)


def test_a_gallery_that_deletes_nothing_is_found_out(state):
    gallery, _ = filled()
    gallery.delete = lambda where: 0
    kept = keep(gallery, state, DAY, now=START + DAY + 100)
    assert kept.left > 10
    assert written(state)[0][3]["left"] == kept.left


def test_a_gallery_that_is_gone_says_so(state):
    gallery, _ = filled()
    gallery.break_it()
    with pytest.raises(Unavailable):
        keep(gallery, state, DAY)


def test_by_default_the_clock_says_what_is_old(state):
    gallery, _ = filled()
    assert keep(gallery, state, 100 * 365 * DAY).deleted == 0
    assert keep(gallery, state, 1e-3).deleted > 100


@pytest.mark.parametrize("age", [0, -1, math.nan, math.inf, 101 * 366 * DAY])
def test_an_age_that_is_none_is_refused(state, age):
    gallery, records = filled(3)
    with pytest.raises(ValueError, match=r"^Records may be kept for "):
        keep(gallery, state, age)
    assert len(gallery.held) == len(records)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 30 * DAY), ("12h", 43_200), ("45m", 2_700), ("036500d", 36_500 * DAY)]
)
def test_a_duration_is_a_number_and_a_unit(text, seconds):
    assert duration(text) == seconds


WRONG = (
    "",
    "30",
    "d",
    "0d",
    "000m",
    "-1d",
    "+1d",
    "1.5d",
    "1 d",
    " 1d",
    "1d ",
    "1d\n",
    "1D",
    "1s",
    "1w",
    "1dd",
    "1d2h",
)


@pytest.mark.parametrize("text", [*WRONG, "1e3d", "36601d", "9" * 5000 + "d", "\u0661d", "nan", "x" * 5000])
def test_any_other_duration_is_refused(text):
    with pytest.raises(
        ValueError, match=r"^The retention is .{1,60}; give a number and d, h or m, such as 30d, 12h or 45m\.$"
    ):
        duration(text)
