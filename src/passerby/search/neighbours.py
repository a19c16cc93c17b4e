"""The nearest crops of each query: exact, in blocks, ties in the gallery's order."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from passerby.search.distance import blocks, finish

Skip = Callable[[slice], Tensor]
"""For a slice of the queries: (B, G) bool, True where a crop is left out of the query's list."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The k nearest crops of each query, nearest first.

    Args:
        distances: (Q, k) float32; infinity where fewer than k crops were left.
        indices: (Q, k) int64 rows of the gallery; -1 where fewer than k crops were left.
    """

    distances: Tensor
    indices: Tensor


def neighbours(
    queries: Tensor,
    gallery: Tensor,
    k: int,
    *,
    metric: str = "cosine",
    skip: Skip | None = None,
    block: int | None = None,
    device: torch.device | str = "cpu",
) -> Neighbours:
    """The k nearest crops of each query; crops of equal distance keep the gallery's order.

    Args:
        queries: (Q, D) float32, finite.
        gallery: (G, D) float32, finite.
        k: how many, 1 .. G.
        metric: one of `distance.METRICS`.
        skip: which crops are left out of which query's list (junk, the query itself); all are in it by default.
        block: queries in a block, see `distance.blocks`.
        device: where the distances are computed and sorted; the result is on the CPU.

    Raises:
        ValueError: if k is out of range, `skip` gives another shape, or see `distance.blocks`.
    """
    if not 1 <= k <= len(gallery):
        raise ValueError(f"k is {k}; the gallery has {len(gallery)} crops: give 1 .. {len(gallery)}.")
    distances = torch.empty(len(queries), k)
    indices = torch.empty(len(queries), k, dtype=torch.int64)
    for part, keys in blocks(queries, gallery, metric=metric, block=block, device=device):
        if skip is not None:
            _leave_out(keys, skip(part))
        nearest, rows = _smallest(keys, k)
        gone = nearest == math.inf
        distances[part] = finish(nearest, queries[part], metric).masked_fill(gone, math.inf).cpu()
        indices[part] = rows.masked_fill(gone, -1).cpu()
    return Neighbours(distances, indices)


def _leave_out(keys: Tensor, out: Tensor) -> None:
    if out.dtype != torch.bool or out.shape != keys.shape:
        raise ValueError(
            f"skip gave {out.dtype} of shape {tuple(out.shape)}; give bool of shape {tuple(keys.shape)}, "
            "one row for each query of the slice."
        )
    keys.masked_fill_(out.to(keys.device), math.inf)


def _smallest(keys: Tensor, k: int) -> tuple[Tensor, Tensor]:
    values, rows = keys.topk(k, dim=1, largest=False)
    # topk is free to choose among keys that equal the last one that it takes: there the first rows are meant.
    torn = (keys <= values.amax(dim=1, keepdim=True)).sum(dim=1) > k
    for query in torn.nonzero().flatten().tolist():
        near = (keys[query] <= values[query].max()).nonzero().flatten()
        rows[query] = near[keys[query, near].sort(stable=True).indices[:k]]
    rows = rows.sort(dim=1).values
    values, order = keys.gather(1, rows).sort(dim=1, stable=True)
    return values, rows.gather(1, order)
