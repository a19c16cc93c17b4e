"""Attributes seen half-way up, a global and a part branch: the network of "Mid-level Attribute and Part-based"."""

import copy
from collections.abc import Callable, Mapping
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d, normalize

from passerby.models.attribute_heads import Head
from passerby.models.backbone import Pretrained, check_stages, stage_channels, stages
from passerby.types import Output

AttributeLevel = Literal["res3d", "res4f", "res5c"]
Merge = Literal["concat", "mean_logits", "per_part"]
Branches = Literal["both", "global", "local"]
Descriptor = Literal["fused", "global", "local"]

_STAGE = {"res3d": 2, "res4f": 3, "res5c": 4}


class MidlevelAttributes(nn.Module):
    """Attribute heads on horizontal bands of a mid-level map; identity from a global and from a part branch.

    In training, `logits` and `features` hold the global and then the local branch's scores and vectors, and
    `attributes` the scores of each head, also in eval mode.
    Source: Zhang, Xu, Person Re-identification by Mid-level Attribute and Part-based Identity Learning, section 2.1,
    figure 2 and table 1; the descriptors are those of section 3.3.
    Differs: the text leaves open how wide a part is (`part_channels`), what follows its 1 x 1 convolution, and how an
    attribute that shows in several bands is classified (`merge`).

    Args:
        backbone: `backbone()` builds a network of the ResNet family from (B, 3, H, W) to (B, C, h, w).
        heads: attribute name to `Head`, such as `attribute_heads.MARKET_HEADS`; not used without an attribute level.
        attribute_level: the map that the heads see: `res3d` (end of stage 2), `res4f` (stage 3), `res5c` (stage 4, of
            the global branch where there are both); None for no heads.
        bands: number of equal horizontal bands, each pooled by its maximum.
        overlap: True to let neighbouring bands share a row where the map's rows are no multiple of `bands`, as those of
            res4f and res5c at 224 x 224 are not; False to refuse such a map.
        merge: what becomes of an attribute's bands: `concat` for one classifier on all of them, `mean_logits` for a
            classifier each and the mean of their scores, `per_part` for a classifier and a loss each.
        branches: `both`, or one of them alone (tables 4 and 5).
        parts: rows of the last map, each of which is a part: picture height / 32, or / 16 with last_stride=1.
        part_channels: channels of a part.
        part_relu: False to leave out the ReLU after the part branch's 1 x 1 convolution.
        part_bn: True for a batch norm between that convolution and the ReLU.
        dropout: share of a vector that is dropped before its identity classifier while training, in [0, 1).
        descriptor: `fused` for the vectors of all branches that there are, each of length 1, one after another;
            `global` or `local` for one of them.
        num_classes: identities to tell apart while training; None for no identity classifiers.
        pretrained: passed on to `backbone`, see there; the part branch starts from a copy of the same last stage.

    Raises:
        ValueError: if the backbone is not of the ResNet family, a choice is another, a number is out of range, there
            are no heads for an attribute level, a head wants a band that there is not, or `descriptor` names a branch
            that there is not.
    """

    def __init__(
        self,
        backbone: Callable[..., nn.Module],
        *,
        heads: Mapping[str, Head],
        attribute_level: AttributeLevel | None = "res3d",
        bands: int = 4,
        overlap: bool = False,
        merge: Merge = "concat",
        branches: Branches = "both",
        parts: int = 7,
        part_channels: int = 256,
        part_relu: bool = True,
        part_bn: bool = False,
        dropout: float = 0.5,
        descriptor: Descriptor = "fused",
        num_classes: int | None = None,
        pretrained: Pretrained = False,
    ) -> None:
        super().__init__()
        _check_choice("branches", branches, get_args(Branches))
        _check_choice("descriptor", descriptor, get_args(Descriptor))
        if descriptor != "fused" and branches not in ("both", descriptor):
            raise ValueError(f"descriptor is {descriptor!r}, but branches is {branches!r}; give fused or {branches}.")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout is {dropout}; give a share in [0, 1).")
        self.backbone = backbone(pretrained=pretrained) if pretrained else backbone()
        check_stages(self.backbone, (1, 2, 3, 4))
        channels = stage_channels(self.backbone)
        self.branches, self.descriptor = branches, descriptor
        # the local branch alone is a plain network with another head, and needs no second stage
        self.part_stage = copy.deepcopy(self.backbone.get_submodule("layer4")) if branches == "both" else None
        self.part = None
        widths = {"global": channels[3]}
        if branches != "global":
            self.part = _Part(channels[3], part_channels, parts, relu=part_relu, norm=part_bn)
            widths["local"] = parts * part_channels
        self.attributes = None
        if attribute_level is not None:
            _check_choice("attribute_level", attribute_level, tuple(_STAGE))
            self.level = _STAGE[attribute_level]
            self.attributes = _Attributes(channels[self.level - 1], heads, bands, merge, overlap=overlap)
        self.dropout = nn.Dropout(dropout)
        self.classify = None
        if num_classes is not None:
            used = ("global", "local") if branches == "both" else (branches,)
            self.classify = nn.ModuleDict({f"{name}_branch": _classifier(widths[name], num_classes) for name in used})

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, H, W) images.

        Raises:
            ValueError: if the last map has another number of rows than `parts`, or the rows of the map that the
                attributes are seen in are no multiple of `bands`.
        """
        maps = stages(self.backbone, images)
        vectors: dict[str, Tensor] = {}
        if self.branches != "local":
            vectors["global"] = maps[3].mean(dim=(2, 3))
        if self.part is not None:
            vectors["local"] = self.part(maps[3] if self.part_stage is None else self.part_stage(maps[2]))
        chosen = vectors.values() if self.descriptor == "fused" else [vectors[self.descriptor]]
        embedding = torch.cat([normalize(vector.float(), dim=1) for vector in chosen], dim=1)
        attributes = {} if self.attributes is None else self.attributes(maps[self.level - 1])
        if not self.training:
            return Output(embedding, attributes=attributes)
        logits: tuple[Tensor, ...] = ()
        if self.classify is not None:
            logits = tuple(self.classify[f"{name}_branch"](self.dropout(vector)) for name, vector in vectors.items())
        return Output(embedding, features=tuple(vectors.values()), logits=logits, attributes=attributes)


class _Part(nn.Module):
    """1 x 1 convolution and horizontal average pooling: (B, C, parts, w) to (B, parts x channels), part by part."""

    def __init__(self, channels: int, width: int, parts: int, *, relu: bool, norm: bool) -> None:
        super().__init__()
        if parts < 1 or width < 1:
            raise ValueError(f"parts is {parts} and part_channels {width}; give 1 or more.")
        self.parts = parts
        self.reduce = nn.Sequential(
            nn.Conv2d(channels, width, 1),
            nn.BatchNorm2d(width) if norm else nn.Identity(),
            nn.ReLU() if relu else nn.Identity(),
        )

    def forward(self, feature_map: Tensor) -> Tensor:
        if feature_map.shape[2] != self.parts:
            raise ValueError(
                f"The last map has {feature_map.shape[2]} rows, but parts is {self.parts}; give "
                f"parts={feature_map.shape[2]}, or pictures of another height."
            )
        reduced: Tensor = self.reduce(feature_map)
        return reduced.mean(dim=3).transpose(1, 2).flatten(1)


class _Attributes(nn.Module):
    """Maximum of each band and the classifiers: (B, C, h, w) to scores by attribute name."""

    def __init__(self, channels: int, heads: Mapping[str, Head], bands: int, merge: Merge, *, overlap: bool) -> None:
        super().__init__()
        _check_choice("merge", merge, get_args(Merge))
        if bands < 1:
            raise ValueError(f"bands is {bands}; give 1 or more.")
        if not heads:
            raise ValueError("heads is empty; name one attribute or more, or give attribute_level=None.")
        for name, head in heads.items():
            if head.bands[-1] > bands:
                raise ValueError(f"{name} is seen in band {head.bands[-1]}, but there are {bands}; give more bands.")
        self.bands, self.overlap = bands, overlap
        self.heads = nn.ModuleDict({name: _Attribute(channels, head, merge) for name, head in heads.items()})

    def forward(self, feature_map: Tensor) -> dict[str, Tensor]:
        rows = feature_map.shape[2]
        if rows % self.bands and not self.overlap:
            raise ValueError(
                f"The map of the attributes has {rows} rows, which are no multiple of {self.bands} bands; "
                "give pictures of another height, or overlap=True to let bands share a row."
            )
        pooled = adaptive_max_pool2d(feature_map, (self.bands, 1)).squeeze(3)
        return {name: head(pooled) for name, head in self.heads.items()}


class _Attribute(nn.Module):
    """One attribute: (B, C, bands) to (B, classes), or to (B, its bands, classes) where each has its own loss."""

    def __init__(self, channels: int, head: Head, merge: Merge) -> None:
        super().__init__()
        self.places, self.merge = [band - 1 for band in head.bands], merge
        count, width = (1, len(head.bands) * channels) if merge == "concat" else (len(head.bands), channels)
        self.classify = nn.ModuleList(_classifier(width, head.classes) for _ in range(count))

    def forward(self, pooled: Tensor) -> Tensor:
        seen = torch.stack([pooled[:, :, place] for place in self.places], dim=1)
        if self.merge == "concat":
            seen = seen.flatten(1).unsqueeze(1)
        each = torch.stack([classify(seen[:, i]) for i, classify in enumerate(self.classify)], dim=1)
        return each if self.merge == "per_part" else each.mean(dim=1)


def _classifier(width: int, classes: int) -> nn.Linear:
    layer = nn.Linear(width, classes)
    nn.init.normal_(layer.weight, std=0.001)
    nn.init.zeros_(layer.bias)
    return layer


def _check_choice(name: str, given: str, accepted: tuple[str, ...]) -> None:
    if given not in accepted:
        raise ValueError(f"{name} is {given!r}; give one of {', '.join(accepted)}.")
