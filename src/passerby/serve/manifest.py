"""Marked records as a labelled manifest, to train on or to judge by."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from passerby.gallery.contract import Gallery
from passerby.gallery.record import Record
from passerby.serve.ledger import Marked

COLUMNS = ("path", "pid", "camid", "time")
AT_ONCE = 500
"""Records that are looked up at once."""
FORMULA = ("=", "+", "-", "@")
"""What a cell must not begin with, since spreadsheets run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A labelled manifest.

    Args:
        text: CSV as `datasets.manifest` reads it.
        rows: pictures in it.
        people: people in it.
        left_out: records marked right that are not in it: deleted, without a path, or a box within a picture.
    """

    text: str
    rows: int
    people: int
    left_out: int


def manifest(gallery: Gallery, marked: Sequence[Marked]) -> Manifest:
    """What was marked right, as a CSV file with the columns path, pid, camid and time.

    A case is one person, and so are two cases that share a picture; people are numbered 1, 2, ... in the order of their
    cases. What was marked wrong is in no row, since nobody said who it is. Paths are as the gallery has them: relative
    ones hold where the file lies as it did when they were added. A path that a spreadsheet would run as a formula gets
    `./` before it, which is the same file.

    Args:
        gallery: that has the records.
        marked: marks of one case or of several.
    """
    right = [one for one in marked if one.right]
    cases = sorted({one.case for one in right})
    of: dict[str, str] = {}  # the case that a path was met in first
    person = {case: case for case in cases}  # towards the first of the cases that are one person
    shown: dict[str, Record] = {}
    left_out = 0
    for one, record in _records(gallery, right):
        if record is None or not record.path or record.box is not None or record.path != record.path.strip():
            left_out += 1
            continue
        path = str(PurePath(record.path))
        shown.setdefault(path, record)
        one_case, other = (_root(person, case) for case in (one.case, of.setdefault(path, one.case)))
        person[max(one_case, other)] = min(one_case, other)
    first = sorted({_root(person, of[path]) for path in shown})
    pids = {case: number for number, case in enumerate(first, start=1)}
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    rows = sorted((pids[_root(person, of[path])], path, record) for path, record in shown.items())
    for pid, path, record in rows:
        safe = f"./{path}" if path.startswith(FORMULA) else path
        time = "" if record.time is None else repr(float(record.time))
        lines.writerow((safe, pid, "" if record.camid is None else record.camid, time))
    return Manifest(text=text.getvalue(), rows=len(rows), people=len(first), left_out=left_out)


def _records(gallery: Gallery, right: Sequence[Marked]) -> Iterator[tuple[Marked, Record | None]]:
    for start in range(0, len(right), AT_ONCE):
        part = right[start : start + AT_ONCE]
        there = {record.id: record for record in gallery.get(sorted({one.record for one in part}))}
        for one in part:
            yield one, there.get(one.record)


def _root(person: dict[str, str], case: str) -> str:
    while person[case] != case:
        case = person[case]
    return case
