"""What tells lists of crops apart: a digest that two results on the same crops share."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from passerby.evaluation.protocol import Galleries, inside
from passerby.types import Crop

_ROW = re.compile(r"\.npz\[\d+\]$")


def digest(crops: Sequence[Crop]) -> str:
    """SHA-256 over what each crop is, in order: name of file and folder, person, camera, tracklet, box.

    Of the folders only the last counts, so that two copies of a data set have one digest, and own pictures of other
    people another; nor does the name of a crop count that has no file of its own, such as row 7 of a file of vectors
    (`vectors.npz[7]`).
    """
    told = hashlib.sha256()
    for start in range(0, len(crops), 4096):
        told.update("".join(map(_told, crops[start : start + 4096])).encode())
    return told.hexdigest()


def _told(crop: Crop) -> str:
    name = crop.path.parts[-2:]
    if name and name[-1].endswith("]") and _ROW.search(name[-1]):
        name = ()
    numbers = [None if number is None else int(number) for number in (crop.pid, crop.camid, crop.trackid)]
    box = None if crop.box is None else [float(number) + 0.0 for number in crop.box]
    return repr((name, numbers, box))


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
        there = np.unique(inside(galleries, query, size))
        told.update(len(there).to_bytes(8, "little") + there.astype("<i8").tobytes())
    return told.hexdigest()
