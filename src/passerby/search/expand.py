"""Query expansion and database augmentation: each descriptor is moved towards the mean of its nearest crops."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from passerby.search.distance import check, lengths
from passerby.search.neighbours import Neighbours, neighbours
from passerby.search.self_neighbours import SelfNeighbours, self_neighbours

DATABASE_K, QUERY_K = 10, 5
"""Neighbours of a crop of the gallery and of a query by default."""
ORDERS = ("database first", "queries first", "database", "queries")
"""What is expanded: both sides, the queries against the augmented database where that comes first and else against the
one given, or one side alone."""
CANCELLED = 1e-6
"""A sum shorter than this share of its weights is rounding, and has no direction."""
LEAST = 1e-30
"""A sum shorter than this has lost digits in float32."""


class Expanded(NamedTuple):
    """Both sides of a search after expansion.

    Args:
        queries: (Q, D) float32, each of length 1.
        gallery: (G, D) float32, each of length 1.
    """

    queries: Tensor
    gallery: Tensor


def expansion(
    queries: Tensor,
    gallery: Tensor,
    *,
    database_k: int = DATABASE_K,
    query_k: int = QUERY_K,
    alpha: float = 0.0,
    without_own: bool = False,
    order: str = "database first",
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> Expanded:
    """Augment the database, then expand the queries against it.

    Every crop of the gallery may be a neighbour: junk, and crops from the query's own camera, are not left out, since a
    search does not know them. Everything is checked before the first product.

    Args:
        queries: (Q, D) float32, finite, not zero.
        gallery: (G, D) float32, finite, not zero.
        database_k: neighbours of each crop of the gallery, see `augment`.
        query_k: neighbours of each query, see `expand`.
        alpha: weight of a neighbour is its cosine to this power, see `augment`.
        without_own: True for the mean of the neighbours alone.
        order: one of ORDERS.
        block: rows in a block, see `self_neighbours` and `neighbours`.
        device: where the neighbours are found; the result is on the CPU.

    Returns:
        Both sides, each vector of length 1, also on a side that is not expanded.

    Raises:
        ValueError: if the order is unknown, or see `augment` and `expand`.

    Source: Almazan et al., Re-ID done right, footnote 2 to table 4 ("re-rank"): mean of the first 5 (queries) and 10
    (database) neighbours. That the own vector counts, the order and the power are those of the authors' program.
    """
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}; give one of {', '.join(ORDERS)}.")
    _check_alpha(alpha)
    check(queries, gallery)
    if order != "queries":
        _check_database_k(database_k, len(gallery))
    if order != "database":
        _check_query_k(query_k, len(gallery))
    moved = gallery
    if order != "queries":
        moved = augment(gallery, database_k, alpha=alpha, without_own=without_own, block=block, device=device)
    against = moved if order == "database first" else gallery
    if order != "database":
        queries = expand(queries, against, query_k, alpha=alpha, without_own=without_own, block=block, device=device)
    return Expanded(
        _unit(queries) if order == "database" else queries,
        _unit(moved) if order == "queries" else moved,
    )


def augment(
    gallery: Tensor,
    k: int = DATABASE_K,
    *,
    alpha: float = 0.0,
    without_own: bool = False,
    found: Neighbours | SelfNeighbours | None = None,
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Move each crop of a database to the mean of itself and its k nearest other crops.

    All vectors are brought to length 1, neighbours are found by cosine, a neighbour's vector counts cosine ** alpha and
    the own one 1, and the mean is brought to length 1 again. Crops at equal distance keep the gallery's order.

    Args:
        gallery: (G, D) float32, finite, not zero.
        k: neighbours of each crop, itself not among them, 1 .. G - 1.
        alpha: 0 or more; 0 is the plain mean. Above 0 a neighbour at a right angle or more counts nothing.
        without_own: True for the mean of the neighbours alone.
        found: each crop's nearest crops by cosine, itself among them, k + 1 or more; they are looked for by default.
        block: rows in a block, see `self_neighbours`.
        device: where the neighbours are found; the result is on the CPU.

    Returns:
        (G, D) float32, each of length 1.

    Raises:
        ValueError: if k, alpha or `found` is not accepted, the vectors cannot be compared (see `distance.blocks`), or
            a mean has no direction, since its vectors cancel out or all count nothing; the rows are named.

    Differs: the authors' program sets a crop's cosine with itself to 0, so that it is a neighbour of itself where fewer
    than k others have a cosine above 0; here it never is. Theirs gives nan for a cosine below 0 and a power that is not
    whole, and for a whole one counts opposite crops; here they count nothing.
    """
    _check_alpha(alpha)
    _check_database_k(k, len(gallery))
    if found is None:
        found = self_neighbours(gallery, k + 1, block=block, device=device)
    else:
        check(gallery[:0], gallery)
        _check_found(found, len(gallery), len(gallery), k + 1)
    return _moved(gallery, gallery, _others(found, k), alpha=alpha, without_own=without_own, name="gallery")


