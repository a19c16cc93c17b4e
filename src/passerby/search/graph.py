"""Who is near to whom in a gallery, worked out once, so that single queries can be re-ranked against it."""

from dataclasses import dataclass

import torch
from scipy import sparse
from torch import Tensor

from passerby.search._k_reciprocal import check_arguments, encode, half, length, reciprocal
from passerby.search._points import points
from passerby.search.distance import check
from passerby.search.self_neighbours import SelfNeighbours, nearest
from passerby.search.self_neighbours import check_arguments as check_pass


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """What `rerank_live` needs to know of a gallery of G crops beside their vectors: a few arrays, good for saving.

    Args:
        k1: size of a neighbourhood.
        k2: neighbours whose encodings are averaged.
        metric: "euclidean" or "cosine".
        found: the nearest of each crop within the gallery, itself included.
        nearer: (G, G) int32 ones: the k-reciprocal neighbours of each crop in neighbourhoods of half the size.
        codes: (G, G) float64: the k-reciprocal encoding of each crop, before the mean over neighbours.
    """

    k1: int
    k2: int
    metric: str
    found: SelfNeighbours
    nearer: sparse.csr_array
    codes: sparse.csr_array


def graph(
    gallery: Tensor,
    *,
    k1: int = 20,
    k2: int = 6,
    metric: str = "euclidean",
    device: torch.device | str = "cpu",
) -> Graph:
    """Work out the graph of a gallery; that takes one pass over all pairs.

    Args:
        gallery: (G, D) float32, finite.
        k1: size of a neighbourhood, 1 .. G - 1.
        k2: neighbours whose encodings are averaged, the crop itself among them; 1 for none.
        metric: "euclidean" or "cosine", which is Euclidean of vectors brought to length 1.
        device: where the products are computed.

    Raises:
        ValueError: if an argument is out of range, all vectors are the same, or see `distance.check`.
    """
    check_pass(metric, None)
    check(gallery[:0], gallery, metric=metric)
    check_arguments(k1, k2, len(gallery))
    given = points((gallery,), metric)
    if given.all_same:
        raise ValueError(f"all {len(gallery)} vectors are the same; nothing can be ranked by them.")
    found = nearest(given, length(k1, k2), device=device)
    nearer = reciprocal(found.indices.numpy(), half(k1) + 1)
    return Graph(k1, k2, metric, found, nearer, encode(given, found, k1))
