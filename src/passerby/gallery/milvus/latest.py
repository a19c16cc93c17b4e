"""The ids of the records that pass, the latest first."""

import math
import struct
from collections.abc import Iterator

from passerby.gallery.milvus.collection import Collection, Row
from passerby.gallery.milvus.pages import pages
from passerby.gallery.milvus.passing import both

_ENOUGH = 4_096
"""Rows that are sorted here at a time."""


def latest(
    collection: Collection, expression: str, *, after: tuple[float | None, str] | None, number: int
) -> Iterator[str]:
    """Ids by time, the latest first, those without a time last; then by id.

    Milvus sorts by nothing but similarity. So the latest stretch of time that holds at least `number` records, and few
    enough to sort here, is looked for.

    Args:
        collection: of records.
        expression: which pass; "" for all.
        after: time and id of the record to go on after; None for the first.
        number: how many ids will be taken.

    Returns:
        The ids, found as they are taken.
    """
    before = math.inf
    last = ""
    if after is not None and after[0] is not None:
        before, last = after[0], after[1]
        yield from _by_id(collection, both(expression, f"timed == true and time == {before!r}"), last)
        last = ""
    elif after is not None:
        before, last = -math.inf, after[1]
    while before > -math.inf:
        since = _stretch(collection, expression, before, number)
        rows = _timed(collection, expression, since, before, number)
        if len(rows) > _limit(number):  # more at one time than can be sorted here
            yield from _by_id(collection, both(expression, f"timed == true and time == {since!r}"), "")
        else:
            yield from (str(row["id"]) for row in sorted(rows, key=lambda row: (-row["time"], str(row["id"]))))
        before = since
    yield from _by_id(collection, both(expression, "timed == false"), last)


def _stretch(collection: Collection, expression: str, before: float, number: int) -> float:
    """A time; the stretch from it to `before` can be sorted here, or all of its records have that time."""
    low, most = -math.inf, _limit(number)
    for _ in range(3):
        rows = _timed(collection, expression, low, before, number)
        if len(rows) <= most:
            return low
        # any so many of them show a time that is late enough, and still early enough for `number` records
        low = sorted((float(row["time"]) for row in rows), reverse=True)[number - 1]
    high = before
    while True:
        middle = _between(low, high)
        if middle in (low, high):
            break
        held = collection.count(both(expression, _range(middle, before)))
        if held > most:
            low = middle
        elif held < number:
            high = middle
        else:
            return middle
    return high if high < before and collection.count(both(expression, _range(high, before))) else low


def _timed(collection: Collection, expression: str, since: float, before: float, number: int) -> list[Row]:
    """Id and time of records in a stretch; one more than can be sorted where there are too many."""
    return collection.rows(both(expression, _range(since, before)), ["id", "time"], limit=_limit(number) + 1)


def _limit(number: int) -> int:
    return max(_ENOUGH, number)


def _range(since: float, before: float) -> str:
    """The expression of times in [since, before)."""
    parts = ["timed == true"]
    if since > -math.inf:
        parts.append(f"time >= {since!r}")
    if before < math.inf:
        parts.append(f"time < {before!r}")
    return " and ".join(parts)


def _by_id(collection: Collection, expression: str, after: str) -> Iterator[str]:
    for page in pages(collection, expression, [], size=_ENOUGH, after=after):
        yield from (str(row["id"]) for row in page)


def _between(low: float, high: float) -> float:
    """The number that has as many floats below it, down to `low`, as above it, up to `high`."""
    return _float((_order(low) + _order(high)) // 2)


def _order(number: float) -> int:
    """The place of a float among all floats."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return int(bits) if bits >= 0 else -(2**63) - int(bits)


def _float(place: int) -> float:
    """The float at a place."""
    bits = place if place >= 0 else -(2**63) - place
    (number,) = struct.unpack("<d", struct.pack("<q", bits))
    return float(number)
