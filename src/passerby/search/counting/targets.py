"""The crops whose rank is asked for."""

from functools import cmp_to_key
from typing import NamedTuple

import numpy as np

from passerby.search.counting.sides import Floats, Ints, Sides, doubt, keys
from passerby.search.counting.undecided import orders


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
    near = np.flatnonzero((np.diff(queries) == 0) & (np.diff(found) <= doubts[1:] + doubts[:-1]) & (doubts[1:] > 0))
    signs = orders(queries[near], sides, rows[near], sides, rows[near + 1])
    wrong = (signs > 0) | ((signs == 0) & (rows[near] > rows[near + 1]))
    for query in np.unique(queries[near[wrong]]).tolist():
        mine = slice(*np.searchsorted(queries, (query, query + 1)).tolist())
        places = mine.start + np.array(_sorted(sides, query, rows[mine]))
        rows[mine], found[mine], doubts[mine] = rows[places], found[places], doubts[places]
    return Targets(sides, queries, rows, found, doubts)


def _sorted(sides: Sides, query: int, rows: Ints) -> list[int]:
    """Places of some rows in the order of exact arithmetic."""

    def compare(one: int, other: int) -> int:
        pair = rows[[one]], rows[[other]]
        return int(orders(np.array([query]), sides, pair[0], sides, pair[1])[0]) or int(rows[one] - rows[other])

    return sorted(range(len(rows)), key=cmp_to_key(compare))
