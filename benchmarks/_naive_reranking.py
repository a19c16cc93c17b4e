"""The usual re-ranking, restated: N x N distances, a full sort of them, N x N encodings."""

import numpy as np
import numpy.typing as npt

from _made import Floats


def rerank(vectors: Floats, queries: int, k1: int = 20, k2: int = 6, lam: float = 0.3) -> Floats:
    """Distances (Q, G) of the first vectors to the others, by k-reciprocal encoding."""
    squares = (vectors * vectors).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None] - 2 * vectors @ vectors.T, 0)
    distances /= distances.max(axis=1, keepdims=True)
    order = np.argsort(distances, axis=1, kind="stable").astype(np.int32)
    codes = _codes(distances, order, k1)
    if k2 > 1:
        codes = np.stack([codes[order[row, :k2]].mean(axis=0) for row in range(len(codes))])
    holders = [np.flatnonzero(codes[:, column]) for column in range(len(codes))]
    final = np.empty((queries, len(codes) - queries), dtype=np.float32)
    for row in range(queries):
        shared = np.zeros(len(codes), dtype=np.float32)
        for column in np.flatnonzero(codes[row]):
            shared[holders[column]] += np.minimum(codes[row, column], codes[holders[column], column])
        final[row] = ((1 - lam) * (1 - shared / (2 - shared)) + lam * distances[row])[queries:]
    return final


def _codes(distances: Floats, order: npt.NDArray[np.int32], k1: int) -> Floats:
    small = int(np.around(k1 / 2))

    def mutual(row: int, size: int) -> npt.NDArray[np.int32]:
        near = order[row, : size + 1]
        found: npt.NDArray[np.int32] = near[(order[near, : size + 1] == row).any(axis=1)]
        return found

    codes = np.zeros_like(distances)
    for row in range(len(codes)):
        own = mutual(row, k1)
        members = own
        for other in own:
            around = mutual(int(other), small)
            if 3 * len(np.intersect1d(around, own)) > 2 * len(around):
                members = np.append(members, around)
        members = np.unique(members)
        weights = np.exp(-distances[row, members])
        codes[row, members] = weights / weights.sum()
    return codes
