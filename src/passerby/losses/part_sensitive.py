"""The part-sensitive loss (PSL): stripes that are easy for now count less."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from passerby.types import Batch, Output


def part_sensitive(
    output: Output,
    batch: Batch,
    *,
    stripes: Sequence[int] = (8, 4, 2, 1),
    gamma: Sequence[float] = (0.3, 0.5, 1.5, 2.0),
    single: Literal["focal", "ce", "literal"] = "focal",
    reduce: Literal["sum", "mean"] = "sum",
    detach: bool = False,
    temperature: float = 1.0,
) -> Tensor:
    """Part-sensitive loss, summed over the stripes, mean over the batch.

    For stripe j of scale i, with P stripes a scale and M pictures a batch:
        eq. (2): p_ij = softmax probability of the picture's person y by the stripe's classifier
        eq. (3): softmax loss = - 1/M sum over pictures, i and j of log p_ij
        eq. (4): Omega_ij = exp(p_ij) / sum over j' = 1 .. P of exp(p_ij'), how easy the stripe is within its scale
        eq. (5): PSL = - 1/M sum over pictures, i and j of (1 - Omega_ij)^gamma_i log p_ij
    With every gamma 0 it is the softmax loss.

    Since p_ij stays within 0 .. 1, the softmax of eq. (4) cannot tell stripes far apart: with these gammas the factor
    of eq. (5) never falls below 0.906, 0.724 and 0.139 for 8, 4 and 2 stripes. The paper's example (at gamma 2,
    "Omega = 0.1" leaves 1 %) holds for Omega = 0.9, which eq. (4) reaches with a lower temperature only.

    Source: Zhang et al., Multi-level and Multi-scale Horizontal Pooling Network for Person Re-identification,
    section 3.3, eqs. (2) to (5).
    Differs: the equations are blank in the text at hand, and are put together from their sentences. With one stripe
    eq. (4) is 1 and eq. (5) is 0, so that the whole picture's classifier would learn nothing; `single` says what stands
    in its place. The paper does not say which gamma is whose; its scales are counted from the top, 8 stripes first.

    Args:
        output: of a model in training mode; its `logits` are one (B, C) a stripe, scale by scale.
        batch: its `pids` are the classes.
        stripes: P of each scale, in the model's order.
        gamma: gamma_i of each scale, 0 or more.
        single: a scale of one stripe gets the factor (1 - p)^gamma of the focal loss (`focal`: Lin et al., Focal Loss
            for Dense Object Detection, eq. (4)), the factor 1 (`ce`), or eq. (5) as it stands (`literal`).
        reduce: `sum` over the stripes, or their `mean`.
        detach: True lets no gradient through the factor.
        temperature: divides p_ij in eq. (4); above 0, below 1 for factors further apart.

    Raises:
        ValueError: if the model gave no logits, stripes do not add up to their number or differ in number from gamma,
            or an option is out of range.
    """
    _check(output, stripes, gamma, single, reduce, temperature)
    terms: list[Tensor] = []
    for exponent, logits in zip(gamma, _by_scale(output.logits, stripes), strict=True):
        person = batch.pids.expand(len(logits), -1).unsqueeze(2)
        log_p = log_softmax(logits.float(), dim=2).gather(2, person).squeeze(2)  # (P, B), eq. (2)
        factor = _factor(log_p, exponent, single, temperature)
        terms.extend(-(factor.detach() if detach else factor) * log_p)
    loss = torch.stack(terms).mean(dim=1)
    return loss.sum() if reduce == "sum" else loss.mean()


def _factor(log_p: Tensor, gamma: float, single: str, temperature: float) -> Tensor:
    """(1 - Omega)^gamma of (P, B) log probabilities."""
    if len(log_p) > 1:
        hard = 1 - torch.softmax(log_p.exp() / temperature, dim=0)  # eq. (4)
    elif single == "focal":
        hard = -torch.expm1(log_p)  # 1 - p
    else:
        return torch.full_like(log_p, 1.0 if single == "ce" else 0.0**gamma)
    return hard.clamp(min=torch.finfo(hard.dtype).tiny).pow(gamma)  # at 0 a power below 1 has no gradient


def _by_scale(logits: Sequence[Tensor], stripes: Sequence[int]) -> list[Tensor]:
    """The logits of each scale, (P, B, C)."""
    ends = [sum(stripes[: i + 1]) for i in range(len(stripes))]
    return [torch.stack(tuple(logits[end - n : end])) for end, n in zip(ends, stripes, strict=True)]


def _check(
    output: Output, stripes: Sequence[int], gamma: Sequence[float], single: str, reduce: str, temperature: float
) -> None:
    if not output.logits:
        raise ValueError("The loss needs logits; build the model with num_classes, and put it in train mode.")
    if not stripes or min(stripes) < 1 or sum(stripes) != len(output.logits):
        raise ValueError(
            f"stripes is {tuple(stripes)}, but the model classifies {len(output.logits)} stripes; "
            "give the number of each scale, 1 or more, in the model's order."
        )
    if len(gamma) != len(stripes) or not all(number >= 0 for number in gamma):
        raise ValueError(f"gamma is {tuple(gamma)} for {len(stripes)} scales; give one number a scale, 0 or more.")
    if single not in ("focal", "ce", "literal"):
        raise ValueError(f"single is {single!r}; give focal, ce or literal.")
    if reduce not in ("sum", "mean"):
        raise ValueError(f"reduce is {reduce!r}; give sum or mean.")
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}; give a number above 0.")
