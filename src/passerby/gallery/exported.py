"""A gallery's records in forms that other programs read."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from passerby.gallery.contract import Gallery
from passerby.gallery.record import Record
from passerby.gallery.where import EVERYTHING, Where
from passerby.types import UNKNOWN, Crop, Embeddings

MOST_BYTES = 64 * 2**30
"""Bytes that the vectors of one file may take."""


def lines(gallery: Gallery, where: Where = EVERYTHING, *, thumbnails: bool = False) -> Iterator[str]:
    """One line of JSON for each record, by id, in bounded memory.

    Each has `id, camid, time` (seconds since 1970-01-01 UTC)`, trackid, pid, labels, path, box, embedding` (a list of
    numbers) and `model`; with thumbnails also `thumbnail`, a JPEG in base64. What is not known is null.

    Args:
        gallery: whose records.
        where: which.
        thumbnails: True to write them too.
    """
    model = gallery.about.model
    made_by = {"name": model.name, "weights": model.weights, "preprocessing": model.preprocessing}
    for record in gallery.records(where, thumbnails=thumbnails):
        told = _facts(record) | {"model": made_by}
        if thumbnails:
            told["thumbnail"] = None if record.thumbnail is None else base64.b64encode(record.thumbnail).decode()
        yield json.dumps(told, allow_nan=False)


def embeddings(gallery: Gallery, where: Where = EVERYTHING) -> Embeddings:
    """Records as embeddings, by id; labels and thumbnails are not among them.

    A record without a path is called `record/ID`, and one whose person nobody has named gets UNKNOWN.

    Args:
        gallery: whose records.
        where: which.

    Raises:
        ValueError: if there are none, or their vectors take more than MOST_BYTES.
    """
    number, dim = gallery.count(where), gallery.about.dim
    if not number:
        raise ValueError("No record passes the filter; there is nothing to write.")
    if number * dim * 4 > MOST_BYTES:
        raise ValueError(
            f"{number:,} vectors of {dim:,} dimensions take more than {MOST_BYTES >> 30} GiB; "
            "filter them, or write JSON lines."
        )
    vectors = np.empty((number, dim), np.float32)
    crops: list[Crop] = []
    for record in gallery.records(where):
        if len(crops) == len(vectors):  # added since they were counted
            vectors = np.concatenate((vectors, np.empty((len(vectors) // 8 + 1, dim), np.float32)))
        vectors[len(crops)] = record.embedding
        crops.append(_crop(record))
    return Embeddings(torch.from_numpy(vectors[: len(crops)]), tuple(crops), gallery.about.model)


def _facts(record: Record) -> dict[str, object]:
    return {
        "id": record.id,
        "camid": record.camid,
        "time": record.time,
        "trackid": record.trackid,
        "pid": record.pid,
        "labels": dict(record.labels),
        "path": record.path,
        "box": record.box,
        "embedding": [float(value) for value in record.embedding],
    }


def _crop(record: Record) -> Crop:
    return Crop(
        Path(record.path or f"record/{record.id}"),
        UNKNOWN if record.pid is None else record.pid,
        record.camid,
        record.time,
        record.trackid,
        record.box,
    )
