"""timm's networks as feature extractors."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import timm
from timm.layers.blur_pool import BlurPool2d
from torch import Tensor, nn

from passerby import weights

Pretrained = bool | Path
"""False for random weights; True for timm's ImageNet weights; a path for a safetensors file."""
Place = Literal["pre_add", "post_block"]
"""Where block attention sits: after the block's last batch norm and before the addition, or after the whole block."""

_LOADING = {*inspect.signature(timm.create_model).parameters} - {"kwargs"} | {"pretrained_strict", "features_only"}
"""timm's own arguments, which could fetch or read other things than weights that are checked here."""
_STEM = ("conv1", "bn1", "act1", "maxpool")
_STAGES = ("layer1", "layer2", "layer3", "layer4")


def backbone(name: str, *, last_stride: int = 2, pretrained: Pretrained = False, **options: Any) -> nn.Module:  # noqa: ANN401 - timm's own arguments
    """A timm network without its classifier: (B, 3, H, W) in, feature map (B, `num_features`, h, w) out.

    Args:
        name: what timm calls it, such as `resnet50`, or with the weights' tag `resnet50.tv_in1k`.
        last_stride: 2 keeps the network; 1 removes the last stage's stride, so that the map is twice as fine
            (ResNet family only). The stride is changed, not dilated, and no weight changes.
        pretrained: False for random weights; True for timm's ImageNet weights (downloaded by timm); a path for a
            safetensors file of this very network, with or without its classifier.
        options: passed on to timm, such as `channels` of a ResNet's stages.

    Raises:
        ValueError: if timm has no such network, it gives no feature map, has no ResNet stages to change, or the file's
            weights are another network's.
        OSError: if timm's weights cannot be had.
    """
    if not isinstance(pretrained, bool | Path):
        raise ValueError(f"pretrained is {pretrained!r}; give True, False or a Path.")
    if not timm.is_model(name):
        raise ValueError(f"timm has no network {name!r}; timm.list_models() names those there are.")
    if last_stride not in (1, 2):
        raise ValueError(f"last_stride is {last_stride}; give 2 (as timm builds it) or 1 (removed).")
    refused = sorted(options.keys() & _LOADING)
    if refused:
        raise ValueError(f"{', '.join(refused)} cannot be set; weights come by `pretrained`.")
    try:
        network: nn.Module = timm.create_model(
            name, pretrained=pretrained is True, num_classes=0, global_pool="", **options
        )
    except TypeError as error:
        raise ValueError(f"timm's {name} does not take {options}: {error}.") from None
    except OSError as error:
        raise OSError(
            f"The ImageNet weights of {name} cannot be had ({str(error).splitlines()[0]}); "
            "give pretrained=FILE.safetensors, or pretrained=False for random weights."
        ) from None
    if isinstance(pretrained, Path):
        tensors = weights.read(pretrained)
        head = {key for key in tensors if key.split(".")[0] in ("fc", "head", "classifier")} - set(network.state_dict())
        weights.fill(network, {key: value for key, value in tensors.items() if key not in head}, source=pretrained)
    if last_stride == 1:
        remove_stride(network)
    return _ChannelsFirst(network) if getattr(network, "output_fmt", None) == "NHWC" else network


class _ChannelsFirst(nn.Module):
    """A network whose map is (B, h, w, C), as one whose map is (B, C, h, w)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.num_features = network.num_features

    def forward(self, images: Tensor) -> Tensor:
        feature_map: Tensor = self.network(images)
        return feature_map.permute(0, 3, 1, 2)


def remove_stride(network: nn.Module, stage: int = 4) -> None:
    """Take the stride out of a stage of a ResNet-family network, which changes no weight.

    Args:
        network: of `backbone`; is changed.
        stage: 2, 3 or 4; stage 4 is the papers' conv5_x.

    Raises:
        ValueError: if the network has no such stage, or its stage has no stride or one that blurs.
    """
    block = _stage(network, stage)[0]
    if any(isinstance(module, BlurPool2d) for module in block.modules()):
        raise ValueError(f"Stage {stage} of {type(network).__name__} strides by blurring, which is not taken out.")
    changed = 0
    for module in block.modules():
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.stride = (1, 1)
            changed += 1
        elif isinstance(module, nn.AvgPool2d) and module.stride in (2, (2, 2)):  # a shortcut, or an anti-aliased stride
            padded = module.padding not in (0, (0, 0))
            module.kernel_size, module.padding, module.stride = (3, 1, 1) if padded else (1, 0, 1)
            changed += 1
    if not changed:
        raise ValueError(f"Stage {stage} of {type(network).__name__} has no stride of 2 to remove.")


def stage_channels(network: nn.Module) -> tuple[int, int, int, int]:
    """Channels of the four stages of a ResNet-family network.

    Raises:
        ValueError: if the network has no such stages.
    """
    return tuple(block_channels(_stage(network, n)[-1]) for n in (1, 2, 3, 4))  # type: ignore[return-value]


def stages(network: nn.Module, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Feature maps after stages 1 to 4 (conv2_x to conv5_x) of a ResNet-family network, from (B, 3, H, W) images."""
    one = network.get_submodule("layer1")(stem(network, images))
    two = network.get_submodule("layer2")(one)
    three = network.get_submodule("layer3")(two)
    return one, two, three, network.get_submodule("layer4")(three)


