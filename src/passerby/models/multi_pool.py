"""Multi-pool feature extractor (MPFE): from the map of one window to its feature."""

from typing import Literal

import torch
from torch import Tensor, nn

from passerby.models.pooling import Pooling

Activation = Literal["leaky_relu", "relu"]


class MultiPoolFeatureExtractor(nn.Module):
    """The reduced feature of a window: (B, C, h, w) to (B, dim), before the batch norm and the classifier.

    Maximum and mean side by side, 1x1 convolution, batch norm, activation, linear layer.
    Source: Zhang, Yang, Zheng et al., Hybrid-Attention Guided Network with Multiple Resolution Features for Person
    Re-Identification, section III.D and figure 5; the width of the convolution and the starting weights are those of
    the authors' program.

    Args:
        in_channels: C.
        channels: width of the 1x1 convolution.
        dim: length of the feature.
        activation: `leaky_relu` (slope 0.1) as in the authors' program, `relu` as in the paper.

    Raises:
        ValueError: if channels or dim is below 1, or activation is another.
    """

    def __init__(
        self, in_channels: int, *, channels: int = 256, dim: int = 512, activation: Activation = "leaky_relu"
    ) -> None:
        super().__init__()
        if channels < 1 or dim < 1:
            raise ValueError(f"channels is {channels} and dim {dim}; give 1 or more of both.")
        if activation not in ("leaky_relu", "relu"):
            raise ValueError(f"activation is {activation!r}; give leaky_relu or relu.")
        self.maximum = Pooling("max")
        self.average = Pooling("average")
        self.reduce = nn.Conv2d(2 * in_channels, channels, 1, bias=False)
        self.norm = batch_norm(channels)
        self.activation = nn.LeakyReLU(0.1) if activation == "leaky_relu" else nn.ReLU()
        self.linear = nn.Linear(channels, dim, bias=False)
        nn.init.kaiming_normal_(self.linear.weight, mode="fan_out")

    def forward(self, window: Tensor) -> Tensor:
        """Reduce (B, C, h, w) to (B, dim)."""
        pooled = torch.cat([self.maximum(window), self.average(window)], dim=1)
        reduced = self.reduce(pooled[:, :, None, None]).flatten(1)
        feature: Tensor = self.linear(self.activation(self.norm(reduced)))
        return feature


def batch_norm(channels: int) -> nn.BatchNorm1d:
    """Batch norm of vectors that starts as the authors' program has it: weights from N(1, 0.02), no shift."""
    norm = nn.BatchNorm1d(channels)
    nn.init.normal_(norm.weight, mean=1.0, std=0.02)
    return norm
