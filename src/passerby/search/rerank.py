"""Re-ranking: distances that also ask who else two pictures are near to."""

from collections.abc import Iterator

import torch
from scipy import sparse
from torch import Tensor

from passerby.search._k_reciprocal import check_arguments, encode, expand_queries, length, smaller_sums, squared
from passerby.search._points import Points, keys, points
from passerby.search.distance import check
from passerby.search.self_neighbours import check_arguments as check_pass
from passerby.search.self_neighbours import nearest

BLOCK_BYTES = 16 * 2**20
"""Memory of one block of queries against the whole gallery; about three such are held."""


def rerank(
    query: Tensor,
    gallery: Tensor,
    *,
    k1: int = 20,
    k2: int = 6,
    lam: float = 0.3,
    metric: str = "euclidean",
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Re-ranked distance of each query to each crop of the gallery, all at once; `blocks` is for whole data sets.

    Args:
        query: (Q, D) float32, finite.
        gallery: (G, D) float32, finite.
        k1: size of a neighbourhood, 1 .. Q + G - 1.
        k2: neighbours whose encodings are averaged, the vector itself among them; 1 for none.
        lam: weight of the distance from before, 0 .. 1.
        metric: "euclidean" or "cosine", which is Euclidean of vectors brought to length 1.
        block: queries in a block, see `blocks`.
        device: where the products are computed.

    Returns:
        (Q, G) float32 in [0, 1], smaller is closer.

    Raises:
        ValueError: see `blocks`.
    """
    found = torch.empty(len(query), len(gallery))
    for part, distances in blocks(query, gallery, k1=k1, k2=k2, lam=lam, metric=metric, block=block, device=device):
        found[part] = distances
    return found


def blocks(
    query: Tensor,
    gallery: Tensor,
    *,
    k1: int = 20,
    k2: int = 6,
    lam: float = 0.3,
    metric: str = "euclidean",
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[tuple[slice, Tensor]]:
    """Re-ranked distances by k-reciprocal encoding, for one block of queries after another.

    Queries and gallery together are one set of N vectors, whose squared Euclidean distances d are divided, for each i,
    by the largest d[i, .]. The k1 + 1 nearest of each (itself among them; equal ones in order, queries first) make its
    reciprocal neighbours: those that list each other. Around each j of them the same is done with k1 / 2 (rounded half
    to even), and these join where more than two thirds of them are reciprocal neighbours of i already. The encoding
    of i is exp(-d[i, j]) for each j in that set, divided by their sum, and then the mean over its k2 nearest. With s
    the sum of the smaller of two encodings' values, the Jaccard distance is 1 - s / (2 - s), and the result is
    (1 - lam) * Jaccard + lam * d[query, crop].

    Neither the N x N distances nor the Q x G ones are held: see `self_neighbours` for what the one pass over all pairs
    holds. A query's distances depend on all other queries; `rerank_live` takes one alone.

    Args:
        query: (Q, D) float32, finite.
        gallery: (G, D) float32, finite.
        k1: size of a neighbourhood, 1 .. Q + G - 1.
        k2: neighbours whose encodings are averaged, the vector itself among them; 1 for none.
        lam: weight of the distance from before, 0 .. 1.
        metric: "euclidean" or "cosine", which is Euclidean of vectors brought to length 1.
        block: queries in a block; by default as many as fill BLOCK_BYTES.
        device: where the products are computed.

    Returns:
        An iterator over slices of the queries and their (B, G) float32 distances on the CPU. These may be written to;
        their memory is used again for the next block. The pass over all pairs comes before the first block.

    Raises:
        ValueError: at once, if an argument is out of range, all vectors are the same, or see `distance.check`.

    Source: Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding, CVPR 2017, and its public
        program, whose numbers all others repeat.

    Differs: from the paper, as its own program does. In the paper a set joins from two thirds on, here above them;
        N(p, k) holds k crops of the gallery, here k + 1 of queries and gallery, the vector itself too; distances are
        not divided by the largest, nor weights by their sum (with it 2 - s is the sum of the larger values, as the
        paper has it, except beside an empty encoding, which is at Jaccard distance 1 from all).
    """
    check_pass(metric, block)
    check_lam(lam)
    check(query, gallery, metric=metric)
    check_arguments(k1, k2, len(query) + len(gallery))
    given = points((query, gallery), metric)
    if given.all_same:
        raise ValueError(f"all {len(given.halves)} vectors are the same; nothing can be ranked by them.")
    return _blocks(given, len(query), k1, k2, lam, block, device)


def check_lam(lam: float) -> None:
    """Refuse a weight that is none."""
    if not 0 <= lam <= 1:
        raise ValueError(f"lam is {lam}; give 0 (Jaccard distance alone) .. 1 (the distance from before alone).")


def _blocks(
    given: Points, queries: int, k1: int, k2: int, lam: float, block: int | None, device: torch.device | str
) -> Iterator[tuple[slice, Tensor]]:
    found = nearest(given, length(k1, k2), device=device)
    codes = expand_queries(encode(given, found, k1), found.indices.numpy(), k2)
    inverted = sparse.csr_array(codes[queries:].T)
    scale = torch.from_numpy(lam * (2 if given.metric == "euclidean" else 1) / squared(found.farthest, given.metric))
    vectors, halves, scale = given.centred.to(device), given.halves.to(device), scale.float()
    width = len(vectors) - queries
    size = block or max(1, BLOCK_BYTES // (4 * max(1, width)))
    memory = torch.empty(min(size, queries), width, device=device)
    for start in range(0, queries, size):
        part = slice(start, min(start + size, queries))
        shared = torch.from_numpy(smaller_sums(codes[part], inverted))
        mixed = shared.div_(2 - shared).mul_(lam - 1).add_(1 - lam)
        if lam > 0:
            out = memory[: len(mixed)]
            before = keys(vectors[part], halves[part], vectors[queries:], halves[queries:], out).clamp_(min=0)
            mixed.addcmul_(before.cpu(), scale[part, None])
        yield part, mixed
