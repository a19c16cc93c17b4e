"""Attention in the residual blocks: the network of "Joint Loss and Multiple Attention Mechanism"."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from passerby.models.backbone import Place, Pretrained, add_attention, check_feature_map, check_stages
from passerby.models.block_attention import BlockAttention, block_attention, usual_place, usual_stages
from passerby.models.dual_attention import DualAttention
from passerby.models.pooling import Pool, Pooling
from passerby.types import Output

Attention = Literal[BlockAttention, "danet", "none"]


class JointAttention(nn.Module):
    """Backbone with attention in its residual blocks, global pooling, batch norm neck, classifier.

    The descriptor is the vector after the neck, of length 1. In training, `features` holds the vector that the triplet
    loss compares, and `logits` the classifier's scores.
    Source: Li, Wang, Person Re-Identification Based on Joint Loss and Multiple Attention Mechanism, section 3; the
    other kinds of attention are the rows of its table 1.
    Differs: the text leaves the head open; the neck (batch norm whose shift stays 0) and the two vectors are those of
    Luo, Gu, Liao, Lai, Jiang, Bag of Tricks and a Strong Baseline for Deep Person Re-identification, section 3.

    Args:
        backbone: `backbone()` builds a network from (B, 3, H, W) to (B, C, h, w) with `num_features`, which is C.
        attention: a kind of `block_attention`; `danet` for `DualAttention` on the last map; or `none`.
        attention_stages: the stages 1 .. 4 all of whose blocks get attention; or stage to how many of its blocks,
            counted from its end (None for all); None for `usual_stages` of this kind.
        place: where in a block the attention sits; None for `usual_place` of this kind.
        pool: `average`, `gem` or `max`.
        neck_feature: whether the triplet loss sees the vector `before` or `after` the neck.
        classifier: `cosine` of vector and class weight, which the circle loss asks for; or `linear`, without bias.
        num_classes: identities to tell apart while training; None for no classifier.
        pretrained: passed on to `backbone`, see there; attention starts from random weights.

    Raises:
        ValueError: if a choice is another, the backbone lacks a stage or that many blocks, or stages or a place are
            given for attention that sits in no block.
    """

    def __init__(
        self,
        backbone: Callable[..., nn.Module],
        *,
        attention: Attention = "cbam",
        attention_stages: Sequence[int] | Mapping[int, int | None] | None = None,
        place: Place | None = None,
        pool: Pool = "average",
        neck_feature: Literal["before", "after"] = "before",
        classifier: Literal["linear", "cosine"] = "cosine",
        num_classes: int | None = None,
        pretrained: Pretrained = False,
    ) -> None:
        super().__init__()
        if neck_feature not in ("before", "after"):
            raise ValueError(f"neck_feature is {neck_feature!r}; give before or after.")
        if classifier not in ("linear", "cosine"):
            raise ValueError(f"classifier is {classifier!r}; give linear or cosine.")
        self.backbone = backbone(pretrained=pretrained) if pretrained else backbone()
        self.channels = int(self.backbone.num_features)  # type: ignore[arg-type]
        self.attention: nn.Module = DualAttention(self.channels) if attention == "danet" else nn.Identity()
        if attention != "danet" and attention != "none":
            _attend(self.backbone, attention, attention_stages, place)
        elif attention_stages is not None or place is not None:
            raise ValueError(
                f"attention is {attention!r}, which sits in no block; leave attention_stages and place out."
            )
        self.pool = Pooling(pool)
        self.neck = nn.BatchNorm1d(self.channels)
        self.neck.bias.requires_grad_(False)
        self.neck_feature = neck_feature
        self.classify: nn.Module | None = None
        if num_classes is not None:
            self.classify = (_Cosine if classifier == "cosine" else _Linear)(self.channels, num_classes)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, H, W) images."""
        feature_map = self.backbone(images)
        check_feature_map(feature_map, self.channels)
        before = self.pool(self.attention(feature_map).float())
        after = self.neck(before)
        embedding = normalize(after.float(), dim=1)
        if not self.training:
            return Output(embedding)
        feature = before if self.neck_feature == "before" else after
        logits = () if self.classify is None else (self.classify(after),)
        return Output(embedding, features=(feature,), logits=logits)


def _attend(
    network: nn.Module,
    kind: BlockAttention,
    stages: Sequence[int] | Mapping[int, int | None] | None,
    place: Place | None,
) -> None:
    """Put attention into the blocks, at the usual stages and place where none are given."""
    if kind not in get_args(BlockAttention):
        raise ValueError(
            f"attention is {kind!r}; give one of {', '.join((*get_args(BlockAttention), 'danet', 'none'))}."
        )
    if place not in (None, *get_args(Place)):
        raise ValueError(f"place is {place!r}; give one of {', '.join(get_args(Place))}.")
    if stages is None:
        stages = usual_stages(kind, network)
    check_stages(network, tuple(stages))
    counts = stages if isinstance(stages, Mapping) else dict.fromkeys(stages)
    add_attention(network, partial(block_attention, kind), stages=counts, place=place or usual_place(kind))


class _Linear(nn.Linear):
    """Scores of K classes, without bias."""

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__(dim, classes, bias=False)
        nn.init.normal_(self.weight, std=0.001)


class _Cosine(nn.Module):
    """Cosines between (B, D) vectors and the weights of K classes."""

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, dim))
        nn.init.normal_(self.weight, std=0.01)

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, K) in [-1, 1], in float32 even where training is not: a scale of 64 or more follows."""
        with torch.autocast(vectors.device.type, enabled=False):
            return normalize(vectors.float(), dim=1) @ normalize(self.weight.float(), dim=1).T
