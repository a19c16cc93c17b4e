"""Hybrid-attention guided network: four resolutions, two attentions, windows of six granularities."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, adaptive_max_pool2d, normalize

from passerby.models.attention import ChannelAttention, PoolSum, SpatialAttention
from passerby.models.backbone import check_stages, stages
from passerby.models.multi_granularity import Granularity, cut, windows
from passerby.models.multi_pool import Activation, MultiPoolFeatureExtractor, batch_norm
from passerby.models.pooling import Pooling
from passerby.types import Output

RELEASED: Mapping[str, Any] = MappingProxyType({"activation": "leaky_relu", "triplet_feature": "post_bn"})
"""What the authors' program does where it and the paper's text part; the default."""
PAPER: Mapping[str, Any] = MappingProxyType({"activation": "relu", "triplet_feature": "pre_bn"})
"""What the paper's text says there: ReLU in MPFE, and the triplet loss on the reduced feature."""

AttentionOrder = Literal["none", "S", "C", "cCS", "CSc", "CcS", "cSC", "SCc", "ScC", "Sc", "cC"]
"""Table IX's rows: S is SAM, C is CAM, c the concatenation of the stages; read from left to right, each after the last.
What stands before c is there once a stage. S and C have no c: they take one stage. The last two are the parts of ScC
alone: Sc is the row of tables VI and VIII that has SAM and not yet CAM."""
Head = Literal["mpfe", "plain"]
SamPosition = Literal["after_pool", "before_pool"]
Align = Literal["max", "average"]
Feature = Literal["post_bn", "pre_bn"]
TripletGroup = Literal["level", "window"]
L2 = Literal["whole", "per_window"]