def expand(
    queries: Tensor,
    gallery: Tensor,
    k: int = QUERY_K,
    *,
    alpha: float = 0.0,
    without_own: bool = False,
    found: Neighbours | None = None,
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Move each query to the mean of itself and its k nearest crops of the gallery; the rest is as in `augment`.

    Args:
        queries: (Q, D) float32, finite, not zero.
        gallery: (G, D) float32, finite, not zero.
        k: neighbours of each query, 1 .. G. A query's own picture is one of them where it lies in the gallery.
        alpha: 0 or more; 0 is the plain mean.
        without_own: True for the mean of the neighbours alone.
        found: each query's nearest crops by cosine, k or more; they are looked for by default.
        block: queries in a block, see `neighbours`.
        device: where the neighbours are found; the result is on the CPU.

    Returns:
        (Q, D) float32, each of length 1.

    Raises:
        ValueError: see `augment`.
    """
    _check_alpha(alpha)
    _check_query_k(k, len(gallery))
    if found is None:
        found = neighbours(queries, gallery, k, block=block, device=device)
    else:
        check(queries, gallery)
        _check_found(found, len(queries), len(gallery), k)
    nearest = Neighbours(found.distances[:, :k], found.indices[:, :k])
    return _moved(queries, gallery, nearest, alpha=alpha, without_own=without_own, name="queries")


def _others(found: Neighbours | SelfNeighbours, k: int) -> Neighbours:
    """The k nearest crops but the own one, which is in the list unless as many others are at distance 0 before it."""
    distances, indices = found.distances[:, : k + 1], found.indices[:, : k + 1]
    left_out = indices == torch.arange(len(indices))[:, None]
    left_out[:, -1] |= ~left_out.any(dim=1)
    return Neighbours(distances[~left_out].view(-1, k), indices[~left_out].view(-1, k))


def _moved(
    vectors: Tensor, gallery: Tensor, nearest: Neighbours, *, alpha: float, without_own: bool, name: str
) -> Tensor:
    counts = _counts(nearest.distances, alpha)
    # Dividing the counts by the norms, not the vectors, spares a copy of the gallery.
    shares = (counts / lengths(gallery)[nearest.indices]).float()
    moved = torch.nn.functional.embedding_bag(
        nearest.indices, gallery.contiguous(), per_sample_weights=shares, mode="sum"
    )
    total = counts.sum(dim=1)
    if not without_own:
        moved.addcmul_(vectors, (1 / lengths(vectors)).float()[:, None])
        total += 1
    norms = lengths(moved)
    lost = (norms <= (CANCELLED * total).clamp(min=LEAST)).nonzero().flatten().tolist()
    if lost:
        shown = ", ".join(str(row) for row in lost[:5]) + (", ..." if len(lost) > 5 else "")
        raise ValueError(
            f"{len(lost)} of {len(moved)} means for the {name} have no direction (row {shown}): their vectors cancel "
            f"out, or none counts at alpha {alpha:g}; give another k, a smaller alpha, or let the own vector count."
        )
    return moved.div_(norms.float()[:, None])


def _counts(distances: Tensor, alpha: float) -> Tensor:
    """(N, k) float64: what each neighbour counts."""
    if alpha == 0:
        return torch.ones_like(distances, dtype=torch.float64)
    return (1 - distances.double()).clamp(min=0).pow(alpha)


def _unit(vectors: Tensor) -> Tensor:
    return vectors * (1 / lengths(vectors)).float()[:, None]


def _check_alpha(alpha: float) -> None:
    if not 0 <= alpha < math.inf:
        raise ValueError(f"alpha is {alpha}; give 0 (the plain mean) or more.")


def _check_database_k(k: int, size: int) -> None:
    if not 1 <= k < size:
        raise ValueError(
            f"k of the database is {k}; each of its {size} crops has {max(0, size - 1)} others: "
            + (f"give 1 .. {size - 1}." if size > 1 else "a database of 2 crops or more can be augmented.")
        )


def _check_query_k(k: int, size: int) -> None:
    if not 1 <= k <= size:
        raise ValueError(f"k of the queries is {k}; the gallery has {size} crops: give 1 .. {size}.")


def _check_found(found: Neighbours | SelfNeighbours, rows: int, size: int, k: int) -> None:
    shape = tuple(found.indices.shape)
    if shape != tuple(found.distances.shape) or len(shape) != 2 or shape[0] != rows or shape[1] < k:
        raise ValueError(f"found has lists of shape {shape}; give shape ({rows}, {k}) or longer lists.")
    if ((found.indices < 0) | (found.indices >= size)).any():
        raise ValueError(f"found names crops outside 0 .. {size - 1}; give full lists of this gallery's crops.")