def stem(network: nn.Module, images: Tensor) -> Tensor:
    """What goes into stage 1: (B, 3, H, W) images through the first convolution and the max pooling."""
    for name in _STEM:
        images = network.get_submodule(name)(images)
    return images


def last_blocks(network: nn.Module, images: Tensor) -> list[Tensor]:
    """Feature maps after each block of the last stage (res5a, res5b, ...), from (B, 3, H, W) images."""
    feature_map = stem(network, images)
    for name in ("layer1", "layer2", "layer3"):
        feature_map = network.get_submodule(name)(feature_map)
    maps = []
    for block in _stage(network, 4):
        feature_map = block(feature_map)
        maps.append(feature_map)
    return maps


def check_stages(network: nn.Module, wanted: Sequence[int]) -> None:
    """Refuse stages that a network lacks.

    Raises:
        ValueError: if the network is not of the ResNet family, or a stage is not 1 .. 4 or stands twice.
    """
    for stage in wanted:
        _stage(network, stage)
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError(f"stages is {tuple(wanted)}; give one or more of 1, 2, 3, 4, none of them twice.")


def last_block_count(network: nn.Module) -> int:
    """Blocks of the last stage of a ResNet-family network.

    Raises:
        ValueError: if the network has no such stages.
    """
    return len(_stage(network, 4))


def add_attention(
    network: nn.Module,
    build: Callable[[int], nn.Module],
    *,
    stages: Mapping[int, int | None],
    place: Place = "pre_add",
) -> None:
    """Put attention into the residual blocks of a ResNet-family network.

    Source: eq. (6) of Li, Wang, Person Re-Identification Based on Joint Loss and Multiple Attention Mechanism, is such
    a block, x + F(x); figure 3 puts the attention at the end of F, which is the place `pre_add`.

    Args:
        network: of `backbone`; is changed.
        build: `build(channels)` makes the attention of one block, from (B, C, h, w) to the same shape.
        stages: stage 1 .. 4 to how many of its blocks get attention, counted from its end; None for all of them.
        place: see `Place`.

    Raises:
        ValueError: if the network lacks a stage or that many blocks, or its blocks have attention already.
    """
    for stage, count in stages.items():
        blocks = _stage(network, stage)
        chosen = len(blocks) if count is None else count
        if not 0 <= chosen <= len(blocks):
            raise ValueError(f"Stage {stage} has {len(blocks)} blocks; attention for {count} of them was asked for.")
        for index in range(len(blocks) - chosen, len(blocks)):
            block = blocks[index]
            attention = build(block_channels(block))
            if place == "post_block":
                blocks[index] = nn.Sequential(block, attention)
            elif getattr(block, "se", "none") is None:
                block.se = attention  # timm's own place for attention: after the last batch norm, before the addition
            else:
                raise ValueError(f"{type(block).__name__} has no free place for attention; give place='post_block'.")


def block_channels(block: nn.Module) -> int:
    """Channels that a residual block gives, with or without attention after it.

    Raises:
        ValueError: if it is no residual block.
    """
    inner = block[0] if isinstance(block, nn.Sequential) else block
    for name in ("bn3", "bn2"):
        norm = getattr(inner, name, None)
        if isinstance(norm, nn.BatchNorm2d):
            return int(norm.num_features)
    raise ValueError(f"{type(inner).__name__} has no batch norm called bn2 or bn3; give a ResNet-family network.")


def check_feature_map(feature_map: Tensor, channels: int) -> None:
    """Refuse what is not a map.

    Raises:
        ValueError: if it is not (B, `channels`, h, w).
    """
    if feature_map.ndim != 4 or feature_map.shape[1] != channels:
        raise ValueError(
            f"The backbone gives {tuple(feature_map.shape)}, not (B, {channels}, h, w); choose one with a feature map."
        )


def _stage(network: nn.Module, stage: int) -> nn.Sequential:
    missing = [name for name in (*_STEM, *_STAGES) if not isinstance(getattr(network, name, None), nn.Module)]
    if missing:
        raise ValueError(
            f"{type(network).__name__} has no {missing[0]}: it is not of the ResNet family; "
            "give one that is, such as resnet50."
        )
    if stage not in (1, 2, 3, 4):
        raise ValueError(f"There is no stage {stage}; a ResNet has the stages 1, 2, 3 and 4.")
    found = getattr(network, _STAGES[stage - 1])
    if not isinstance(found, nn.Sequential):
        raise ValueError(f"{_STAGES[stage - 1]} of {type(network).__name__} is no row of blocks.")
    return found
