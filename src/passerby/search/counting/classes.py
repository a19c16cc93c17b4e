"""Crops counted where many are nearly as close as a target: all are put in order for each query."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from passerby.search.counting.finer import Keys, apart, compared, of_all, parts
from passerby.search.counting.sides import ROUNDING, Ints, Sides
from passerby.search.counting.targets import Targets
from passerby.search.counting.undecided import orders

CHUNK = 128
"""Crops whose keys are worked out at a time."""
PAIRS = 2**16
"""Pairs of a target and a class that are looked at at a time."""
CELL, NUMBER = 64, 64
"""Bytes for each pair of a query and a crop, and each number of a query."""


class _Class(NamedTuple):
    """Crops with the same vector, as one.

    Args:
        first: (U,) places of the first crop of each class.
        of: (N,) the class of each crop.
        sizes: (U,) crops of each class.
        members: (N,) ascending: N times the class, plus the place.
    """

    first: Ints
    of: Ints
    sizes: Ints
    members: Ints


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
    first, of = _classes(crops, rows)
    classes = _Class(first, of, np.bincount(of, minlength=len(first)), np.sort(of * len(rows) + np.arange(len(rows))))
    counts = np.zeros(len(given.rows), dtype=np.int64)
    asked = np.unique(given.queries)
    least = apart(crops, given.sides)
    size = max(1, memory // (CELL * len(first) + NUMBER * crops.crops.shape[1]))
    for start in range(0, len(asked), size):
        some = asked[start : start + size]
        keys = _keys(crops, some, rows[first])
        for place, query in enumerate(some.tolist()):
            mine = slice(*np.searchsorted(given.queries, (query, query + 1)).tolist())
            own = Keys(*(side[place] for side in keys))
            counts[mine] = _of_query(given, mine, crops, rows, classes, own, left_out(query), float(least[query]))
    return counts


def _classes(crops: Sides, rows: Ints) -> tuple[Ints, Ints]:
    """(U,) places in `rows` of the first of each kind of vector, and (N,) the kind of each."""
    matrix = crops.crops.numpy()
    factors = np.random.default_rng(0).integers(2**63, size=matrix.shape[1], dtype=np.uint64) * 2 + 1
    sums = np.empty(len(rows), dtype=np.uint64)
    chunks = [slice(start, start + CHUNK) for start in range(0, len(rows), CHUNK)]
    for chunk in chunks:
        sums[chunk] = (matrix[rows[chunk]].view(np.uint32) * factors).sum(axis=1)
    _, first, of = np.unique(sums, return_index=True, return_inverse=True)
    same = [(matrix[rows[chunk]] == matrix[rows[first[of[chunk]]]]).all(axis=1) for chunk in chunks]
    alone = np.flatnonzero(~np.concatenate(same))  # unlike vectors of one sum
    of[alone] = len(first) + np.arange(len(alone))
    return np.concatenate((first, alone)), of


def _keys(crops: Sides, some: Ints, rows: Ints) -> Keys:
    """(B, U)."""
    matrix = crops.crops.numpy()
    asked = parts(crops.queries.numpy()[some])
    found = Keys(*(np.empty((len(some), len(rows))) for _ in range(3)))
    for start in range(0, len(rows), CHUNK):
        chunk = slice(start, start + CHUNK)
        piece = of_all(asked, parts(matrix[rows[chunk]], unit=crops.metric == "cosine"), crops.metric)
        for whole, part in zip(found, piece, strict=True):
            whole[:, chunk] = part
    return found


def _of_query(
    given: Targets, mine: slice, crops: Sides, rows: Ints, classes: _Class, keys: Keys, gone: Ints, least: float
) -> Ints:
    """(M,) how many crops are closer than each target of a query, or equally close and before it.

    Args:
        given: the targets.
        mine: those of the query.
        crops: queries and crops.
        rows: (N,) the crops that are counted.
        classes: of these.
        keys: (U,) of the classes.
        gone: places in `rows` of what is not counted.
        least: by how much keys differ at least where they are not equal.
    """
    query = int(given.queries[mine.start])
    wanted = Keys(*(side[0] for side in _keys(given.sides, given.queries[[mine.start]], given.rows[mine])))
    kept = classes.sizes - np.bincount(classes.of[gone], minlength=len(classes.first))
    order, low, high = _near(keys, wanted)
    counts = np.concatenate(([0], np.cumsum(kept[order])))[low]
    absent = np.sort(classes.of[gone] * len(rows) + gone)
    ends = np.cumsum(high - low)
    for start in range(0, int(ends[-1]), PAIRS):
        pairs = np.arange(start, min(start + PAIRS, ends[-1]))
        which = np.searchsorted(ends, pairs, side="right")
        found = order[pairs - ends[which] + high[which]]
        signs, sure = compared(Keys(*(side[found] for side in keys)), Keys(*(side[which] for side in wanted)), least)
        left = np.flatnonzero(~sure)
        signs[left] = orders(
            np.full(len(left), query),
            crops,
            rows[classes.first[found[left]]],
            given.sides,
            given.rows[mine][which[left]],
        )
        np.add.at(counts, which[signs < 0], kept[found[signs < 0]])
        if crops is given.sides:
            which, found = which[signs == 0], found[signs == 0]
            bounds = found * len(rows) + np.searchsorted(rows, given.rows[mine][which])
            for side, change in ((classes.members, 1), (absent, -1)):
                before = np.searchsorted(side, bounds) - np.searchsorted(side, found * len(rows))
                np.add.at(counts, which, change * before)
    return counts


def _near(keys: Keys, wanted: Keys) -> tuple[Ints, Ints, Ints]:
    """The order of the keys, and from where to where in it keys are that may be on either side of each wanted one."""
    middle = len(wanted.high) // 2
    about, wanted_about = (
        (side.high - wanted.high[middle]) + (side.low - wanted.low[middle]) for side in (keys, wanted)
    )
    lows = max(float(np.abs(side.low).max()) for side in (keys, wanted))
    rounding = 16 * ROUNDING * (np.abs(wanted_about) + lows)
    reach = 1.01 * (float(keys.errors.max()) + wanted.errors + rounding)
    order = np.argsort(about)
    low = np.searchsorted(about[order], wanted_about - reach)
    high = np.searchsorted(about[order], wanted_about + reach, side="right")
    return order, low, high
