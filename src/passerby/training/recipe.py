"""Everything that decides how a network is built and trained."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor, nn
from torch.optim import Optimizer

from passerby.images import Size
from passerby.types import Batch, Output, PersonSet

Loss = Callable[[Output, Batch], Tensor]
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is built and trained; holds callables, never built modules.

    Args:
        model: `model(num_classes=C)` builds the network.
        data: `data(root)` reads the data set.
        height: rows of a picture, in pixels.
        width: columns of a picture, in pixels.
        epochs: times the training set is gone through.
        batches: `batches(pids, seed=, epoch=)` gives an epoch's batches as indices; always the same number of them.
        augment: by name, in order: `f(image, generator=, progress=)` on one normalised (3, H, W) image.
        losses: by name: weight, and `loss(output, batch)`.
        optimizer: `optimizer(parameters)` builds it; the rate it is given is the highest.
        schedule: `schedule(epoch, epochs=)` gives the share of that rate at a fractional epoch.
        precision: of the arithmetic, as Lightning Fabric names it.
        flip_test: True to embed a picture as the normalised sum with its mirror image.

    Raises:
        ValueError: if height, width or epochs is below 1, there is no loss, or a weight is negative or not finite.
    """

    model: Callable[..., nn.Module]
    data: Callable[[Path], PersonSet]
    height: int
    width: int
    epochs: int
    batches: Callable[..., list[list[int]]]
    augment: Mapping[str, Callable[..., Tensor]]
    losses: Mapping[str, tuple[float, Loss]]
    optimizer: Callable[..., Optimizer]
    schedule: Callable[..., float]
    precision: Precision = "32-true"
    flip_test: bool = False

    def __post_init__(self) -> None:
        for name, (weight, _) in self.losses.items():
            if not 0 <= weight < math.inf:
                raise ValueError(f"losses.{name} has weight {weight}; give a finite number of 0 or more.")
        _ = self.size
        if self.epochs < 1:
            raise ValueError(f"epochs is {self.epochs}; give 1 or more.")
        if not self.losses:
            raise ValueError("losses is empty; give one or more by name.")

    @property
    def size(self) -> Size:
        """Height and width that the network sees."""
        return Size(self.height, self.width)
