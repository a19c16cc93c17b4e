"""The true class has to win by a margin of the cosine."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from passerby.losses._cosines import check_scale_and_margin, cosines
from passerby.losses._smoothed_cross_entropy import Smoothing, smoothed_cross_entropy
from passerby.types import Batch, Output


def additive_margin_softmax(
    output: Output,
    batch: Batch,
    *,
    scale: float = 30.0,
    margin: float = 0.35,
    smoothing: float = 0.0,
    form: Smoothing = "all",
) -> Tensor:
    """Cross entropy of cosines of which the true one is lowered, mean over the batch and the output's classifiers.

    With s a cosine, g the scale and m the margin, the logit of the true class is g (s - m), that of each other one g s.
    Source: Wang, Cheng, Liu, Liu, Additive Margin Softmax for Face Verification, section 3. It is also eq. (4) of
    Li, Wang, Person Re-Identification Based on Joint Loss and Multiple Attention Mechanism, with one positive
    similarity, that to the class's own weight.

    Args:
        output: of a model in training mode with a cosine classifier; its `logits` are used.
        batch: its `pids` are the classes.
        scale: g, above 0.
        margin: m, in [0, 1).
        smoothing: as in `identity`.
        form: as in `identity`.

    Raises:
        ValueError: if the model gave no logits or other ones than cosines, or an option is out of range.
    """
    check_scale_and_margin(scale, margin)
    terms = []
    for cosine in cosines(output, loss="additive-margin"):
        logits = scale * (cosine - margin * one_hot(batch.pids, cosine.shape[1]))
        terms.append(smoothed_cross_entropy(logits, batch.pids, smoothing=smoothing, form=form))
    return torch.stack(terms).mean()
