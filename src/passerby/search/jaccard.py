"""The k-reciprocal Jaccard distance among vectors, for clustering."""

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from passerby.search._k_reciprocal import check_arguments, encode, expand_queries, length, smaller_sums
from passerby.search._points import points
from passerby.search.distance import check
from passerby.search.self_neighbours import check_arguments as check_pass
from passerby.search.self_neighbours import nearest

BLOCK_BYTES = 16 * 2**20
"""Memory of one block of rows against all."""


def jaccard(
    vectors: Tensor,
    *,
    k1: int = 20,
    k2: int = 6,
    metric: str = "euclidean",
    device: torch.device | str = "cpu",
) -> sparse.csr_array:
    """Jaccard distance of the k-reciprocal encodings of each pair that shares anything; all other pairs are at 1.

    The encodings are those of `rerank.blocks`. The matrix is what scikit-learn's `DBSCAN(metric="precomputed")` takes:
    a pair that is not stored is too far apart to be neighbours, and zeros are stored (never drop them).

    Args:
        vectors: (N, D) float32, finite.
        k1: size of a neighbourhood, 1 .. N - 1.
        k2: neighbours whose encodings are averaged, the vector itself among them; 1 for none.
        metric: "euclidean" or "cosine", which is Euclidean of vectors brought to length 1.
        device: where the products are computed.

    Returns:
        (N, N) float32, symmetric, in [0, 1); columns ascend in each row.

    Raises:
        ValueError: if an argument is out of range, all vectors are the same, or see `distance.check`.

    Source: Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding, CVPR 2017.

    Differs: see `rerank.blocks`.
    """
    check_pass(metric, None)
    check(vectors[:0], vectors, metric=metric)
    check_arguments(k1, k2, len(vectors))
    given = points((vectors,), metric)
    if given.all_same:
        raise ValueError(f"all {len(vectors)} vectors are the same; they cannot be clustered.")
    found = nearest(given, length(k1, k2), device=device)
    codes = expand_queries(encode(given, found, k1), found.indices.numpy(), k2)
    inverted = sparse.csr_array(codes.T)
    size = max(1, BLOCK_BYTES // (8 * len(vectors)))
    columns, distances, sizes = [], [], [np.zeros(1, np.int64)]
    for start in range(0, len(vectors), size):
        shared = smaller_sums(codes[start : start + size], inverted)
        cells = np.flatnonzero(shared)
        near = shared.ravel()[cells]
        columns.append((cells % len(vectors)).astype(np.int32))
        distances.append((1 - near / (2 - near)).clip(0).astype(np.float32))
        sizes.append(np.count_nonzero(shared, axis=1))
    starts = np.cumsum(np.concatenate(sizes))
    return sparse.csr_array((np.concatenate(distances), np.concatenate(columns), starts), shape=codes.shape)
