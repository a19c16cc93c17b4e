"""Which of two crops is closer, where float64 leaves it open: in exact arithmetic."""

import numpy as np
import numpy.typing as npt

from passerby.search.counting.order import order
from passerby.search.counting.sides import CHUNK, Ints, Sides, products, squares


def orders(queries: Ints, ours: Sides, crops: Ints, theirs: Sides, others: Ints) -> npt.NDArray[np.int8]:
    """-1 where the crop is closer to the query than the other, 0 where both are equally close, 1 where it is farther.

    Args:
        queries: (P,) rows of the queries, ascending.
        ours: queries and crops.
        crops: (P,) rows of the crops.
        theirs: the same queries and the other crops.
        others: (P,) rows of these.
    """
    found = np.zeros(len(queries), dtype=np.int8)
    one, other, asked = ours.crops.numpy(), theirs.crops.numpy(), ours.queries.numpy()
    left = np.concatenate(
        [
            start
            + np.flatnonzero((one[crops[start : start + CHUNK]] != other[others[start : start + CHUNK]]).any(axis=1))
            for start in range(0, len(queries), CHUNK)
        ]
        or [np.empty(0, dtype=np.int64)]
    )
    if ours.whole and theirs.whole and ours.metric == "cosine" and len(left):
        some, rest = _of_whole_numbers(queries[left], ours, crops[left], theirs, others[left])
        found[left] = some
        left = left[rest]
    for pair in left.tolist():
        found[pair] = order(asked[queries[pair]], one[crops[pair]], other[others[pair]], ours.metric)
    return found


def _of_whole_numbers(
    queries: Ints, ours: Sides, crops: Ints, theirs: Sides, others: Ints
) -> tuple[npt.NDArray[np.int8], Ints]:
    """Cosines compared by exact products, where the vectors are equally long; and which pairs are left."""
    near, far = products(ours, queries, crops), products(theirs, queries, others)
    same = squares(ours.crops, crops) == squares(theirs.crops, others)
    found = np.where(same, np.sign(far - near), 0).astype(np.int8)
    return found, np.flatnonzero(~same)
