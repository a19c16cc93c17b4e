"""Several vectors as one: the frames of a tracklet, or several pictures of a query's person."""

from collections.abc import Sequence

import torch
from torch.nn.functional import normalize

from passerby.types import Crop, Embeddings

POOLS = ("max", "mean")
"""max: the largest value of each dimension; mean: their average."""


def pooled(
    embeddings: Embeddings, groups: Sequence[Sequence[int]], heads: Sequence[Crop], *, pool: str = "max"
) -> Embeddings:
    """One vector for each group of rows, L2-normalised.

    Args:
        embeddings: N descriptors.
        groups: rows of each group, each 0 .. N - 1; a row may be in several groups.
        heads: the crop that stands for each group in the result.
        pool: one of POOLS.

    Raises:
        ValueError: if the pool is unknown, a group is empty, or there are not as many heads as groups.

    Source: Zheng et al., MARS, takes the maximum over a tracklet's frames; Zheng et al., Scalable Person
        Re-identification, pools the boxes of a query's person. Both normalise afterwards.
    """
    if pool not in POOLS:
        raise ValueError(f"pool is {pool!r}; give one of {', '.join(POOLS)}.")
    if len(groups) != len(heads):
        raise ValueError(f"{len(groups)} groups and {len(heads)} heads; give one head for each group.")
    empty = [head for head, rows in zip(heads, groups, strict=True) if not len(rows)]
    if empty:
        raise ValueError(f"{len(empty)} of {len(groups)} groups are empty ({empty[0].path}); give each a row or more.")
    if any(min(rows) < 0 for rows in groups):
        raise ValueError("A group has a row below 0; rows are 0 .. N - 1.")
    vectors = torch.empty(len(groups), embeddings.vectors.shape[1])
    for place, rows in enumerate(groups):
        some = embeddings.vectors[list(rows)]
        vectors[place] = some.amax(dim=0) if pool == "max" else some.double().mean(dim=0).float()
    return Embeddings(normalize(vectors, dim=1), tuple(heads), embeddings.model)
