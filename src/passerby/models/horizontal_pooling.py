"""Stripes of several scales at several levels: the multi-level and multi-scale horizontal pooling network (MMHPN)."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from passerby.models.adaptive_pooling import AdaptivePooling, Aps
from passerby.models.backbone import Pretrained, check_feature_map, last_block_count, last_blocks, remove_stride
from passerby.types import Output

LEVEL_SCALES: Mapping[str, Sequence[int]] = MappingProxyType({"5_1": (8, 4), "5_2": (2,), "5_3": (1,)})
"""The paper's: 8 and 4 stripes after res_conv5_1 (upper branch), 2 after 5_2, the whole map after 5_3 (global)."""


class HorizontalPooling(nn.Module):
    """Backbone, maps after blocks of the last stage, horizontal stripes of several scales, one vector a stripe.

    MSM: the map after each block n of the last stage, res_conv5_n, is a level. MHPM: a level's map is cut into equal
    stripes, at one or several scales. APS (eq. (1)) pools each stripe, with one alpha a scale. A 1x1 convolution
    reduces it, and a classifier of its own tells the person. Levels, scales and stripes (top to bottom) stand in
    `level_scales`' order in features, logits and descriptor; `stripes` names the scales in that order, as
    `part_sensitive` takes them. A scale at two levels is two scales: it has an alpha at each.

    Source: Zhang et al., Multi-level and Multi-scale Horizontal Pooling Network for Person Re-identification,
    section 3 and figure 2.
    Differs: the text calls the descriptor 3780 long; 8 + 4 + 2 + 1 stripes of 256 are 3840. Which level holds which
    stripes follows from its "scales in the upper branch" (two of the three local scales); batch norm, ReLU and the
    initial weights of the reduction are those of Fu et al., Horizontal Pyramid Matching for Person Re-identification,
    since the text names none. Blocks after the last level are left out of the network.

    Args:
        backbone: `backbone()` or `backbone(pretrained=...)` builds a ResNet-family network; the papers' has
            last_stride=1.
        level_scales: level `5_n` (n-th block of the last stage, from 1) to its scales (numbers of stripes).
        aps: how mean and maximum of a stripe come together; see `AdaptivePooling`.
        aps_sigmoid: True keeps the alphas within 0 .. 1.
        stripe_dim: length of a stripe's vector.
        reduce_shared: `stripe` for a reduction of each stripe's own; `scale` for one that a scale's stripes share.
        reduce_bn_relu: False leaves batch norm and ReLU out of the reduction.
        l2: what is normalised in the descriptor: the `whole`, each stripe's vector (`per_stripe`), or `none`.
        stride_removed: stage whose stride is taken out here; None leaves the backbone as it was built. The text removes
            one stride, and its "res_conv4_1" may be of `layer4` (as last_stride=1 does it) or of `layer3`.
        num_classes: identities to tell apart while training; None for no classifiers.
        pretrained: goes to `backbone`, where it is not False.

    Raises:
        ValueError: if a level is no block of the backbone, a scale is below 1 or stands twice in a level, or an option
            is not one of those named. In the forward pass, if a scale does not divide the map's rows.
    """

    def __init__(
        self,
        backbone: Callable[..., nn.Module],
        *,
        level_scales: Mapping[str, Sequence[int]] = LEVEL_SCALES,
        aps: Aps = "convex",
        aps_sigmoid: bool = False,
        stripe_dim: int = 256,
        reduce_shared: Literal["stripe", "scale"] = "stripe",
        reduce_bn_relu: bool = True,
        l2: Literal["whole", "per_stripe", "none"] = "whole",
        stride_removed: Literal["layer3", "layer4"] | None = None,
        num_classes: int | None = None,
        pretrained: Pretrained = False,
    ) -> None:
        super().__init__()
        if reduce_shared not in ("stripe", "scale"):
            raise ValueError(f"reduce_shared is {reduce_shared!r}; give stripe or scale.")
        if l2 not in ("whole", "per_stripe", "none"):
            raise ValueError(f"l2 is {l2!r}; give whole, per_stripe or none.")
        if stride_removed not in ("layer3", "layer4", None):
            raise ValueError(f"stride_removed is {stride_removed!r}; give layer3, layer4 or None.")
        self.l2 = l2
        self.blocks, self.stripes = _scales(level_scales)
        self.backbone = backbone(pretrained=pretrained) if pretrained else backbone()
        self.channels = int(self.backbone.num_features)  # type: ignore[arg-type]
        _cut_after(self.backbone, max(self.blocks))
        if stride_removed is not None:
            remove_stride(self.backbone, int(stride_removed[-1]))
        self.pool = nn.ModuleList(AdaptivePooling(aps, sigmoid=aps_sigmoid) for _ in self.stripes)
        self.reduce = nn.ModuleList(
            _Reduction(self.channels, stripe_dim, count=n if reduce_shared == "stripe" else 1, bn_relu=reduce_bn_relu)
            for n in self.stripes
        )
        self.classify = nn.ModuleList()
        if num_classes is not None:
            self.classify.extend(nn.Linear(stripe_dim, num_classes, bias=False) for _ in range(sum(self.stripes)))
        for weight in self.classify.parameters():
            nn.init.normal_(weight, std=0.001)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, H, W) images."""
        maps = last_blocks(self.backbone, images)
        check_feature_map(maps[-1], self.channels)
        _check_rows(images.shape[2], maps[-1].shape[2], self.stripes)
        parts: list[Tensor] = []
        for block, n, pool, reduce in zip(self.blocks, self.stripes, self.pool, self.reduce, strict=True):
            feature_map = maps[block - 1]
            stripes = feature_map.reshape(*feature_map.shape[:2], n, -1, feature_map.shape[3])  # (B, C, n, h / n, w)
            parts += reduce(pool(stripes)).unbind(dim=2)
        embedding = self._descriptor(parts)
        if not self.training:
            return Output(embedding)
        logits = tuple(classify(part) for classify, part in zip(self.classify, parts, strict=False))
        return Output(embedding, features=tuple(parts), logits=logits)

    def _descriptor(self, parts: Sequence[Tensor]) -> Tensor:
        vectors = [part.float() for part in parts]
        if self.l2 == "per_stripe":
            vectors = [normalize(vector, dim=1) for vector in vectors]
        descriptor = torch.cat(vectors, dim=1)
        return normalize(descriptor, dim=1) if self.l2 == "whole" else descriptor


class _Reduction(nn.Module):
    """(B, C, n) to (B, `dim`, n): a 1x1 convolution, batch norm and ReLU, for each of n stripes or for all of them."""

    def __init__(self, channels: int, dim: int, *, count: int, bn_relu: bool) -> None:
        super().__init__()
        self.each = nn.ModuleList()
        for _ in range(count):
            convolution = nn.Conv2d(channels, dim, 1, bias=False)
            nn.init.normal_(convolution.weight, std=math.sqrt(2 / dim))  # N(0, sqrt(2 / n)), n = 1 * 1 * dim
            after = (nn.BatchNorm2d(dim), nn.ReLU()) if bn_relu else ()
            self.each.append(nn.Sequential(convolution, *after))

    def forward(self, pooled: Tensor) -> Tensor:
        columns = pooled.unsqueeze(3).chunk(len(self.each), dim=2)  # (B, C, 1, 1) a stripe, or (B, C, n, 1) for all
        return torch.cat([one(column) for one, column in zip(self.each, columns, strict=True)], dim=2).squeeze(3)


def _scales(level_scales: Mapping[str, Sequence[int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Block and number of stripes of each scale, in order."""
    if not level_scales or not all(level_scales.values()):
        raise ValueError(
            f"level_scales is {dict(level_scales)}; give one level or more, such as 5_3, each with scales."
        )
    scales = []
    for level, counts in level_scales.items():
        match = re.fullmatch(r"5_([1-9][0-9]*)", level)
        if match is None:
            raise ValueError(f"level_scales names the level {level!r}; levels are 5_1, 5_2, ... (blocks of conv5_x).")
        if min(counts) < 1 or len(set(counts)) < len(counts):
            raise ValueError(f"Level {level} has the scales {tuple(counts)}; give each once, 1 stripe or more.")
        scales += [(int(match[1]), int(n)) for n in counts]
    blocks, stripes = zip(*scales, strict=True)
    return blocks, stripes


def _cut_after(network: nn.Module, block: int) -> None:
    """Leave out the last stage's blocks after the `block`-th, which nothing would train."""
    count = last_block_count(network)
    if block > count:
        raise ValueError(f"Level 5_{block} needs a block that is not there: the backbone's last stage has {count}.")
    network.layer4 = nn.Sequential(*list(network.get_submodule("layer4").children())[:block])


def _check_rows(height: int, rows: int, stripes: Sequence[int]) -> None:
    odd = [str(n) for n in stripes if rows % n]
    if not odd:
        return
    reduction = 1
    while -(-height // reduction) > rows:
        reduction *= 2
    fits = reduction * math.lcm(*stripes)
    raise ValueError(
        f"Pictures of height {height} give a map of {rows} rows, which cannot be cut into {' or '.join(odd)} equal "
        f"stripes; give a height that is a multiple of {fits}, such as {max(1, round(height / fits)) * fits}."
    )
