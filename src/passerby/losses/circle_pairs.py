"""Circle loss between the pictures of a batch."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize, softplus

from passerby.losses._cosines import check_scale_and_margin, circle
from passerby.losses._pairs import pairs
from passerby.types import Batch, Output


def circle_pairs(
    output: Output,
    batch: Batch,
    *,
    scale: float = 128.0,
    margin: float = 0.25,
    form: Literal["circle", "unified"] = "circle",
) -> Tensor:
    """Circle loss over all pairs of the batch, mean over anchors and over the output's features.

    For each picture, with s_p its cosines to its person's other pictures and s_n those to other people's, g the scale
    and m the margin: log(1 + sum exp(g a_n (s_n - m)) * sum exp(-g a_p (s_p - (1 - m)))), where a_p = max(0, 1 + m -
    s_p) and a_n = max(0, s_n + m) carry no gradient; the form `unified` weighs nothing: log(1 + sum exp(g (s_n + m)) *
    sum exp(-g s_p)).
    Source: Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei, Circle Loss: A Unified Perspective of Pair Similarity
    Optimization, eqs. (5) and (6), and for `unified` eq. (1), which Li, Wang, Person Re-Identification Based on Joint
    Loss and Multiple Attention Mechanism, print as their eq. (4).

    Args:
        output: of a model in training mode; its `features` are compared, each (B, F), of any length.
        batch: its `pids` tell who is who.
        scale: g, above 0.
        margin: m, in [0, 1).
        form: `circle` or `unified`.

    Raises:
        ValueError: if the model gave no features, an option is out of range, or a picture of the batch has no other
            picture of its person or none of another one.
    """
    if not output.features:
        raise ValueError("The circle loss needs features; put the model in train mode.")
    check_scale_and_margin(scale, margin)
    if form not in ("circle", "unified"):
        raise ValueError(f"form is {form!r}; give circle or unified.")
    positive, negative = pairs(batch.pids)
    terms = []
    for feature in output.features:
        unit = normalize(feature.float(), dim=1)
        cosine = unit @ unit.T
        weighted = circle(cosine, positive, margin=margin) if form == "circle" else cosine + margin * negative
        terms.append(_one(scale * weighted, positive, negative))
    return torch.stack(terms).mean()


def _one(weighted: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    # the diagonal is in neither sum
    near = (-weighted).masked_fill(~positive, -torch.inf).logsumexp(dim=1)
    far = weighted.masked_fill(~negative, -torch.inf).logsumexp(dim=1)
    return softplus(near + far).mean()
