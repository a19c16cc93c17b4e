"""What tells lists of crops apart: a digest that two results on the same crops share."""

import hashlib
from collections.abc import Sequence

import numpy as np

from passerby.evaluation.protocol import Galleries, inside
from passerby.types import Crop


def digest(crops: Sequence[Crop]) -> str:
    """SHA-256 over what each crop is, in order: file name, person, camera, tracklet, box.

    Folders do not count, so that two copies of a data set have one digest; nor does the name of a crop that has no file
    of its own, such as row 7 of a file of vectors (`vectors.npz[7]`).
    """
    told = hashlib.sha256()
    for crop in crops:
        name = "" if crop.path.name.endswith("]") else crop.path.name
        told.update(repr((name, crop.pid, crop.camid, crop.trackid, crop.box)).encode())
    return told.hexdigest()


def digest_of_galleries(galleries: Galleries, queries: int, size: int) -> str:
    """SHA-256 over the indices of each query's gallery, whatever their order in it.

    Args:
        galleries: the gallery of each query.
        queries: number of queries.
        size: crops in the whole gallery.

    Raises:
        ValueError: if a gallery is empty or points outside of the whole one.
    """
    told = hashlib.sha256()
    for query in range(queries):
        there = np.sort(inside(galleries, query, size))
        told.update(len(there).to_bytes(8, "little") + there.astype("<i8").tobytes())
    return told.hexdigest()
