"""The whole of the training arithmetic."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from passerby.training.recipe import Loss
from passerby.types import Batch


def step(model: nn.Module, losses: Mapping[str, tuple[float, Loss]], batch: Batch) -> dict[str, Tensor]:
    """Weighted losses of one batch by name, and their sum as `total`.

    The losses are computed in float32, whatever the model's precision.
    """
    output = model(batch.images)
    with torch.autocast(batch.images.device.type, enabled=False):
        terms = {name: weight * loss(output, batch) for name, (weight, loss) in losses.items()}
        return {**terms, "total": torch.stack(list(terms.values())).sum()}
