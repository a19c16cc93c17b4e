"""Queries and crops whose keys are asked for, and the keys of single pairs in float64."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby.search.distance import checked_lengths

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CHUNK = 32
"""Vectors that are widened to float64 at a time; they stay in the cache."""
PAIRS = 256
"""Pairs that are worth a thread."""
ROUNDING = 2.0**-53
"""Half a unit of float64."""
STEPS = 12
"""Bits that numbers may have for their products to be summed up in float64 without any error."""
FINEST = 32
"""Bits from which on it says nothing that numbers are whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """A crop's key for a query is `scale` times their inner product, plus `offset`; smaller is closer.

    Args:
        metric: one of `distance.METRICS`.
        queries: (Q, D) float32 on the CPU.
        crops: (G, D) float32 on the CPU.
        query_lengths: (Q,) float64.
        lengths: (G,) float64.
        scale: (G,) float64.
        offset: (G,) float64.
        step: a power of two of which all numbers are multiples; 0 where it is too small to tell anything.
        whole: whether they are so small multiples that float64 sums up their products exactly.
    """

    metric: str
    queries: Tensor
    crops: Tensor
    query_lengths: Floats
    lengths: Floats
    scale: Floats
    offset: Floats
    step: float
    whole: bool


def sides(queries: Tensor, crops: Tensor, metric: str) -> Sides:
    """Check queries and crops and work out what the keys need.

    Raises:
        ValueError: see `distance.blocks`; also if vectors have no dimension.
    """
    if queries.shape[1:] == (0,):
        raise ValueError("queries have 0 dimensions; give vectors of 1 or more.")
    queries, crops = queries.cpu(), crops.cpu()
    query_lengths, lengths = (side.numpy() for side in checked_lengths(queries, crops, metric, measured=_lengths))
    step, whole = _step((queries, crops))
    scale = -1 / lengths if metric == "cosine" else np.full_like(lengths, -1)
    offset = np.zeros_like(lengths)
    if metric == "euclidean":
        offset = (squares(crops, np.arange(len(crops))) if whole else np.square(lengths)) / 2
    return Sides(metric, queries, crops, query_lengths, lengths, scale, offset, step, whole)


def _lengths(vectors: Tensor) -> Tensor:
    """What `distance.lengths` gives, sooner."""
    # Numba takes a while to load.
    from passerby.search.counting.compiled import shared
    from passerby.search.counting.compiled_lengths import lengths

    found = np.empty(len(vectors))
    shared(lengths, len(vectors), vectors.numpy(), found, least=PAIRS)
    return torch.from_numpy(found)


def _step(both: Iterable[Tensor]) -> tuple[float, bool]:
    """The largest power of two of which all numbers are multiples, and whether it is so large that they are whole.

    The step is 0 where it is so small that it says nothing; a few vectors as they come tell that.
    """
    step, largest = math.inf, 0.0
    for part in (part for side in both for part in torch.split(side, CHUNK) if side.numel()):
        largest = max(largest, float(part.amax()), -float(part.amin()))
        if step < math.inf:
            numbers = part.double().mul_(1 / step)
            if bool((numbers == numbers.round()).all()):
                continue
        step = min(step, _lowest(part.numpy()))
        if step < largest * 2.0**-FINEST:
            return 0.0, False
    return (step, largest <= step * 2**STEPS) if step < math.inf else (0.0, True)


def _lowest(vectors: npt.NDArray[np.float32]) -> float:
    """The least power of two that is a bit of any number."""
    mantissas, exponents = np.frexp(vectors[vectors != 0])
    whole = (mantissas * np.float32(2**24)).astype(np.int32)
    return float(np.ldexp((whole & -whole).astype(np.float64), exponents - 24).min(initial=math.inf))


def squares(vectors: Tensor, rows: Ints) -> Floats:
    """(P,) squared lengths of some vectors (G, D)."""
    found = np.empty(len(rows))
    for start in range(0, len(rows), CHUNK):
        wide = vectors.numpy()[rows[start : start + CHUNK]].astype(np.float64)
        found[start : start + CHUNK] = np.einsum("ij,ij->i", wide, wide)
    return found


def products(given: Sides, queries: Ints, crops: Ints) -> Floats:
    """Inner products of pairs in float64.

    Args:
        given: queries and crops.
        queries: (P,) rows of the queries.
        crops: (P,) rows of the crops.

    Returns:
        (P,) inner products.
    """
    # Numba takes a while to load.
    from passerby.search.counting import compiled_products
    from passerby.search.counting.compiled import shared

    found = np.empty(len(queries))
    pairs = given.queries.numpy(), given.crops.numpy(), queries, crops
    shared(compiled_products.products, len(queries), *pairs, found, least=PAIRS)
    return found


def keys(given: Sides, queries: Ints, crops: Ints) -> Floats:
    """Keys of pairs, each within `doubt` of exact arithmetic; arguments as those of `products`."""
    return products(given, queries, crops) * given.scale[crops] + given.offset[crops]


def doubt(given: Sides, queries: Ints, crops: Ints) -> Floats:
    """How far a key of `keys` can be from exact arithmetic; arguments as those of `products`.

    Any order of summation of D products errs by at most D roundings of the product of the lengths, the squared lengths
    by as many of theirs, and a few roundings come on top.
    """
    if given.whole and given.metric != "cosine":
        return np.zeros(len(queries))
    size = given.query_lengths[queries] * given.lengths[crops] * np.abs(given.scale[crops]) + given.offset[crops]
    return (4 * given.crops.shape[1] + 32) * ROUNDING * size
