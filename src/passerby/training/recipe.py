"""Everything that decides how a network is built and trained."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from torch import Tensor, nn
from torch.optim import Optimizer

from passerby.images import Largest, Size
from passerby.training.groups import Group
from passerby.training.mining import Mining
from passerby.types import Batch, Output, PersonSet

Loss = Callable[[Output, Batch], Tensor]
Labels = Mapping[int, Mapping[str, int]]
"""pid to attribute name to class, from 0."""
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
FrozenBatchNorm = Literal["none", "statistics", "all"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is built and trained; holds callables, never built modules.

    Args:
        model: `model(num_classes=C)` builds the network; its part `backbone` is what `pretrained` and `first` fill.
        data: `data(root)` reads the data set.
        size: what the network sees: `Size(height, width)`, or `Largest(side)` for pictures that are not distorted.
        epochs: times the training set is gone through; with `Mining`, times its `updates`.
        batches: `batches(pids, seed=, epoch=)` gives an epoch's batches as indices, always the same number of them;
            or `Mining`, which finds triplets with the network itself.
        augment: by name, in order: `f(image, generator=, progress=)` on one normalised (3, H, W) image.
        losses: by name: weight, and `loss(output, batch)`. A loss of weight 0 is not computed.
        optimizer: `optimizer(groups)` builds it; the rate it is given is the highest.
        groups: by pattern of parameter names: rate and decay of those that match; see `parameter_groups`.
        schedule: `schedule(epoch, epochs=)` gives the share of the highest rate at a fractional epoch.
        precision: of the arithmetic, as Lightning Fabric names it.
        flip_test: True to embed a picture as the normalised sum with its mirror image.
        pretrained: False for random weights, True for timm's ImageNet weights, a path for a safetensors file; passed
            to `model` when training starts, and to nothing else.
        frozen_batch_norm: what of the batch norms training leaves alone: `none`, `statistics` (running mean and
            variance are used and not updated), or `all` (weight and bias too).
        labels: `labels(data)` gives the attribute classes of the training people; None where no loss needs them.
        first: a training that comes first on the same data, in this one's precision; this one starts from its backbone.

    Raises:
        ValueError: if epochs is below 1; there is no loss, all have weight 0, or a weight is negative or not finite;
            there is mining, and batch norm is not frozen; or there are both `pretrained` and `first`.
    """

    model: Callable[..., nn.Module]
    data: Callable[[Path], PersonSet]
    size: Size | Largest
    epochs: int
    batches: Callable[..., list[list[int]]] | Mining
    augment: Mapping[str, Callable[..., Tensor]]
    losses: Mapping[str, tuple[float, Loss]]
    optimizer: Callable[..., Optimizer]
    groups: Mapping[str, Group] = field(default_factory=lambda: MappingProxyType({}))
    schedule: Callable[..., float]
    precision: Precision = "32-true"
    flip_test: bool = False
    pretrained: bool | Path = False
    frozen_batch_norm: FrozenBatchNorm = "none"
    labels: Callable[[PersonSet], Labels] | None = None
    first: "Recipe | None" = None

    def __post_init__(self) -> None:
        for name, (weight, _) in self.losses.items():
            if not 0 <= weight < math.inf:
                raise ValueError(f"losses.{name} has weight {weight}; give a finite number of 0 or more.")
        if self.epochs < 1:
            raise ValueError(f"epochs is {self.epochs}; give 1 or more.")
        if not any(weight for weight, _ in self.losses.values()):
            raise ValueError("losses has nothing of a weight above 0; give one or more by name.")
        if isinstance(self.batches, Mining) and self.frozen_batch_norm == "none":
            raise ValueError(
                "batches is Mining, whose triplets go through the network a few at a time; "
                "set frozen_batch_norm to statistics or all."
            )
        if not isinstance(self.pretrained, bool | Path):
            raise ValueError(f"pretrained is {self.pretrained!r}; give True, False or a Path.")
        if self.pretrained and self.first is not None:
            raise ValueError(
                f"pretrained is {self.pretrained}, but the backbone comes from the training that is first; "
                "set first.pretrained."
            )
