"""timm's networks as feature extractors."""

import inspect
from pathlib import Path
from typing import Any

import timm
from torch import Tensor, nn

from passerby import weights

_LOADING = {*inspect.signature(timm.create_model).parameters} - {"kwargs"} | {"pretrained_strict", "features_only"}
"""timm's own arguments, which could fetch or read other things than weights that are checked here."""


def backbone(name: str, *, last_stride: int = 2, pretrained: bool | Path = False, **options: Any) -> nn.Module:  # noqa: ANN401 - timm's own arguments
    """A timm network without its classifier: (B, 3, H, W) in, feature map (B, `num_features`, h, w) out.

    Args:
        name: what timm calls it, such as `resnet50`.
        last_stride: 2 keeps the network; 1 removes the last stage's stride, so that the map is twice as fine
            (ResNet family only). The stride is changed, not dilated, and no weight changes.
        pretrained: False for random weights; True for timm's ImageNet weights (downloaded by timm); a path for a
            safetensors file of this very network, with or without its classifier.
        options: passed on to timm, such as `channels` of a ResNet's stages.

    Raises:
        ValueError: if timm has no such network, it gives no feature map, has no ResNet stages to change, or the file's
            weights are another network's.
    """
    if name not in timm.list_models():
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
    if isinstance(pretrained, Path):
        tensors = weights.read(pretrained)
        head = {key for key in tensors if key.split(".")[0] in ("fc", "head", "classifier")} - set(network.state_dict())
        weights.fill(network, {key: value for key, value in tensors.items() if key not in head}, source=pretrained)
    if last_stride == 1:
        _remove_last_stride(network, name)
    return network


def _remove_last_stride(network: nn.Module, name: str) -> None:
    stage = getattr(network, "layer4", None)
    if not isinstance(stage, nn.Sequential):
        raise ValueError(f"{name} has no layer4, so last_stride=1 does not apply; give a ResNet or last_stride=2.")
    for module in stage[0].modules():
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.stride = (1, 1)
        elif isinstance(module, nn.AvgPool2d) and module.stride == 2:  # the shortcut of the "d" and "t" variants
            module.kernel_size, module.stride = 1, 1


def check_feature_map(feature_map: Tensor, channels: int) -> None:
    """Refuse what is not a map.

    Raises:
        ValueError: if it is not (B, `channels`, h, w).
    """
    if feature_map.ndim != 4 or feature_map.shape[1] != channels:
        raise ValueError(
            f"The backbone gives {tuple(feature_map.shape)}, not (B, {channels}, h, w); choose one with a feature map."
        )
