"""Average precision of each query from the ranks of its matches, under both definitions in use."""

import math

import torch
from torch import Tensor

from passerby.evaluation.ranks import Ranks

DEFINITIONS = ("step", "trapezoid")
"""step: mean of k / rank_k; trapezoid: the area under straight lines, as the original Market-1501 code has it."""


def average_precision(ranked: Ranks, definition: str = "step") -> Tensor:
    """Average precision of each query.

    With n matches, the k-th of them at rank r_k (from 1):

    - step: mean over k of k / r_k.
    - trapezoid: mean over k of (old + new) / 2, where new = k / r_k, old = (k - 1) / (r_k - 1), or 1 for r_k = 1.

    Args:
        ranked: the matches' ranks of B queries.
        definition: one of DEFINITIONS.

    Returns:
        (B,) float64 in [0, 1]; nan for a query without a match.

    Raises:
        ValueError: if the definition is unknown.

    Source: Zheng et al., Scalable Person Re-identification: A Benchmark, and its public evaluation code (trapezoid).
    """
    if definition not in DEFINITIONS:
        raise ValueError(f"ap is {definition!r}; give one of {', '.join(DEFINITIONS)}.")
    counts, ranks = ranked
    query = torch.repeat_interleave(torch.arange(len(counts)), counts)
    first = counts.cumsum(0) - counts
    k = (torch.arange(len(ranks)) - first[query] + 1).double()
    precision = k / ranks
    if definition == "trapezoid":
        before = torch.where(ranks > 1, (k - 1) / (ranks - 1), 1.0)
        precision = (precision + before) / 2
    total = torch.zeros(len(counts), dtype=torch.float64).index_add_(0, query, precision)
    return torch.where(counts > 0, total / counts, math.nan)
