"""Crops counted where many are equally close: copies of each other, or vectors of a few whole numbers."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from passerby.search.counting.sides import CHUNK, Floats, Ints, Sides, doubt
from passerby.search.counting.targets import Targets
from passerby.search.counting.undecided import orders


def closer_by_classes(
    given: Targets, crops: Sides, rows: Ints, left_out: Callable[[int], Ints], *, memory: int
) -> Ints:
    """What `closer.closer` counts, by putting all crops that differ in order for each query.

    Args:
        given: the targets.
        crops: queries and crops.
        rows: (N,) the crops that are counted, ascending.
        left_out: places in `rows` of those that are not counted for a query.
        memory: bytes that keys of some queries may take.
    """
    first, class_of = _classes(crops, rows)
    sizes = np.bincount(class_of, minlength=len(first))
    members = np.sort(class_of * len(rows) + np.arange(len(rows)))
    counts = np.zeros(len(given.rows), dtype=np.int64)
    asked = np.unique(given.queries)
    for some in np.array_split(asked, max(1, -(-8 * len(asked) * len(first) // memory))):
        for query, keys in zip(some.tolist(), _keys(crops, some, rows[first]), strict=True):
            mine = slice(*np.searchsorted(given.queries, (query, query + 1)).tolist())
            gone = left_out(query)
            kept = sizes - np.bincount(class_of[gone], minlength=len(first))
            order = np.argsort(keys)
            ahead = np.concatenate(([0], np.cumsum(kept[order])))
            which, classes, low, signs = _near(given, mine, crops, rows[first], query, keys, order)
            counts[mine] += ahead[low]
            np.add.at(counts, which[signs < 0], kept[classes[signs < 0]])
            if crops is given.sides:
                which, classes = which[signs == 0], classes[signs == 0]
                bounds = classes * len(rows) + np.searchsorted(rows, given.rows[which])
                absent = np.sort(class_of[gone] * len(rows) + gone)
                for side, change in ((members, 1), (absent, -1)):
                    before = np.searchsorted(side, bounds) - np.searchsorted(side, classes * len(rows))
                    np.add.at(counts, which, change * before)
    return counts


def _classes(crops: Sides, rows: Ints) -> tuple[Ints, Ints]:
    """(U,) places in `rows` of the first of each kind of vector, and (N,) the kind of each."""
    matrix = np.ascontiguousarray(crops.crops.numpy()[rows])
    _, first, class_of = np.unique(
        matrix.view(np.dtype((np.void, matrix.strides[0])))[:, 0], return_index=True, return_inverse=True
    )
    return first, class_of


def _keys(crops: Sides, some: Ints, rows: Ints) -> Floats:
    """(B, U) float64."""
    wide = crops.queries[torch.from_numpy(some)].double()
    found = torch.empty(len(some), len(rows), dtype=torch.float64)
    for start in range(0, len(rows), 8 * CHUNK):
        part = slice(start, start + 8 * CHUNK)
        found[:, part] = wide @ crops.crops[torch.from_numpy(rows[part])].double().T
    return found.numpy() * crops.scale[rows] + crops.offset[rows]


def _near(
    given: Targets, mine: slice, crops: Sides, rows: Ints, query: int, keys: Floats, order: Ints
) -> tuple[Ints, Ints, Ints, npt.NDArray[np.int8]]:
    """Targets and classes whose order float64 leaves open, their order, and how many classes are surely closer."""
    doubts = doubt(crops, np.full(len(rows), query), rows)[order]
    most = float(doubts.max()) + given.doubts[mine]
    low = np.searchsorted(keys[order], given.keys[mine] - most)
    high = np.searchsorted(keys[order], given.keys[mine] + most, side="right")
    lengths = high - low
    which = np.repeat(np.arange(mine.start, mine.stop), lengths)
    places = np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths - low, lengths)
    classes = order[places]
    if given.doubts[mine].any() or doubts.any():
        signs = orders(np.full(len(which), query), crops, rows[classes], given.sides, given.rows[which])
    else:
        signs = np.sign(keys[classes] - given.keys[which]).astype(np.int8)
    return which, classes, low, signs
