"""What do the people wear and carry?"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from passerby.types import MISSING, Batch, Output


def attributes(output: Output, batch: Batch) -> Tensor:
    """Cross entropy of each attribute, summed over the attributes: the sum of L_att i, i = 1 .. m.

    Each term is the mean over the pictures of the batch that have this label (eqs. (1) and (2)); where none has it, the
    term is 0. Scores of several bands (B, n, classes) are compared with the label one by one, and the term is the mean
    over the bands too.
    Source: Zhang, Xu, Person Re-identification by Mid-level Attribute and Part-based Identity Learning, eq. (3), last
    part; its weight 0.1 stands in the recipe.

    Args:
        output: of a model in training mode; its `attributes` are used.
        batch: its `attributes` hold the class of each picture under the same names, or MISSING; others are not used.

    Raises:
        ValueError: if the model gave no attributes, the batch lacks the labels of one, or a label is a class that the
            model does not have.
    """
    if not output.attributes:
        raise ValueError(
            "The attribute loss needs scores of attributes; give it a model with attribute heads, in train mode."
        )
    without = [name for name in output.attributes if name not in batch.attributes]
    if without:
        raise ValueError(
            f"The model has attribute heads without labels: {', '.join(without)}; the batch has "
            f"{', '.join(batch.attributes) or 'none'}. Give the recipe labels of the same scheme as the heads."
        )
    pairs = {name: (scores.float(), batch.attributes[name]) for name, scores in output.attributes.items()}
    outside = [((y < MISSING) | (y >= scores.shape[-1])).any() for scores, y in pairs.values()]
    if bool(torch.stack(outside).any()):
        named = [
            f"{name} ({pairs[name][0].shape[-1]} classes)" for name, bad in zip(pairs, outside, strict=True) if bad
        ]
        raise ValueError(f"Labels are no class of their heads: {', '.join(named)}; give heads for these labels.")
    return torch.stack([_one(scores, labels) for scores, labels in pairs.values()]).sum()


def _one(scores: Tensor, labels: Tensor) -> Tensor:
    """L_att i, from (B, classes) or (B, n, classes) scores and (B,) labels."""
    if scores.ndim == 3:
        labels = labels.unsqueeze(1).expand(scores.shape[:2]).flatten()
        scores = scores.flatten(0, 1)
    known = (labels != MISSING).sum()
    # a mean over nothing would be NaN, and its gradient too
    return cross_entropy(scores, labels, ignore_index=MISSING, reduction="sum") / known.clamp(min=1)
