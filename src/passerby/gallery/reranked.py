"""The order of a search's first answers after k-reciprocal re-ranking among themselves."""

import numpy as np
import numpy.typing as npt
import torch

from passerby.search.rerank import rerank

K1, K2, LAM = 20, 6, 0.3
"""Size of a neighbourhood, neighbours whose encodings are averaged, and weight of the distance from before."""
LEAST = 3
"""Fewer candidates than this have no neighbourhoods to tell them apart."""
SAME = 1e-20
"""Squared distance from their mean up to which vectors of length 1 are the same one."""


def reranked(query: npt.NDArray[np.float32], candidates: npt.NDArray[np.float32]) -> list[int]:
    """Rows of the candidates, closest first, by the re-ranked distance of the query and these candidates alone.

    Args:
        query: (D,) float32 of length 1.
        candidates: (n, D) float32 of length 1, the query's nearest first.

    Returns:
        Every row once. Those of equal distance keep their order, and so do all where there are fewer than LEAST, or
        all vectors are the same.

    Differs: from re-ranking in a batch (`search.rerank` of all queries and the whole gallery), whose arithmetic it is.
        The other queries are not there, a neighbour who is not among the candidates is nobody's neighbour, and with
        fewer than K1 candidates a neighbourhood is all of them. What comes behind the candidates stays there.
    """
    if len(candidates) < LEAST or _all_same(np.vstack((query, candidates))):
        return list(range(len(candidates)))
    distances = rerank(
        torch.from_numpy(query[None]),
        torch.from_numpy(candidates),
        k1=min(K1, len(candidates)),
        k2=min(K2, len(candidates)),
        lam=LAM,
        metric="cosine",
    )
    return [int(row) for row in torch.argsort(distances[0], stable=True)]


def _all_same(vectors: npt.NDArray[np.float32]) -> bool:
    wide = vectors.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    return bool((np.square(wide - wide.mean(axis=0)).sum(axis=1) <= SAME).all())
