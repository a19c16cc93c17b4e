"""CBAM: which channels, then which places."""

from torch import Tensor, nn

from passerby.models.attention import ChannelAttention, SpatialAttention


class CBAM(nn.Module):
    """(B, C, h, w) weighted by channel attention, then by spatial attention; the same shape.

    F' = M_C(F) * F, F'' = M_S(F') * F'.
    Source: Li, Wang, Person Re-Identification Based on Joint Loss and Multiple Attention Mechanism, eq. (7); it is
    eq. (1) of Woo, Park, Lee, Kweon, CBAM: Convolutional Block Attention Module.

    Args:
        channels: C, `ratio` or more.
        ratio: how many times narrower the hidden layer of the channel attention is.
        kernel: side of the spatial attention's convolution; odd.
        spatial_bn: True puts a batch norm after that convolution, as the code of CBAM's authors does.
    """

    def __init__(self, channels: int, *, ratio: int = 16, kernel: int = 7, spatial_bn: bool = False) -> None:
        super().__init__()
        self.channel = ChannelAttention(channels, ratio=ratio)
        self.spatial = SpatialAttention(kernel=kernel, batch_norm=spatial_bn)

    def forward(self, feature_map: Tensor) -> Tensor:
        """Weight a (B, C, h, w) map."""
        feature_map = self.channel(feature_map) * feature_map
        weighted: Tensor = self.spatial(feature_map) * feature_map
        return weighted
