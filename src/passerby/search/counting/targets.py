"""The crops whose rank is asked for."""

from functools import cmp_to_key
from typing import NamedTuple

import numpy as np

from passerby.search.counting.finer import of_pairs, parts
from passerby.search.counting.sides import Floats, Ints, Sides, doubt, keys
from passerby.search.counting.undecided import NUMBERS, orders


class Targets(NamedTuple):
    """The crops of each query whose rank is asked for, closest first; equally close ones in the gallery's order.

    Args:
        sides: queries and the gallery.
        queries: (M,) rows of the queries, ascending.
        rows: (M,) rows of the gallery.
        keys: (M,) float64 keys.
        doubts: (M,) how far these can be from exact arithmetic.
    """

    sides: Sides
    queries: Ints
    rows: Ints
    keys: Floats
    doubts: Floats


def targets(sides: Sides, queries: Ints, rows: Ints) -> Targets:
    """Put the crops whose rank is asked for in the order of exact arithmetic.

    Args:
        sides: queries and the gallery.
        queries: (M,) rows of the queries, ascending.
        rows: (M,) rows of the gallery.
    """
    found, doubts = keys(sides, queries, rows), doubt(sides, queries, rows)
    order = np.lexsort((rows, found, queries))
    rows, found, doubts = rows[order], found[order], doubts[order]
    most = doubts[1:] + doubts[:-1]
    near = (np.diff(queries) == 0) & (np.diff(found) <= most) & (most > 0)
    if near.any():
        open_ones = np.flatnonzero(np.isin(queries, queries[:-1][near]))
        places = open_ones[_finely(sides, queries[open_ones], rows[open_ones])]
        rows[open_ones], found[open_ones], doubts[open_ones] = rows[places], found[places], doubts[places]
        pairs = np.flatnonzero(np.isin(queries[:-1], queries[open_ones]) & (np.diff(queries) == 0))
        signs = orders(queries[pairs], sides, rows[pairs], sides, rows[pairs + 1])
        wrong = (signs > 0) | ((signs == 0) & (rows[pairs] > rows[pairs + 1]))
        for query in np.unique(queries[pairs[wrong]]).tolist():
            mine = slice(*np.searchsorted(queries, (query, query + 1)).tolist())
            places = mine.start + np.array(_sorted(sides, query, rows[mine]))
            rows[mine], found[mine], doubts[mine] = rows[places], found[places], doubts[places]
    return Targets(sides, queries, rows, found, doubts)


def _finely(sides: Sides, queries: Ints, rows: Ints) -> Ints:
    """The order of queries' crops by finer keys; it can be wrong for the nearest only."""
    high, low = np.empty(len(rows)), np.empty(len(rows))
    chunk = max(1, NUMBERS // sides.crops.shape[1])
    for start in range(0, len(rows), chunk):
        part = slice(start, start + chunk)
        crops = parts(sides.crops.numpy()[rows[part]], unit=sides.metric == "cosine")
        found = of_pairs(parts(sides.queries.numpy()[queries[part]]), crops, sides.metric)
        high[part] = found.high + found.low
        low[part] = found.low - (high[part] - found.high)
    return np.lexsort((rows, low, high, queries))


def _sorted(sides: Sides, query: int, rows: Ints) -> list[int]:
    """Places of some rows in the order of exact arithmetic."""

    def compare(one: int, other: int) -> int:
        pair = rows[[one]], rows[[other]]
        return int(orders(np.array([query]), sides, pair[0], sides, pair[1])[0]) or int(rows[one] - rows[other])

    return sorted(range(len(rows)), key=cmp_to_key(compare))
