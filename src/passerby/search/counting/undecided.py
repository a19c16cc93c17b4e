"""Which of two crops is closer, where float64 leaves it open: in exact arithmetic."""

import numpy as np
import numpy.typing as npt

from passerby.search.counting.finer import apart, compared, of_pairs, parts
from passerby.search.counting.order import order
from passerby.search.counting.sides import Ints, Sides

NUMBERS = 2**16
"""Numbers of either side that are looked at at a time; they stay in the cache."""
_Vectors = npt.NDArray[np.float32]


def orders(queries: Ints, ours: Sides, crops: Ints, theirs: Sides, others: Ints) -> npt.NDArray[np.int8]:
    """-1 where the crop is closer to the query than the other, 0 where both are equally close, 1 where it is farther.

    Args:
        queries: (P,) rows of the queries.
        ours: queries and crops.
        crops: (P,) rows of the crops.
        theirs: the same queries and the other crops.
        others: (P,) rows of these.
    """
    found = np.zeros(len(queries), dtype=np.int8)
    one, other, asked = ours.crops.numpy(), theirs.crops.numpy(), ours.queries.numpy()
    least = apart(ours, theirs)
    chunk = max(1, NUMBERS // one.shape[1])
    for start in range(0, len(queries), chunk):
        near, far = one[crops[start : start + chunk]], other[others[start : start + chunk]]
        unlike = np.flatnonzero(~_are_alike(near, far, ours.metric))
        if not len(unlike):
            continue
        query, near, far = asked[queries[start + unlike]], near[unlike], far[unlike]
        sought, unit = parts(query), ours.metric == "cosine"
        keys = [of_pairs(sought, parts(side, unit=unit), ours.metric) for side in (near, far)]
        signs, sure = compared(keys[0], keys[1], least[queries[start + unlike]])
        for pair in np.flatnonzero(~sure).tolist():
            signs[pair] = order(query[pair], near[pair], far[pair], ours.metric)
        found[start + unlike] = signs
    return found


def _are_alike(one: _Vectors, other: _Vectors, metric: str) -> npt.NDArray[np.bool_]:
    """Where vectors are the same or, under cosine, of one direction."""
    if metric != "cosine":
        return np.asarray((one == other).all(axis=1))
    # Products of two float32 numbers are exact in float64.
    place = np.abs(one).argmax(axis=1)[:, None]
    by, to = (np.take_along_axis(side, place, axis=1).astype(np.float64) for side in (other, one))
    return np.asarray((one * by == other * to).all(axis=1) & (by * to > 0)[:, 0])
