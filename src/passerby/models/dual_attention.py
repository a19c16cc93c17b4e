"""DANet's two attentions: places that look at places, channels that look at channels."""

import torch
from torch import Tensor, nn
from torch.nn.functional import softmax


class DualAttention(nn.Module):
    """(B, C, h, w) plus what each place takes from alike places, plus what each channel takes from alike channels.

    Both parts start with weight zero, so that the map begins unchanged.
    Source: Fu, Liu, Tian, Li, Bao, Fang, Lu, Dual Attention Network for Scene Segmentation, eqs. (1) to (4).
    Differs: the convolutions before and after each attention, which narrow the map to C / 4 channels, are left out, and
    the sum of the two attentions holds the map once, not twice: the descriptor keeps its width and its scale.
    The likeness of channels is taken as in eq. (3); the authors' code takes it from its maximum, which turns it round.

    Args:
        channels: C, `ratio` or more.
        ratio: how many times narrower than C the places' queries and keys are.

    Raises:
        ValueError: if channels is below ratio.
    """

    def __init__(self, channels: int, *, ratio: int = 8) -> None:
        super().__init__()
        if not 1 <= ratio <= channels:
            raise ValueError(f"ratio is {ratio} for {channels} channels; give a number of 1 .. {channels}.")
        self.query = nn.Conv2d(channels, channels // ratio, 1)
        self.key = nn.Conv2d(channels, channels // ratio, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.alpha = nn.Parameter(torch.zeros(()))
        self.beta = nn.Parameter(torch.zeros(()))

    def forward(self, feature_map: Tensor) -> Tensor:
        """Add both attentions to a (B, C, h, w) map; in float32, since likenesses are products of raw values."""
        with torch.autocast(feature_map.device.type, enabled=False):
            whole = feature_map.float()
            return whole + self.alpha * self._places(whole) + self.beta * _channels(whole)

    def _places(self, feature_map: Tensor) -> Tensor:
        """Eqs. (1) and (2): each place is the mean of all values, by the likeness of its query to their keys."""
        query, key, value = (part(feature_map).flatten(2) for part in (self.query, self.key, self.value))
        likeness = softmax(query.transpose(1, 2) @ key, dim=2)  # (B, hw, hw), each row sums to 1
        taken: Tensor = value @ likeness.transpose(1, 2)
        return taken.view_as(feature_map)


def _channels(feature_map: Tensor) -> Tensor:
    """Eqs. (3) and (4): each channel is the mean of all channels, by its likeness to them."""
    rows = feature_map.flatten(2)
    return (softmax(rows @ rows.transpose(1, 2), dim=2) @ rows).view_as(feature_map)
