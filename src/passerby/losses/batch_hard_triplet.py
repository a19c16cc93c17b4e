"""Each picture nearer to its person's farthest picture than to the nearest stranger."""

import torch
from torch import Tensor

from passerby.losses._pairs import pairs
from passerby.types import Batch, Output


def batch_hard_triplet(output: Output, batch: Batch, *, margin: float = 0.3) -> Tensor:
    """Batch-hard triplet loss, mean over anchors and over the output's features.

    For each picture of the batch: max(0, m + distance to its person's farthest other picture - distance to the nearest
    picture of another person), by the Euclidean distance.
    Source: Hermans, Beyer, Leibe, In Defense of the Triplet Loss for Person Re-Identification, eq. (5). It stands for
    eq. (4), "Triplet loss", of Zhang, Yang, Zheng, Wang, Wu, Chen, Hybrid-Attention Guided Network with Multiple
    Resolution Features for Person Re-Identification, and eqs. (2) and (3) of Li, Wang, Person Re-Identification Based
    on Joint Loss and Multiple Attention Mechanism; neither says which triplets of a batch are taken.

    Args:
        output: of a model in training mode; its `features` are compared, each (B, F).
        batch: its `pids` tell who is who.
        margin: m, in units of the distance; 0 or more.

    Raises:
        ValueError: if the model gave no features, margin is negative, or a picture of the batch has no other picture
            of its person or none of another one.
    """
    if not output.features:
        raise ValueError("The triplet loss needs features; put the model in train mode.")
    if margin < 0:
        raise ValueError(f"The margin of the triplet loss is {margin}; give 0 or more.")
    positive, negative = pairs(batch.pids)
    return torch.stack([_one(feature.float(), positive, negative, margin) for feature in output.features]).mean()


def _one(feature: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    distance = pairwise_distance(feature)
    farthest = distance.masked_fill(~positive, -torch.inf).amax(dim=1)
    nearest = distance.masked_fill(~negative, torch.inf).amin(dim=1)
    return (farthest - nearest + margin).clamp(min=0).mean()


def pairwise_distance(feature: Tensor) -> Tensor:
    """(B, B) Euclidean distances between the rows of (B, F); never below 1e-6, where the root has no gradient."""
    square = feature.square().sum(dim=1)
    squared = square.unsqueeze(0) + square.unsqueeze(1) - 2 * feature @ feature.T
    return squared.clamp(min=1e-12).sqrt()
