"""A row of the table `records` as a Record."""

from typing import Any
from uuid import UUID

import numpy as np

from passerby.gallery.record import Record, Vector

COLUMNS = "id, camid, time, trackid, pid, labels, path, box, vector_send(vec)"
"""What `record_of` takes, in this order, as psycopg gives it."""


def record_of(row: tuple[Any, ...], thumbnail: bytes | None = None) -> Record:
    """The record of a row.

    Args:
        row: values of COLUMNS.
        thumbnail: of the record.

    Returns:
        The record, as it was added.
    """
    id, camid, time, trackid, pid, labels, path, box, vec = row[:9]
    assert isinstance(id, UUID)
    return Record(
        embedding=vector_of(vec),
        camid=camid,
        time=time,
        trackid=trackid,
        pid=pid,
        labels=labels,
        path=path,
        box=None if box is None else (box[0], box[1], box[2], box[3]),
        thumbnail=thumbnail,
        id=id.hex,
    )


def vector_of(sent: bytes) -> Vector:
    """A vector as `vector_send` writes it: two 16-bit numbers, then float32, the largest byte first."""
    return np.frombuffer(sent, ">f4", offset=4).astype(np.float32)
