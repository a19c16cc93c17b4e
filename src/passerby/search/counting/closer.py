"""How many crops are closer to a query than given ones: counted as exact arithmetic on the vectors would."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from passerby.search.counting.between import Between, between
from passerby.search.counting.choose import PAIR, TIES, Level, levels, ties
from passerby.search.counting.classes import closer_by_classes
from passerby.search.counting.pieces import pieces
from passerby.search.counting.sides import Ints, Sides, doubt, keys
from passerby.search.counting.targets import Targets
from passerby.search.counting.undecided import orders

LeftOut = Callable[[Ints, slice], tuple[Ints, Ints]]
"""For some rows of the queries, ascending, and a slice of the crops: places in both of what is not counted."""


def closer(
    given: Targets,
    crops: Sides,
    *,
    rows: Ints,
    left_out: LeftOut,
    memory: int | None = None,
    device: torch.device | str = "cpu",
) -> Ints:
    """How many crops are closer than each target, or equally close and before it.

    Approximate keys say of most crops on which side of a target they are; those within the bound of the error are
    looked at in float64, and those that even this leaves open in exact arithmetic. So the counts are those of exact
    arithmetic, whatever computes the approximate keys and in whatever pieces.

    Args:
        given: the crops whose rank is asked for; they are not counted themselves.
        crops: the same queries and the crops that are counted; where they are not those of the targets, they stand
            after them.
        rows: (N,) which of the crops, ascending.
        left_out: which of these are not counted for which query, the targets among them.
        memory: bytes that may be held beside the vectors, see `pieces.MEMORY`.
        device: where approximate keys are computed.

    Returns:
        (M,) counts.
    """
    counts = np.zeros(len(given.rows), dtype=np.int64)
    if not len(rows) or not len(given.rows):
        return counts
    cut = pieces(len(crops.queries), len(rows), crops.crops.shape[1], memory=memory)
    kinds = () if ties(given, crops, rows) > TIES else levels(given, crops, rows, cut, device=device)
    if not kinds:
        return closer_by_classes(
            given, crops, rows, lambda query: left_out(np.array([query]), slice(0, len(rows)))[1], memory=cut.memory
        )
    for start in range(0, len(crops.queries), cut.queries):
        mine = slice(*np.searchsorted(given.queries, (start, start + cut.queries)).tolist())
        if mine.start == mine.stop:
            continue
        for left in range(0, len(rows), cut.crops):
            tile = slice(left, min(left + cut.crops, len(rows)))
            counts[mine] += _in_tile(given, crops, rows, tile, kinds, mine, left_out, cut.pairs)
    return counts


def _in_tile(
    given: Targets,
    crops: Sides,
    rows: Ints,
    tile: slice,
    kinds: tuple[Level, ...],
    mine: slice,
    left_out: LeftOut,
    pairs: int,
) -> Ints:
    """How many crops of a tile are closer than each of some targets.

    Args:
        given: the targets.
        crops: queries and crops.
        rows: (N,) the crops that are counted.
        tile: which of them.
        kinds: of approximate keys; a query for which one leaves too much open goes on to the next.
        mine: the targets of the queries of the tile.
        left_out: what is not counted.
        pairs: how many are looked at at once.
    """
    counts = np.zeros(mine.stop - mine.start, dtype=np.int64)
    which = np.arange(mine.start, mine.stop)
    for level, after in zip(kinds, (*kinds[1:], None), strict=True):
        some, block = np.unique(given.queries[which], return_inverse=True)
        most = None if after is None else int(after.cost * (tile.stop - tile.start) / PAIR)
        sought = block, given.keys[which], given.doubts[which]
        found = between(level.approximate(some, tile), left_out(some, tile), *sought, most=most)
        enough = np.ones(len(which), dtype=np.bool_)
        if after is not None:
            open_ones = np.bincount(block, found.high - found.low, minlength=len(some))
            enough = (PAIR * open_ones <= after.cost * (tile.stop - tile.start))[block]
        done = which[enough]
        counts[done - mine.start] = found.low[enough] + _decided(
            given, crops, rows[tile], found, np.flatnonzero(enough), done, pairs
        )
        which = which[~enough]
        if not len(which):
            break
    return counts


def _decided(
    given: Targets,
    crops: Sides,
    rows: Ints,
    found: Between,
    places: Ints,
    which: Ints,
    most: int,
) -> Ints:
    """How many of the crops that approximate keys leave open are closer than each of some targets.

    Args:
        given: the targets.
        crops: queries and crops.
        rows: (T,) the crops of a tile.
        found: what approximate keys say of them.
        places: (M,) the places in `found` ...
        which: (M,) ... of these targets.
        most: pairs that are looked at at once.
    """
    lengths = (found.high - found.low)[places]
    ends = np.cumsum(lengths)
    counts = np.zeros(len(which), dtype=np.int64)
    first = 0
    while first < len(which):
        done = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + most, side="right")))
        part = slice(first, last)
        pairs = np.repeat(np.arange(first, last), lengths[part])
        looked = rows[found.places(places[part])]
        counts += np.bincount(pairs[_are_closer(given, which[pairs], crops, looked)], minlength=len(which))
        first = last
    return counts


def _are_closer(given: Targets, which: Ints, crops: Sides, rows: Ints) -> npt.NDArray[np.bool_]:
    """(P,) bool: whether some crops are closer than some targets, or equally close and before them.

    Args:
        given: the targets.
        which: (P,) targets.
        crops: queries and crops.
        rows: (P,) crops that each is held against.
    """
    queries = given.queries[which]
    # Crop by crop: there are more of them than a cache holds.
    pairs, inverse = np.unique(rows * len(crops.queries) + queries, return_inverse=True)
    looked, asked = np.divmod(pairs, len(crops.queries))
    found, doubts = keys(crops, asked, looked)[inverse], doubt(crops, asked, looked)[inverse]
    ahead = found - given.keys[which]
    most = doubts + given.doubts[which]
    same = crops is given.sides
    done = ahead < -most
    open_ones = np.flatnonzero(np.abs(ahead) <= most)
    if len(open_ones):
        found_order = (
            orders(queries[open_ones], crops, rows[open_ones], given.sides, given.rows[which[open_ones]])
            if most[open_ones].any()
            else np.sign(ahead[open_ones])
        )
        done[open_ones] = (found_order < 0) | (
            (found_order == 0) & same & (rows[open_ones] < given.rows[which[open_ones]])
        )
    return done