class HybridAttention(nn.Module):
    """Fusion of multiple resolutions (FMR), hybrid attention (SAM, CAM), multi-granularity (MGO), multi-pool (MPFE).

    Stages that are not asked for and come after the last one that is are left out, with their weights; the maps are
    brought to the size that stage 4's would have all the same.
    Source: Zhang, Yang, Zheng et al., Hybrid-Attention Guided Network with Multiple Resolution Features for Person
    Re-Identification, section III and figure 2; the authors' program (libraflower/MutipleFeature-for-PRID) holds FMR,
    MGO and MPFE, and no attention.
    Differs: nothing is known of where SAM stands to the pooling that aligns the stages (`sam_position`). Table IX's
    text explains S+C+c as "first CAM and then SAM"; the order of the letters is taken here. Eq. (2) adds the two
    poolings before the shared layers, its prose after them (`cam_sum`).

    Args:
        backbone: `backbone()` builds a ResNet-family network; the paper's is ResNet-50 with `last_stride=1`.
        stages: whose maps are concatenated, in this order, each 1 .. 4 (table X).
        attention_order: see `AttentionOrder`.
        sam_position: `before_pool` for what precedes c at the stage's own size, before the maps are aligned.
        attention_residual: True to add the map to the map times its attention; no row of the tables.
        cam_sum: `after` or `before`, see `ChannelAttention`.
        cam_ratio: CAM's hidden channels are the map's over this.
        align: how maps are brought to the size of stage 4's.
        k: stripes; the height of the map must be a multiple of it.
        levels: of MGO, each 1 .. k; None for all.
        mgo: see `Granularity`.
        head: `mpfe`, or `plain` for the mean of the window as its feature, before batch norm and classifier.
        channels: width of MPFE's 1x1 convolution.
        dim: length of MPFE's feature.
        activation: of MPFE.
        triplet_feature: what the triplet loss compares, after or before the batch norm.
        triplet_group: `level` concatenates the windows of a level into one feature; `window` gives each one.
        test_feature: what the descriptor is made of.
        l2: `per_window` brings each window's part to the same length before the whole gets length 1.
        num_classes: identities to tell apart while training; None for no classifier.
        pretrained: what to hand to `backbone`: weights for the backbone, see there.

    Raises:
        ValueError: if an option is another than those named, the backbone has no such stages, S or C is to have
            several stages, or `before_pool` finds no attention before c.
    """

    def __init__(
        self,
        backbone: Callable[..., nn.Module],
        *,
        stages: Sequence[int] = (1, 2, 3, 4),
        attention_order: AttentionOrder = "ScC",
        sam_position: SamPosition = "after_pool",
        attention_residual: bool = False,
        cam_sum: PoolSum = "after",
        cam_ratio: int = 16,
        align: Align = "max",
        k: int = 6,
        levels: Sequence[int] | None = None,
        mgo: Granularity = "windows",
        head: Head = "mpfe",
        channels: int = 256,
        dim: int = 512,
        activation: Activation = "leaky_relu",
        triplet_feature: Feature = "post_bn",
        triplet_group: TripletGroup = "level",
        test_feature: Feature = "post_bn",
        l2: L2 = "whole",
        num_classes: int | None = None,
        pretrained: bool | Path = False,
    ) -> None:
        super().__init__()
        _one_of("attention_order", attention_order, AttentionOrder)
        _one_of("sam_position", sam_position, SamPosition)
        _one_of("align", align, Align)
        _one_of("head", head, Head)
        _one_of("triplet_feature", triplet_feature, Feature)
        _one_of("triplet_group", triplet_group, TripletGroup)
        _one_of("test_feature", test_feature, Feature)
        _one_of("l2", l2, L2)
        before, c, after = ("", "c", "") if attention_order == "none" else attention_order.partition("c")
        if not c and len(stages) > 1:
            raise ValueError(
                f"attention_order is {attention_order!r}, which has no c to concatenate the stages "
                f"{tuple(stages)}; give one stage, such as (4,), or an order with c."
            )
        if sam_position == "before_pool" and not before:
            raise ValueError(
                f"sam_position is 'before_pool' and attention_order {attention_order!r} has no attention before c; "
                "give 'after_pool', or an order that has, such as ScC."
            )
        self.windows = windows(k, levels=levels, mgo=mgo)
        self.k = k
        self.stages = tuple(stages)
        self.sam_position = sam_position
        self.pool = adaptive_max_pool2d if align == "max" else adaptive_avg_pool2d
        self.triplet_feature, self.triplet_group = triplet_feature, triplet_group
        self.test_feature, self.l2 = test_feature, l2

        self.backbone = backbone(pretrained=pretrained) if pretrained else backbone()
        check_stages(self.backbone, self.stages)
        shapes = _shapes(self.backbone)
        widths = [shapes[stage - 1].channels for stage in self.stages]
        self.stride = shapes[3].stride
        self.missing_stride = self.stride // shapes[max(self.stages) - 1].stride
        for stage in range(max(self.stages) + 1, 5):
            setattr(self.backbone, f"layer{stage}", nn.Identity())

        def attention(letter: str, width: int) -> nn.Module:
            kind = SpatialAttention() if letter == "S" else ChannelAttention(width, ratio=cam_ratio, pool_sum=cam_sum)
            return _Weighted(kind, residual=attention_residual)

        self.attend_stage = nn.ModuleList(nn.Sequential(*(attention(x, width) for x in before)) for width in widths)
        self.attend_fused = nn.Sequential(*(attention(x, sum(widths)) for x in after))

        def extractor() -> nn.Module:
            if head == "plain":
                return Pooling("average")
            return MultiPoolFeatureExtractor(sum(widths), channels=channels, dim=dim, activation=activation)

        width = sum(widths) if head == "plain" else dim
        self.extract = nn.ModuleList(extractor() for _ in self.windows)
        self.norm = nn.ModuleList(batch_norm(width) for _ in self.windows)
        self.classify = nn.ModuleList(
            nn.Linear(width, num_classes, bias=False) for _ in self.windows if num_classes is not None
        )
        for classify in self.classify:
            nn.init.normal_(classify.weight, std=0.001)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, H, W) images.

        Raises:
            ValueError: if the k stripes do not divide the height of the map.
        """
        attended = self.attend_fused(torch.cat(self.resolutions(images), dim=1))  # FMR between SAM and CAM
        parts = cut(attended, self.windows, k=self.k)  # MGO
        reduced = [extract(part) for extract, part in zip(self.extract, parts, strict=True)]  # MPFE
        normed = [norm(feature) for norm, feature in zip(self.norm, reduced, strict=True)]
        embedding = self.descriptor(normed if self.test_feature == "post_bn" else reduced)
        maps = {"attended": attended}
        if not self.training:
            return Output(embedding, maps=maps)
        features = self.grouped(normed if self.triplet_feature == "post_bn" else reduced)
        if not self.classify:
            return Output(embedding, features=features, maps=maps)
        logits = tuple(classify(x) for classify, x in zip(self.classify, normed, strict=True))
        return Output(embedding, features=features, logits=logits, maps=maps)

    def resolutions(self, images: Tensor) -> list[Tensor]:
        """The stages' maps, all of the size of stage 4's, with the attention that comes before their concatenation."""
        every = stages(self.backbone, images)
        height, width = (math.ceil(side / self.missing_stride) for side in every[3].shape[2:])
        if height % self.k:
            raise ValueError(
                f"Pictures {images.shape[2]} high give a feature map {height} high, which k={self.k} stripes do not "
                f"divide; give a height that is a multiple of {self.stride * self.k} ({self.stride} times k)."
            )
        maps = []
        for stage, attend in zip(self.stages, self.attend_stage, strict=True):
            feature_map = every[stage - 1]
            if self.sam_position == "before_pool":
                maps.append(self.pool(attend(feature_map), (height, width)))
            else:
                maps.append(attend(self.pool(feature_map, (height, width))))
        return maps

    def grouped(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What the triplet loss compares: one feature a level, or one a window."""
        if self.triplet_group == "window":
            return tuple(features)
        pairs = groupby(zip(self.windows, features, strict=True), key=lambda pair: pair[0].level)
        return tuple(torch.cat([feature for _, feature in level], dim=1) for _, level in pairs)

    def descriptor(self, features: Sequence[Tensor]) -> Tensor:
        """All windows' features side by side; `whole` is left to be brought to length 1 by who embeds.

        The authors add the mirror image's features before they normalise, so they must come as they are.
        """
        parts = [feature.float() for feature in features]
        if self.l2 == "per_window":
            parts = [normalize(part, dim=1) for part in parts]
        return torch.cat(parts, dim=1)


class _Weighted(nn.Module):
    """A map times its attention."""

    def __init__(self, attention: nn.Module, *, residual: bool) -> None:
        super().__init__()
        self.attention = attention
        self.residual = residual

    def forward(self, feature_map: Tensor) -> Tensor:
        weighted: Tensor = feature_map * self.attention(feature_map)
        return feature_map + weighted if self.residual else weighted


class _Shape(NamedTuple):
    channels: int
    stride: int


def _shapes(network: nn.Module) -> list[_Shape]:
    """Channels of each stage's map, and rows of the picture to one row of it, found without computing anything."""
    shadow = copy.deepcopy(network).to("meta").eval()
    maps = stages(shadow, torch.zeros(1, 3, 64, 64, device="meta"))
    return [_Shape(feature_map.shape[1], 64 // feature_map.shape[2]) for feature_map in maps]


def _one_of(name: str, value: str, kind: object) -> None:
    if value not in get_args(kind):
        raise ValueError(f"{name} is {value!r}; give one of {', '.join(get_args(kind))}.")
