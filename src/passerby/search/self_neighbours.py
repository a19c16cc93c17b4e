"""The nearest of each vector among all of them, itself included: each product serves both of its rows."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from passerby.search._candidates import places
from passerby.search._points import Points, error, exact, keys, points
from passerby.search.distance import check

METRICS = ("cosine", "euclidean")
"""Those of `distance.METRICS` under which a vector is nearest to itself."""
BLOCK = 1024
"""Rows of a tile by default; its columns are twice as many."""
SPARE = 11
"""Further neighbours that are kept while float32 decides, so that it need not decide who is the last."""


@dataclass(frozen=True, slots=True, eq=False)
class SelfNeighbours:
    """The k nearest of each of N vectors among all N, nearest first.

    Args:
        distances: (N, k) float32, see `distance.METRICS`.
        indices: (N, k) int64 rows; each is in its own list unless k others equal it and stand before it.
        farthest: (N,) float32 distance of the vector that is farthest from each.
    """

    distances: Tensor
    indices: Tensor
    farthest: Tensor


def self_neighbours(
    vectors: Tensor,
    k: int,
    *,
    metric: str = "cosine",
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> SelfNeighbours:
    """The k nearest of each vector among all of them, itself included; equal distances keep the order of the rows.

    Only tiles on and above the diagonal are multiplied. Pairs whose order float32 leaves open are computed again from
    the vectors as given, in float64, so that the lists are those of float64 for every block size and device (of pairs
    within 1e-16 of each other, and but for a chance below 1e-4 that one of 5e8 roundings is larger than was allowed
    for); the distances are good to float32's rounding. On a GPU that needs products in full float32, as is PyTorch's
    default. Beside the vectors it holds a float32 copy of them, 12 * (k + 11) bytes for each, and some tiles of
    8 * block ** 2 bytes. Where most distances are the same to six digits, most are computed again, slowly.

    Args:
        vectors: (N, D) float32, finite.
        k: how many, 1 .. N.
        metric: one of METRICS.
        block: rows of a tile.
        device: where the products are computed; the result is on the CPU.

    Raises:
        ValueError: if k or block is out of range, or see `distance.check`.
    """
    check_arguments(metric, block)
    check(vectors[:0], vectors, metric=metric)
    return nearest(points((vectors,), metric), k, block=block, device=device)


def check_arguments(metric: str, block: int | None) -> None:
    """Refuse a metric or a block size that `self_neighbours` has no use for."""
    if metric not in METRICS:
        raise ValueError(f"metric is {metric!r}; give one of {', '.join(METRICS)}.")
    if block is not None and block < 1:
        raise ValueError(f"block is {block}; give 1 row or more.")


def nearest(given: Points, k: int, *, block: int | None = None, device: torch.device | str = "cpu") -> SelfNeighbours:
    """`self_neighbours` of vectors that are checked and made ready."""
    total = len(given.centred)
    if not 1 <= k <= total:
        raise ValueError(f"k is {k}; there are {total} vectors: give 1 .. {total}.")
    found, rows, farthest = _by_float32(given, min(k + SPARE, total), block or BLOCK, device)
    found, rows = _decided(given, found, rows, k)
    if given.metric == "euclidean":
        found, farthest = (2 * found).sqrt(), (2 * farthest.double()).sqrt()
    return SelfNeighbours(found.float(), rows, farthest.float())


def _by_float32(given: Points, kept: int, block: int, device: torch.device | str) -> tuple[Tensor, Tensor, Tensor]:
    """Keys (N, kept) float32 and rows of the nearest in no order, and the largest key of each row."""
    vectors, halves = given.centred.to(device), given.halves.to(device)
    total = len(vectors)
    best = torch.full((total, kept), math.inf, device=device)
    rows = torch.full((total, kept), -1, dtype=torch.int32, device=device)
    farthest = torch.zeros(total, device=device)
    memory = torch.empty(2 * block * block, device=device)

    def tile(above: slice, beside: slice) -> Tensor:
        shape = (above.stop - above.start, beside.stop - beside.start)
        out = memory[: shape[0] * shape[1]].view(shape)
        found = keys(vectors[above], halves[above], vectors[beside], halves[beside], out)
        torch.maximum(farthest[above], found.amax(dim=1), out=farthest[above])
        torch.maximum(farthest[beside], found.amax(dim=0), out=farthest[beside])
        return found

    starts = range(0, total, block)
    # The diagonal first: it gives each row a bound, which spares the sorting of most of what follows.
    for start in starts:
        own = slice(start, min(start + block, total))
        found = tile(own, own)
        few = min(kept, len(found))
        values, columns = found.topk(few, dim=1, largest=False)
        best[own, :few] = values
        rows[own, :few] = (columns + start).int()
    bounds = best.amax(dim=1)
    for start in starts:
        above = slice(start, min(start + block, total))
        for left in range(above.stop, total, 2 * block):
            beside = slice(left, min(left + 2 * block, total))
            found = tile(above, beside)
            down, across, values = _below(found, bounds[above, None])
            _merge(best, rows, bounds, above, down, across + left, values)
            down, across, values = _below(found, bounds[None, beside])
            _merge(best, rows, bounds, beside, across, down + start, values)
    return best.cpu(), rows.cpu().long(), farthest.cpu()


def _below(found: Tensor, bounds: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows, columns and keys of what lies below the bounds."""
    down, across = places(found < bounds)
    return down, across, found[down, across]


