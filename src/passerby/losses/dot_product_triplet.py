"""Each query nearer to its positive than to its negative, by the dot product."""

import torch
from torch import Tensor

from passerby.types import Batch, Output


def dot_product_triplet(output: Output, batch: Batch, *, margin: float = 0.1) -> Tensor:
    """Triplet loss of mined triplets, mean over them and over the output's features.

    For unit vectors q of a query, d+ of a picture of the same person, d- of another person: max(0, m + q.d- - q.d+).
    Source: Almazan, Gajic, Murray, Larlus, Re-ID done right: towards good practices for person re-identification,
    eq. (1).

    Args:
        output: of a model in training mode; its `features` are compared, each (3T, F) of unit vectors: T queries, then
            their T positives, then their T negatives.
        batch: its (3T,) `pids` tell who is who.
        margin: m, in units of the dot product; 0 or more.

    Raises:
        ValueError: if the model gave no features or other than unit vectors, margin is negative, or the batch is not
            made of triplets.
    """
    if not output.features:
        raise ValueError("The triplet loss needs features; put the model in train mode.")
    if margin < 0:
        raise ValueError(f"margin is {margin}; give 0 or more.")
    rows = len(batch.pids)
    if rows == 0 or rows % 3:
        raise ValueError(f"The batch has {rows} pictures; give T queries, then T positives, then T negatives.")
    query, positive, negative = batch.pids.chunk(3)
    wrong = ((query != positive) | (query == negative)).nonzero().flatten().tolist()
    if wrong:
        at = wrong[0]
        raise ValueError(
            f"{len(wrong)} of {rows // 3} triplets are none: triplet {at} has the people {int(query[at])}, "
            f"{int(positive[at])}, {int(negative[at])}; give query and positive of one person, the negative of another."
        )
    return torch.stack([_one(feature.float(), margin) for feature in output.features]).mean()


def _one(feature: Tensor, margin: float) -> Tensor:
    length = feature.detach().norm(dim=1)
    if bool(((length - 1).abs() > 1e-2).any()):
        raise ValueError(
            f"The features have lengths of {float(length.min()):.3g} to {float(length.max()):.3g}; "
            "the dot-product triplet loss compares unit vectors."
        )
    query, positive, negative = feature.chunk(3)
    return (margin + (query * negative).sum(dim=1) - (query * positive).sum(dim=1)).clamp(min=0).mean()
