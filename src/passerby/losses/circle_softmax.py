"""Circle loss between a picture and its class's weight, as a classifier."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from passerby.losses._cosines import check_scale_and_margin, circle, cosines
from passerby.losses._smoothed_cross_entropy import Smoothing, smoothed_cross_entropy
from passerby.types import Batch, Output


def circle_softmax(
    output: Output,
    batch: Batch,
    *,
    scale: float = 64.0,
    margin: float = 0.35,
    smoothing: float = 0.0,
    form: Smoothing = "all",
) -> Tensor:
    """Cross entropy of circle-weighted cosines, mean over the batch and over the output's classifiers.

    With s a cosine, g the scale and m the margin, the logit of the true class is g a_p (s - (1 - m)) and that of each
    other class g a_n (s - m), where a_p = max(0, 1 + m - s) and a_n = max(0, s + m) weigh a cosine by how far it is
    from its optimum; no gradient goes through the weights.
    Source: Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei, Circle Loss: A Unified Perspective of Pair Similarity
    Optimization, eqs. (5) and (6) with one positive similarity, that to the class's own weight.
    Differs: eq. (4) of Li, Wang, Person Re-Identification Based on Joint Loss and Multiple Attention Mechanism, leaves
    out a_p and a_n; that is `additive_margin_softmax`.

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
    for cosine in cosines(output, loss="circle"):
        true = one_hot(batch.pids, cosine.shape[1]).bool()
        logits = scale * circle(cosine, true, margin=margin)
        terms.append(smoothed_cross_entropy(logits, batch.pids, smoothing=smoothing, form=form))
    return torch.stack(terms).mean()
