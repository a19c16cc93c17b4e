"""k-reciprocal encoding: each vector as weights on the few that it and they hold for neighbours."""

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse

from passerby.search._points import Points, exact
from passerby.search.self_neighbours import SelfNeighbours

PAIRS = 2**19
"""Pairs of weights that are compared at a time."""
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def check_arguments(k1: int, k2: int, total: int) -> None:
    """Refuse neighbourhoods that are empty or larger than what there is."""
    for name, k, most in (("k1", k1, total - 1), ("k2", k2, total)):
        if not 1 <= k <= most:
            raise ValueError(f"{name} is {k}; there are {total} vectors (queries and gallery): give 1 .. {most}.")


def length(k1: int, k2: int) -> int:
    """How many neighbours the encoding looks at, the vector itself included."""
    return max(k1 + 1, k2)


def half(k1: int) -> int:
    """Half of k1, to the nearest whole number, and to the even one of two."""
    return round(k1 / 2)


def encode(given: Points, found: SelfNeighbours, k1: int) -> sparse.csr_array:
    """(N, N) float64: weights of each vector's expanded k-reciprocal neighbours, which sum to 1.

    A row is empty where a vector is not in its own list, which takes more than k1 others that equal it.
    """
    return _normalised(_weighed(given, found, expanded(found.indices.numpy(), k1)))


def expand_queries(codes: sparse.csr_array, lists: Rows, k2: int) -> sparse.csr_array:
    """(M, N) float32: the mean of the encodings (N, N) of the first k2 of each of M lists of neighbours."""
    if k2 > 1:
        codes = (_listed(lists, k2, np.float64, codes.shape[0]) @ codes) / k2
    codes = sparse.csr_array(codes.astype(np.float32))
    codes.sort_indices()
    return codes


def smaller_sums(codes: sparse.csr_array, inverted: sparse.csr_array) -> npt.NDArray[np.float32]:
    """(B, G): of each pair of encodings (B, N) and (G, N), the sum over the columns of the smaller of two values.

    `inverted` is the second side transposed, (N, G): who has weight on each vector.
    """
    found = np.empty((codes.shape[0], inverted.shape[1]), np.float32)
    sizes = np.diff(inverted.indptr).astype(np.int64)[codes.indices]
    ends = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))[codes.indptr]
    start = 0
    while start < len(found):
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + PAIRS, side="right")) - 1)
        part = slice(codes.indptr[start], codes.indptr[stop])
        found[start:stop] = _sums(codes[start:stop], sizes[part], inverted)
        start = stop
    return found


def _sums(codes: sparse.csr_array, sizes: Rows, inverted: sparse.csr_array) -> Floats:
    height, width = codes.shape[0], inverted.shape[1]
    shift = inverted.indptr[codes.indices] - (np.cumsum(sizes) - sizes)
    places = np.arange(sizes.sum()) + np.repeat(shift, sizes)
    least = np.minimum(inverted.data[places], np.repeat(codes.data, sizes))
    lines = np.repeat(np.arange(height) * width, np.diff(codes.indptr))
    cells = inverted.indices[places] + np.repeat(lines, sizes)
    sums = np.bincount(cells, weights=least, minlength=height * width)
    return sums.astype(np.float64, copy=False).reshape(height, width)


def expanded(lists: Rows, k1: int) -> sparse.csr_array:
    """(N, N) of ones: each row's k-reciprocal neighbours, and those of half the size that two thirds of them share."""
    near, nearer = (reciprocal(lists, k + 1) for k in (k1, half(k1)))
    # [i, j]: how many of the few around j are reciprocal neighbours of i, for j among these
    shared = sparse.csr_array(near.multiply(near @ nearer.T))
    sizes = np.diff(nearer.indptr)
    shared.data = (3 * shared.data > 2 * sizes[shared.indices]).astype(np.int32)
    shared.eliminate_zeros()
    every = sparse.csr_array(near + shared @ nearer)
    every.data[:] = 1
    every.sort_indices()
    return every


def reciprocal(lists: Rows, size: int) -> sparse.csr_array:
    """(N, N) of ones: those who are among the first `size` of each other's lists."""
    listed = _listed(lists, size, np.int32, len(lists))
    return sparse.csr_array(listed.multiply(listed.T))


def _listed(lists: Rows, size: int, dtype: type, width: int) -> sparse.csr_array:
    total = len(lists)
    starts = np.arange(0, size * total + 1, size)
    return sparse.csr_array((np.ones(size * total, dtype), lists[:, :size].ravel(), starts), shape=(total, width))


def _weighed(given: Points, found: SelfNeighbours, sets: sparse.csr_array) -> sparse.csr_array:
    lines = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    distances = _between(given, found, lines, sets.indices.astype(np.int64))
    farthest = squared(found.farthest, given.metric)
    return sparse.csr_array((np.exp(-distances / farthest[lines]), sets.indices, sets.indptr), shape=sets.shape)


def _between(given: Points, found: SelfNeighbours, lines: Rows, others: Rows) -> Floats:
    """Squared distances of pairs: from the lists of either side, or else computed."""
    total = len(found.indices)
    names = (found.indices.numpy() + np.arange(total)[:, None] * total).ravel()
    order = np.argsort(names)
    names, known = names[order], squared(found.distances, given.metric).ravel()[order]
    distances = np.full(len(lines), np.nan)
    for asked in (lines * total + others, others * total + lines):
        places = np.searchsorted(names, asked).clip(max=len(names) - 1)
        there = names[places] == asked
        distances[there] = known[places[there]]
    left = np.flatnonzero(np.isnan(distances))
    computed = exact(given, torch.from_numpy(lines[left]), torch.from_numpy(others[left])).numpy()
    distances[left] = computed * (2 if given.metric == "euclidean" else 1)
    return distances


def squared(distances: torch.Tensor, metric: str) -> Floats:
    """Squared Euclidean distances, or half of those of vectors of length 1, which 1 - cosine is."""
    wide = distances.double().numpy()
    return wide * wide if metric == "euclidean" else wide


def _normalised(codes: sparse.csr_array) -> sparse.csr_array:
    sizes = np.diff(codes.indptr)
    sums = np.bincount(np.repeat(np.arange(len(sizes)), sizes), codes.data, minlength=len(sizes))
    codes.data /= np.repeat(sums, sizes)
    return codes
