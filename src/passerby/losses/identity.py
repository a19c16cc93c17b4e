"""Which of the training people is it?"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from passerby.types import Batch, Output


def identity(output: Output, batch: Batch, *, smoothing: float = 0.0) -> Tensor:
    """Cross entropy of the identity, mean over the batch and over the output's classifiers.

    Args:
        output: of a model in training mode; its `logits` are used.
        batch: its `pids` are the classes.
        smoothing: share e of the target that is spread evenly over all K classes: (1 - e) onehot + e / K. In [0, 1).
            Source: Szegedy et al., Rethinking the Inception Architecture for Computer Vision, section 7.

    Raises:
        ValueError: if the model gave no logits, or smoothing is out of range.
    """
    if not output.logits:
        raise ValueError("The identity loss needs logits; build the model with num_classes, and put it in train mode.")
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing is {smoothing}; give a share in [0, 1).")
    terms = [cross_entropy(logits.float(), batch.pids, label_smoothing=smoothing) for logits in output.logits]
    return torch.stack(terms).mean()
