"""What the losses of cosines share."""

import torch
from torch import Tensor

from passerby.types import Output

_ROUNDING = 1e-3


def check_scale_and_margin(scale: float, margin: float) -> None:
    """Refuse what is no scale or no margin of cosines.

    Raises:
        ValueError: if scale is not above 0, or margin not in [0, 1).
    """
    if not scale > 0:
        raise ValueError(f"scale is {scale}; give a number above 0.")
    if not 0 <= margin < 1:
        raise ValueError(f"margin is {margin}; give a number in [0, 1).")


def cosines(output: Output, *, loss: str) -> tuple[Tensor, ...]:
    """The output's logits in float32, which are cosines.

    Args:
        output: of a model in training mode.
        loss: what the loss that asks is called.

    Raises:
        ValueError: if there are no logits, or one lies outside [-1, 1] by more than rounding.
    """
    if not output.logits:
        raise ValueError(f"The {loss} loss needs logits; build the model with num_classes, and put it in train mode.")
    for logits in output.logits:
        if bool((logits.detach().abs() > 1 + _ROUNDING).any()):
            raise ValueError(
                f"The {loss} loss needs cosines, and the logits reach {float(logits.detach().abs().max()):.3g}; "
                "build the model with classifier='cosine'."
            )
    return tuple(logits.float() for logits in output.logits)


def circle(cosine: Tensor, same: Tensor, *, margin: float) -> Tensor:
    """Circle-weighted cosines: a_p (s - (1 - m)) where it is the same person, a_n (s - m) elsewhere.

    a_p = max(0, 1 + m - s) and a_n = max(0, s + m) carry no gradient.
    Source: Sun, Cheng, Zhang, Zhang, Zheng, Wang, Wei, Circle Loss: A Unified Perspective of Pair Similarity
    Optimization, eqs. (5) and (6), with the optima 1 + m and -m.

    Args:
        cosine: (B, K) cosines s.
        same: (B, K) bool.
        margin: m.
    """
    to_one = (1 + margin - cosine.detach()).clamp(min=0) * (cosine - (1 - margin))
    to_zero = (cosine.detach() + margin).clamp(min=0) * (cosine - margin)
    return torch.where(same, to_one, to_zero)