def _merge(
    best: Tensor, rows: Tensor, bounds: Tensor, where: slice, owner: Tensor, other: Tensor, values: Tensor
) -> None:
    """Let the new keys of each owner (a place within `where`) compete with those it has."""
    if len(owner) == 0:
        return
    order = owner.argsort()
    owner, other, values = owner[order], other[order], values[order]
    owners, places, counts = torch.unique_consecutive(owner, return_inverse=True, return_counts=True)
    column = torch.arange(len(owner), device=owner.device) - (counts.cumsum(0) - counts)[places]
    kept = best.shape[1]
    lines = owners + where.start
    width = kept + int(counts.max())
    wide = torch.full((len(owners), width), math.inf, device=best.device)
    names = torch.full((len(owners), width), -1, dtype=torch.int32, device=best.device)
    wide[:, :kept], names[:, :kept] = best[lines], rows[lines]
    wide[places, kept + column], names[places, kept + column] = values, other.int()
    smallest, chosen = wide.topk(kept, dim=1, largest=False, sorted=False)
    best[lines] = smallest
    rows[lines] = names.gather(1, chosen)
    bounds[lines] = smallest.amax(dim=1)


def _decided(given: Points, found: Tensor, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Keys (N, k) float64 and rows in the order of exact arithmetic."""
    total, kept = found.shape
    halves, share = given.halves.double(), error(given)
    values, order = found.double().sort(dim=1)
    rows = rows.gather(1, order)
    own = torch.arange(total)[:, None]
    doubt = share * (halves[:, None] + halves[rows]).amax(dim=1)
    last = values[:, k - 1] + doubt  # the k-th nearest is not farther than this
    # A vector that is long enough for a larger error is also too far away to come among the first k.
    reach = (halves.sqrt() + last.clamp(min=0).sqrt()).square().clamp(max=float(halves.max()))
    most = 1.01 * share * (halves + reach)
    more_there = kept < total  # vectors that no list shows
    open_rows = (more_there & (values[:, -1] - most <= last)).nonzero().flatten()
    close = values.diff(dim=1) <= 2 * doubt[:, None]
    unsure = torch.zeros_like(values, dtype=torch.bool)
    unsure[:, 1:] |= close
    unsure[:, :-1] |= close
    unsure &= values <= (last + doubt)[:, None]
    unsure[open_rows] = False
    lines, places = unsure.nonzero().unbind(dim=1)
    values[lines, places] = exact(given, lines, rows[lines, places])
    values[rows == own] = 0
    values.clamp_(min=0)
    values, rows = _sorted(values, rows, k)
    for part in torch.split(open_rows, max(1, BLOCK**2 // total)):
        _search_again(given, part, last[part] + most[part], values, rows)
    return values, rows


def _sorted(values: Tensor, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
    rows, order = rows.sort(dim=-1)
    values, places = values.gather(-1, order).sort(dim=-1, stable=True)
    return values[..., :k], rows.gather(-1, places)[..., :k]


def _search_again(given: Points, lines: Tensor, within: Tensor, values: Tensor, rows: Tensor) -> None:
    """Find the lists of some rows anew, with each candidate's distance computed exactly."""
    vectors, halves = given.centred, given.halves
    out = torch.empty(len(lines), len(vectors))
    found = keys(vectors[lines], halves[lines], vectors, halves, out)
    for line, near in zip(lines.tolist(), found.double() <= within[:, None], strict=True):
        columns = near.nonzero().flatten()
        distances = exact(given, torch.full_like(columns, line), columns)
        values[line], rows[line] = _sorted(distances, columns, values.shape[1])
