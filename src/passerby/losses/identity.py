"""Which of the training people is it?"""

import torch
from torch import Tensor

from passerby.losses._smoothed_cross_entropy import Smoothing, smoothed_cross_entropy
from passerby.types import Batch, Output


def identity(
    output: Output, batch: Batch, *, smoothing: float = 0.0, form: Smoothing = "all", only: int | None = None
) -> Tensor:
    """Cross entropy of the identity, mean over the batch and over the output's classifiers.

    Source: it is eq. (3), "Identification loss", of Zhang, Yang, Zheng, Wang, Wu, Chen, Hybrid-Attention Guided Network
    with Multiple Resolution Features for Person Re-Identification; eq. (1) of Li, Wang, Person Re-Identification Based
    on Joint Loss and Multiple Attention Mechanism; and eqs. (1) and (2) of Zhang, Xu, Person Re-identification by
    Mid-level Attribute and Part-based Identity Learning.
    Differs: the first of them prints no exponential, the second a sum over both answers to each class; all three say
    that they mean the softmax's cross entropy, and that is what this is.

    Args:
        output: of a model in training mode; its `logits` are used.
        batch: its `pids` are the classes.
        smoothing: share e of the target that goes to other classes than the true one; in [0, 1).
        form: `all` spreads it over all K classes: (1 - e) onehot + e / K; `others` over the K - 1 others: 1 - e for the
            true class, e / (K - 1) for each other one.
        only: the one classifier that is meant, counted from 0; None for all of them.

    Raises:
        ValueError: if the model gave no logits, an option is out of range, or there is no classifier `only`.
    """
    if not output.logits:
        raise ValueError("The identity loss needs logits; build the model with num_classes, and put it in train mode.")
    if only is not None and not 0 <= only < len(output.logits):
        raise ValueError(f"only is {only}; the model has the classifiers 0 .. {len(output.logits) - 1}.")
    chosen = output.logits if only is None else (output.logits[only],)
    return torch.stack([smoothed_cross_entropy(x, batch.pids, smoothing=smoothing, form=form) for x in chosen]).mean()
