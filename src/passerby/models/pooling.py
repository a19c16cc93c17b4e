"""From a feature map to a vector."""

from typing import Literal

import torch
from torch import Tensor, nn

Pool = Literal["max", "average", "gem"]


class Pooling(nn.Module):
    """(B, C, h, w) to (B, C): the maximum, the mean, or the generalised mean of each channel.

    Source: the generalised mean, with one learned exponent, is eq. (3) of Radenovic, Tolias, Chum, Fine-tuning CNN
    Image Retrieval with No Human Annotation.

    Args:
        kind: `max`, `average`, or `gem`.
        power: exponent that `gem` starts from, above 0.

    Raises:
        ValueError: if kind is another, or power is not above 0.
    """

    def __init__(self, kind: Pool, *, power: float = 3.0) -> None:
        super().__init__()
        if kind not in ("max", "average", "gem"):
            raise ValueError(f"pool is {kind!r}; give max, average or gem.")
        if power <= 0:
            raise ValueError(f"power is {power}; give a number above 0.")
        self.kind = kind
        if kind == "gem":
            self.power = nn.Parameter(torch.tensor(power))

    def forward(self, feature_map: Tensor) -> Tensor:
        """Pool (B, C, h, w) over h and w."""
        if self.kind == "max":
            return feature_map.amax(dim=(2, 3))
        if self.kind == "average":
            return feature_map.mean(dim=(2, 3))
        positive = feature_map.float().clamp(min=1e-6)  # a power of zero or of a negative has no gradient
        return positive.pow(self.power).mean(dim=(2, 3)).pow(1 / self.power)
