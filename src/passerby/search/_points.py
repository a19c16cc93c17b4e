"""Vectors made ready for distances among themselves: float32 products for most pairs, exact ones for those in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

CHUNK = 256
"""Vectors or pairs that are widened to float64 at a time."""
ROUNDING = 1e-24
"""Half the squared distance from their mean that float64 may leave to equal vectors of length 1."""
LAMBDA = 8
"""A float32 product's error, in units of sqrt(D) roundings: one in 10^13 is larger (Higham and Mary's bound)."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """N vectors, and the same in float32 about their mean, where rounding is least.

    Args:
        sides: the vectors as they were given, (N1, D), (N2, D), ...: row after row, side after side.
        metric: "euclidean" or "cosine"; under cosine each vector is brought to length 1 first.
        centred: (N, D) float32, less the mean.
        halves: (N,) float32, half the squared length of each.
    """

    sides: tuple[Tensor, ...]
    metric: str
    centred: Tensor
    halves: Tensor

    @property
    def all_same(self) -> bool:
        """Whether all are one vector; under cosine, where lengths and mean are rounded, to within that rounding."""
        return not bool((self.halves > (ROUNDING if self.metric == "cosine" else 0)).any())


def points(sides: Sequence[Tensor], metric: str) -> Points:
    """Bring checked vectors to length 1 under cosine and subtract their mean: no distance changes by that."""
    total, dim = sum(map(len, sides)), sides[0].shape[1]
    mean = torch.zeros(dim, dtype=torch.float64)
    for side in sides:
        for part in torch.split(side, CHUNK):
            mean += _ready(part, metric).sum(dim=0)
    mean /= max(1, total)
    centred, halves = torch.empty(total, dim), torch.empty(total)
    start = 0
    for side in sides:
        for part in torch.split(side, CHUNK):
            there = slice(start, start + len(part))
            near = _ready(part, metric).sub_(mean)
            centred[there] = near
            halves[there] = centred[there].double().square_().sum(dim=1) / 2
            start = there.stop
    return Points(tuple(sides), metric, centred, halves)


def error(points: Points) -> float:
    """What a key of `keys` may be wrong by, as a share of the sum of its two halves."""
    return float((LAMBDA * points.centred.shape[1] ** 0.5 + 8) * 2.0**-24)


def keys(rows: Tensor, row_halves: Tensor, columns: Tensor, column_halves: Tensor, out: Tensor) -> Tensor:
    """Half the squared distance of each pair, into `out`; rounding can make it slightly negative."""
    torch.add(row_halves[:, None], column_halves[None, :], out=out)
    return out.addmm_(rows, columns.T, alpha=-1)


def exact(points: Points, rows: Tensor, columns: Tensor) -> Tensor:
    """(P,) float64: half the squared distance of each pair of rows, of the vectors as they were given.

    The same for (i, j) and (j, i), 0 for two equal vectors, and equal for equal ones.
    """
    found = torch.empty(len(rows), dtype=torch.float64)
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        one, other = (_ready(_take(points.sides, side[part]), points.metric) for side in (rows, columns))
        found[part] = one.sub_(other).square_().sum(dim=1) / 2
    return found


def _ready(vectors: Tensor, metric: str) -> Tensor:
    wide = vectors.to("cpu", torch.float64, copy=True)
    return wide.div_(torch.linalg.vector_norm(wide, dim=1, keepdim=True)) if metric == "cosine" else wide


def _take(sides: tuple[Tensor, ...], rows: Tensor) -> Tensor:
    if len(sides) == 1:
        return sides[0][rows.to(sides[0].device)]
    taken = torch.empty(len(rows), sides[0].shape[1])
    start = 0
    for side in sides:
        here = (rows >= start) & (rows < start + len(side))
        taken[here] = side[(rows[here] - start).to(side.device)].cpu()
        start += len(side)
    return taken
