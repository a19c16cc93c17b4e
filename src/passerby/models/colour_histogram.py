"""The plain baseline: how far colour alone goes, without learning."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from passerby.images import denormalise
from passerby.types import Output


class ColourHistogram(nn.Module):
    """Hue, saturation and value histograms of horizontal stripes, square-rooted: no weights, nothing learned.

    The cosine between two square-rooted histograms is their Bhattacharyya coefficient, the mean of it over the stripes
    and the three channels.
    Source: stripes of HSV histograms are the colour part of the usual hand-made descriptors, such as Gray and Tao,
    Viewpoint Invariant Pedestrian Recognition with an Ensemble of Localized Features, section 3.

    Args:
        stripes: number of horizontal stripes, 1 or more.
        bins: bins of each channel's histogram, 2 or more.

    Raises:
        ValueError: if stripes or bins is too small.
    """

    def __init__(self, *, stripes: int = 8, bins: int = 16) -> None:
        super().__init__()
        if stripes < 1 or bins < 2:
            raise ValueError(f"stripes is {stripes} and bins {bins}; give 1 or more stripes and 2 or more bins.")
        self.stripes = stripes
        self.bins = bins

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, H, W) images as (B, stripes * 3 * bins).

        Raises:
            ValueError: if H is below the number of stripes.
        """
        if images.shape[2] < self.stripes:
            raise ValueError(f"pictures are {images.shape[2]} rows high; give at least {self.stripes}, one a stripe.")
        levels = (hsv(denormalise(images).clamp(0, 1)) * self.bins).long().clamp(max=self.bins - 1)
        counts = [
            one_hot(stripe.flatten(2), self.bins).float().mean(dim=2)  # (B, 3, bins)
            for stripe in levels.tensor_split(self.stripes, dim=2)
        ]
        embedding = torch.stack(counts, dim=1).sqrt().flatten(1) / (3 * self.stripes) ** 0.5
        return Output(embedding)


def hsv(rgb: Tensor) -> Tensor:
    """(B, 3, H, W) RGB in 0 .. 1 as hue, saturation and value in 0 .. 1; a grey's hue is 0."""
    value, strongest = rgb.max(dim=1)
    spread = value - rgb.amin(dim=1)
    red, green, blue = rgb.unbind(1)
    safe = spread.clamp(min=1e-6)
    sector = torch.stack(
        [((green - blue) / safe) % 6, (blue - red) / safe + 2, (red - green) / safe + 4], dim=1
    ).gather(1, strongest.unsqueeze(1))
    hue = torch.where(spread > 1e-6, sector.squeeze(1) / 6, torch.zeros_like(value))
    saturation = spread / value.clamp(min=1e-6)
    return torch.stack([hue, saturation, value], dim=1)
