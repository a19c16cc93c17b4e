"""A filter in Milvus's words."""

import hashlib
import json
from collections.abc import Iterable

from passerby.gallery.is_id import is_id
from passerby.gallery.where import Where


def passing(where: Where, *, lite: bool) -> str | None:
    """The expression that is true of the records meant.

    Nothing that a person wrote stands in it: ids and labels are hexadecimal digits, the rest are numbers. (Templates
    would do as well, but servers before 2.5 do not know them.)

    Args:
        where: the filter.
        lite: for Milvus Lite, which reads lists row by row, and so has the labels as one text.

    Returns:
        The expression, "" for all records; None if no record can pass.
    """
    parts: list[str] = []
    for field, values in (("camid", where.cameras), ("pid", where.pids)):
        if values is not None:
            known = _numbers(values)
            if not known:
                return None
            parts.append(f"{field} in {known}")
    if where.ids is not None:
        ids = sorted({one for one in where.ids if is_id(one)})
        if not ids:
            return None
        parts.append(f"id in {json.dumps(ids)}")
    if _numbers(where.not_cameras):
        parts.append(f"camid not in {_numbers(where.not_cameras)}")
    if where.since is not None or where.until is not None:
        parts.append("timed == true")
    if where.since is not None:
        parts.append(f"time >= {float(where.since)!r}")
    if where.until is not None:
        parts.append(f"time < {float(where.until)!r}")
    for name, value in sorted(where.labels.items()):
        one = tag(name, value)
        parts.append(f'tags like "%|{one}|%"' if lite else f'array_contains(tags, "{one}")')
    for camid in _numbers(camid for camid, _ in where.not_tracks):
        tracks = _numbers(trackid for other, trackid in where.not_tracks if other == camid)
        if tracks:
            parts.append(f"not (camid == {camid} and trackid in {tracks})")
    return " and ".join(f"({part})" for part in parts)


def both(one: str, other: str) -> str:
    """The expression that is true where both are; "" is true of all."""
    return f"({one}) and ({other})" if one and other else one or other


def tag(name: str, value: str) -> str:
    """16 hexadecimal digits of a label."""
    return hashlib.sha256(json.dumps([name, value]).encode()).hexdigest()[:16]


def _numbers(values: Iterable[int]) -> list[int]:
    """Those that a record can have; -1 stands for what is not known, and must not be asked for."""
    return sorted({int(value) for value in values if 0 <= value < 2**31})
