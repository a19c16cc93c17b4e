"""In what pieces queries and crops are compared, so that they fit into memory."""

import math
from typing import NamedTuple

MEMORY = 512 * 2**20
"""Bytes that may be held beside the vectors by default."""
MOST = (2048, 8192)
"""The most queries and crops of a tile; with more crops, a sorted key would have fewer steps."""
CELLS = 2**22
"""The most cells of one. Its crops are rearranged for each product with its queries, so that it is rather high than
wide."""
LEAST = (16, 1024)
"""The fewest, of many."""
PAIRS = (2**16, 2**20)
"""The fewest and the most pairs that are looked at in float64 at once, where there are so many."""
CELL, PAIR, CROP = 12, 160, 96
"""Bytes for each cell of a tile, each such pair, and each query or crop."""


class Pieces(NamedTuple):
    """Sizes that fit into a budget.

    Args:
        queries: of a tile.
        crops: of a tile.
        digits: how many digits of each number fit beside it, 0 .. 2.
        pairs: that are looked at in float64 at once.
        memory: bytes that all this takes at most.
    """

    queries: int
    crops: int
    digits: int
    pairs: int
    memory: int


def pieces(queries: int, crops: int, dim: int, *, memory: int | None = None) -> Pieces:
    """Cut a comparison to a budget.

    Args:
        queries: Q, 1 or more.
        crops: N, 1 or more.
        dim: D.
        memory: bytes that may be held beside the vectors; MEMORY by default.

    Raises:
        ValueError: if the budget is too small, with what is needed.
    """
    budget, fixed = MEMORY if memory is None else memory, CROP * (queries + crops)
    if budget < needed(queries, crops, dim):
        raise ValueError(
            f"memory is {budget:,} bytes; ranking {crops:,} crops of {dim:,} dimensions for {queries:,} queries needs "
            f"{needed(queries, crops, dim):,} beside the vectors: give that much or more."
        )
    height, width = _least(queries, crops)
    left = budget - fixed
    pairs = min(max(PAIRS[0], min(PAIRS[1], left // 4 // PAIR)), queries * crops)
    most = min(max(_tile(height, width, dim), left // 3), left - pairs * PAIR)
    widest = max(width, min(MOST[1], crops, CELLS // min(MOST[0], queries)))
    while _tile(height, 2 * width, dim) <= most and width < widest:
        width = min(2 * width, widest)
    height = max(height, min(MOST[0], queries, (most - 4 * width * dim) // (CELL * width + 4 * dim)))
    height = math.ceil(queries / math.ceil(queries / height))
    taken = fixed + pairs * PAIR + _tile(height, width, dim)
    digits = min(2, max(0, budget - taken) // ((queries + crops) * dim))
    return Pieces(height, width, digits, pairs, taken + digits * (queries + crops) * dim)


def needed(queries: int, crops: int, dim: int) -> int:
    """Bytes that the smallest pieces take; arguments as those of `pieces`."""
    return CROP * (queries + crops) + _tile(*_least(queries, crops), dim) + min(PAIRS[0], queries * crops) * PAIR


def _least(queries: int, crops: int) -> tuple[int, int]:
    return min(LEAST[0], queries), min(LEAST[1], crops)


def _tile(height: int, width: int, dim: int) -> int:
    # What does not stand together is copied.
    return height * width * CELL + 4 * (height + width) * dim
