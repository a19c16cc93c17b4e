"""What a feature map should be multiplied with: one number a channel, or one a place."""

from typing import Literal

import torch
from torch import Tensor, nn

PoolSum = Literal["after", "before"]
"""Where the two poolings are added: after the shared layers, or before them."""


class ChannelAttention(nn.Module):
    """Which channels matter (CAM): (B, C, h, w) to (B, C, 1, 1) in 0 .. 1.

    Source: Woo, Park, Lee, Kweon, CBAM: Convolutional Block Attention Module, eq. (2), which is `after`:
    sigmoid(f(average) + f(maximum)), where f is two 1x1 convolutions with a ReLU between them. Zhang, Yang, Zheng
    et al., Hybrid-Attention Guided Network with Multiple Resolution Features for Person Re-Identification, eq. (2), is
    `before`: sigmoid(f(average + maximum)); the prose there speaks of adding after the shared layers.

    Args:
        channels: C, at least `ratio`.
        ratio: f has C / ratio hidden channels, rounded down; 1 or more.
        pool_sum: see `PoolSum`.

    Raises:
        ValueError: if ratio is below 1, leaves no hidden channel, or pool_sum is another.
    """

    def __init__(self, channels: int, *, ratio: int = 16, pool_sum: PoolSum = "after") -> None:
        super().__init__()
        if not 1 <= ratio <= channels:
            raise ValueError(
                f"ratio is {ratio} and the map has {channels} channels; "
                f"give a ratio of 1 .. {channels}, so that there is a hidden channel."
            )
        if pool_sum not in ("after", "before"):
            raise ValueError(f"pool_sum is {pool_sum!r}; give after or before.")
        hidden = channels // ratio
        self.shared = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False), nn.ReLU(), nn.Conv2d(hidden, channels, 1, bias=False)
        )
        self.pool_sum = pool_sum

    def forward(self, feature_map: Tensor) -> Tensor:
        """The weight of each channel of (B, C, h, w)."""
        average = feature_map.mean(dim=(2, 3), keepdim=True)
        maximum = feature_map.amax(dim=(2, 3), keepdim=True)
        if self.pool_sum == "before":
            return torch.sigmoid(self.shared(average + maximum))
        return torch.sigmoid(self.shared(average) + self.shared(maximum))


class SpatialAttention(nn.Module):
    """Which places matter (SAM): (B, C, h, w) to (B, 1, h, w) in 0 .. 1.

    Source: Woo, Park, Lee, Kweon, CBAM: Convolutional Block Attention Module, eq. (3): sigmoid(f[average; maximum]),
    both over the channels, where f is a convolution without bias; eq. (1) of Zhang, Yang, Zheng et al. is the same.
    Differs: the map is padded with zeros, so that it keeps its size.

    Args:
        kernel: side of the convolution, odd.
        batch_norm: True for a batch norm after the convolution, as the authors' program of CBAM has it.

    Raises:
        ValueError: if kernel is even or below 1.
    """

    def __init__(self, *, kernel: int = 7, batch_norm: bool = False) -> None:
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel is {kernel}; give an odd number, so that the map keeps its size.")
        self.convolution = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(1) if batch_norm else nn.Identity()

    def forward(self, feature_map: Tensor) -> Tensor:
        """The weight of each place of (B, C, h, w)."""
        average = feature_map.mean(dim=1, keepdim=True)
        maximum = feature_map.amax(dim=1, keepdim=True)
        return torch.sigmoid(self.norm(self.convolution(torch.cat([average, maximum], dim=1))))
