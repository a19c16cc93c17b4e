"""Records are deleted when they are older than they may get."""

import re
import time
from dataclasses import dataclass

from passerby.gallery.contract import Gallery
from passerby.gallery.where import Where
from passerby.serve.marks import forget_deleted
from passerby.serve.state import State

SECONDS = {"d": 86_400, "h": 3_600, "m": 60}
LONGEST = 100 * 366 * 86_400
"""Seconds that a record may be kept for, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a run of retention did.

    Args:
        before: records from before this time were deleted, in seconds since 1970-01-01 UTC.
        deleted: how many.
        left: how many of that age were there when they were counted afterwards; 0 is the proof, and more were added
            meanwhile.
        without_time: records whose time nobody knows; retention never deletes them.
        marks: marks of deleted records that were deleted with them.
    """

    before: float
    deleted: int
    left: int
    without_time: int
    marks: int


def keep(gallery: Gallery, state: State, age: float, *, who: str = "retention", now: float | None = None) -> Kept:
    """Delete the records, with their thumbnails and marks, that are older than they may get; count what is left.

    The audit is told before anything is deleted, and afterwards what was found then; a run that has nothing to do tells
    it once a day. A run that was stopped in the middle is made up for by the next.

    Args:
        gallery: whose records.
        state: with marks and audit.
        age: seconds; see `duration`.
        who: in whose name the audit tells it.
        now: seconds since 1970-01-01 UTC; the clock's by default.

    Raises:
        ValueError: if the age is out of range.
        Unavailable: if a store cannot be reached.
    """
    if not 0 < age <= LONGEST:
        raise ValueError(f"Records may be kept for {age} seconds; give more than 0, at most {LONGEST}.")
    before = (time.time() if now is None else now) - age
    old = Where(until=before)
    due = gallery.count(old)
    if due:
        state.note(who, "retention due", details={"before": before}, answers=due)
    deleted = gallery.delete(old) if due else 0
    marks = forget_deleted(state.database, gallery)
    left = gallery.count(old)
    timeless = sum(hour.count for hour in gallery.statistics() if hour.start is None)
    kept = Kept(before=before, deleted=deleted, left=left, without_time=timeless, marks=marks)
    if due or left or marks or not _told_today(state):
        details = {"before": before, "left": left, "without_time": timeless, "marks": marks}
        state.note(who, "retention", details=details, answers=deleted)
    return kept


def duration(text: str) -> float:
    """Seconds of a text such as `30d`, `12h` or `45m`.

    Raises:
        ValueError: if it is none, or 0, or more than a hundred years.
    """
    found = re.fullmatch(r"([0-9]{1,9})([dhm])", text)
    seconds = int(found[1]) * SECONDS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"The retention is {text[:40]!r}; give a number and d, h or m, such as 30d, 12h or 45m.")
    return float(seconds)


def _told_today(state: State) -> bool:
    with state.database.connection() as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM passerby_state.audit"
            " WHERE what = 'retention' AND time > clock_timestamp() - interval '1 day')"
        ).fetchone()
    return bool(row and row[0])
