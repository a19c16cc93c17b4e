"""The adaptive pooling strategy (APS): mean and maximum of a stripe, weighed by a learned number."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

Aps = Literal["convex", "sum", "two", "plain", "gap", "gmp"]
"""How mean and maximum come together; see `AdaptivePooling`."""


class AdaptivePooling(nn.Module):
    """(B, C, S, h, w) to (B, C, S): a weighted sum of each stripe's mean (GAP) and maximum (GMP), in each channel.

    Eq. (1), for stripe j of scale i: v_ij = alpha_i GAP(F_ij) + (1 - alpha_i) GMP(F_ij).
    alpha_i is one learned number that all stripes of scale i share; it starts from 0.5 and is not kept within 0 .. 1.

    Source: Zhang et al., Multi-level and Multi-scale Horizontal Pooling Network for Person Re-identification,
    section 3.2.4, eq. (1).
    Differs: the equation is blank in the text at hand, and is put together from its sentence ("a weighted sum of the
    GAP and GMP operations", with one learned alpha that "balances" the two). The other forms are what else it may be.

    Args:
        form: `convex` as above; `sum`: GAP + alpha GMP; `two`: alpha GAP + alpha_max GMP, two learned numbers;
            `plain`: GAP + GMP, as in Fu et al., Horizontal Pyramid Matching for Person Re-identification;
            `gap`: the mean alone; `gmp`: the maximum alone.
        sigmoid: True keeps the learned numbers within 0 .. 1: alpha is the sigmoid of the weight, which starts from 0.

    Raises:
        ValueError: if form is another, or sigmoid is asked of a form that learns no number.
    """

    def __init__(self, form: Aps = "convex", *, sigmoid: bool = False) -> None:
        super().__init__()
        if form not in get_args(Aps):
            raise ValueError(f"aps is {form!r}; give one of {', '.join(get_args(Aps))}.")
        if sigmoid and form in ("plain", "gap", "gmp"):
            raise ValueError(f"{form} learns no number for a sigmoid; give convex, sum or two, or leave sigmoid off.")
        self.form = form
        self.sigmoid = sigmoid
        start = 0.0 if sigmoid else 0.5
        if form in ("convex", "sum", "two"):
            self.alpha = nn.Parameter(torch.tensor(start))
        if form == "two":
            self.alpha_max = nn.Parameter(torch.tensor(start))

    def forward(self, stripes: Tensor) -> Tensor:
        """Pool (B, C, S, h, w) stripes over h and w."""
        if self.form == "gap":
            return stripes.mean(dim=(3, 4))
        if self.form == "gmp":
            return stripes.amax(dim=(3, 4))
        average, maximum = stripes.mean(dim=(3, 4)), stripes.amax(dim=(3, 4))
        if self.form == "plain":
            return average + maximum
        alpha = self._number(self.alpha)
        if self.form == "convex":
            return alpha * average + (1 - alpha) * maximum
        if self.form == "sum":
            return average + alpha * maximum
        return alpha * average + self._number(self.alpha_max) * maximum

    def _number(self, weight: Tensor) -> Tensor:
        return weight.sigmoid() if self.sigmoid else weight
