"""The attention of one residual block, by name."""

from typing import Literal, get_args

from timm.layers.eca import EcaModule
from timm.layers.non_local_attn import NonLocalAttn
from timm.layers.squeeze_excite import SEModule
from torch import nn

from passerby.models.backbone import Place, check_stages
from passerby.models.cbam import CBAM

BlockAttention = Literal["cbam", "cbam_bn", "se", "eca", "non_local"]


def block_attention(kind: BlockAttention, channels: int) -> nn.Module:
    """Attention from (B, `channels`, h, w) to the same shape.

    - `cbam`: which channels, then which places; see `CBAM`. `cbam_bn`: with a batch norm in the spatial half.
    - `se`: squeeze and excitation. Source: Hu, Shen, Sun, Squeeze-and-Excitation Networks, eqs. (2) to (4); hidden
      layer 16 times narrower, no biases.
    - `eca`: channels weighted by a convolution over their means. Source: Wang, Wu, Zhu, Li, Zuo, Hu, ECA-Net, eqs. (9)
      and (12): its width k is the whole part of (log2 C + 1) / 2, or one more where that is even; 3 or more.
    - `non_local`: each place plus what it takes from all places. Source: Wang, Girshick, Gupta, He, Non-local Neural
      Networks, eqs. (1), (3) and (6): embedded Gaussian, C / 2 inner channels, a last batch norm that starts at zero.

    Args:
        kind: one of these.
        channels: C; 16 or more for `cbam`, `cbam_bn` and `se`, 2 or more for `non_local`.

    Raises:
        ValueError: if kind is another, or channels are too few.
    """
    if kind not in get_args(BlockAttention):
        raise ValueError(f"attention is {kind!r}; give one of {', '.join(get_args(BlockAttention))}.")
    fewest = {"eca": 1, "non_local": 2}.get(kind, 16)
    if channels < fewest:
        raise ValueError(f"{kind} needs {fewest} channels or more; a block of the backbone has {channels}.")
    attention: nn.Module
    if kind == "se":
        attention = SEModule(channels, rd_channels=channels // 16, bias=False)
    elif kind == "eca":
        attention = EcaModule(channels)
    elif kind == "non_local":
        attention = NonLocalAttn(channels, use_scale=False, rd_channels=channels // 2)  # type: ignore[no-untyped-call]
    else:
        attention = CBAM(channels, spatial_bn=kind == "cbam_bn")
    return attention


def usual_stages(kind: BlockAttention, network: nn.Module) -> dict[int, int | None]:
    """Stage to the number of its last blocks that get attention, None for all: where each kind usually sits.

    Every block of every stage; but non-local attention at the last two blocks of stage 2 and the last three of stage 3,
    or at all of them where a stage has fewer.

    Args:
        kind: of `block_attention`.
        network: of `backbone`.

    Raises:
        ValueError: if the network is not of the ResNet family.
    """
    check_stages(network, (1, 2, 3, 4))
    if kind != "non_local":
        return dict.fromkeys((1, 2, 3, 4))
    blocks = {stage: sum(1 for _ in network.get_submodule(f"layer{stage}").children()) for stage in (2, 3)}
    return {2: min(2, blocks[2]), 3: min(3, blocks[3])}


def usual_place(kind: BlockAttention) -> Place:
    """Where in the block each kind usually sits: before the addition; but non-local attention after the block."""
    return "post_block" if kind == "non_local" else "pre_add"
