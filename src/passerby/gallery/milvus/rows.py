"""A record as a row of Milvus, and back."""

import base64
import binascii
import json
from typing import Any

import numpy as np

from passerby.gallery.milvus.collection import Row
from passerby.gallery.milvus.passing import tag
from passerby.gallery.record import Record

FIELDS = ("id", "embedding", "camid", "time", "timed", "trackid", "pid", "rest")
"""What a record without its thumbnail is made of."""
TEXT = 65_535
"""Bytes of the longest text that Milvus keeps."""
LABELS = 1_000
"""Labels that a record may have."""


def to_row(record: Record, *, lite: bool) -> Row:
    """A record as Milvus keeps it: what is not known is -1, since older servers have no empty values.

    Args:
        record: the record.
        lite: for Milvus Lite.

    Returns:
        The row.

    Raises:
        ValueError: if path and labels are longer than Milvus keeps.
    """
    rest = json.dumps({"path": record.path, "box": _plain(record.box), "labels": dict(record.labels)})
    if len(rest) > TEXT or len(record.labels) > LABELS:
        raise ValueError(
            f"Record {record.id} has path and labels of {len(rest):,} bytes, {len(record.labels):,} labels; "
            f"a gallery in Milvus takes {TEXT:,} and {LABELS:,}."
        )
    tags = [tag(name, value) for name, value in sorted(record.labels.items())]
    return {
        "id": record.id,
        "embedding": record.embedding,
        "camid": _number(record.camid),
        "time": 0.0 if record.time is None else float(record.time),
        "timed": record.time is not None,
        "trackid": _number(record.trackid),
        "pid": _number(record.pid),
        "tags": f"|{'|'.join(tags)}|" if lite else tags,
        "rest": rest,
        "thumbnail": base64.b64encode(record.thumbnail or b"").decode(),
    }


def to_record(row: Row) -> Record:
    """The record of a row.

    Args:
        row: with FIELDS; with `thumbnail` too where it is wanted.

    Returns:
        The record.

    Raises:
        ValueError: if it is none of ours.
    """
    try:
        rest: dict[str, Any] = json.loads(row["rest"])
        box = rest["box"]
        return Record(
            id=str(row["id"]),
            embedding=np.asarray(row["embedding"], np.float32),
            camid=_known(row["camid"]),
            time=float(row["time"]) if row["timed"] else None,
            trackid=_known(row["trackid"]),
            pid=_known(row["pid"]),
            labels={str(name): str(value) for name, value in rest["labels"].items()},
            path=None if rest["path"] is None else str(rest["path"]),
            box=None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            thumbnail=to_thumbnail(row["thumbnail"]) if "thumbnail" in row else None,
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"Row {str(row.get('id'))[:40]!r} of the collection is no record of passerby: {error}"
        ) from None


def to_thumbnail(text: str) -> bytes | None:
    """The JPEG that a row holds.

    Args:
        text: base64; "" for none.

    Returns:
        Its bytes.

    Raises:
        ValueError: if it is no base64.
    """
    try:
        return base64.b64decode(text, validate=True) or None
    except binascii.Error as error:
        raise ValueError(f"A thumbnail of the collection is no base64: {error}") from None


def _plain(box: tuple[float, float, float, float] | None) -> list[float] | None:
    return None if box is None else [float(side) for side in box]


def _number(value: int | None) -> int:
    return -1 if value is None else int(value)


def _known(value: int) -> int | None:
    return None if value == -1 else int(value)
