"""The whole of the training arithmetic."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from passerby.training.recipe import Loss
from passerby.types import Batch, Output


def step(model: nn.Module, losses: Mapping[str, tuple[float, Loss]], batch: Batch) -> dict[str, Tensor]:
    """Weighted losses of one batch by name, and their sum as `total`.

    The losses are computed in float32, whatever the model's precision; one of weight 0 is left out.
    """
    images = batch.images
    output = model(images) if isinstance(images, Tensor) else of_any_size(model, images)
    with torch.autocast(batch.pids.device.type, enabled=False):
        terms = {name: weight * loss(output, batch) for name, (weight, loss) in losses.items() if weight}
        return {**terms, "total": torch.stack(list(terms.values())).sum()}


def of_any_size(model: nn.Module, images: Sequence[Tensor]) -> Output:
    """A model's output for pictures (3, h, w) of several sizes, in their order; those of one size go together.

    It is what one picture at a time would give.

    Raises:
        ValueError: if a batch norm uses the statistics of a batch, which would depend on what goes together.
    """
    if any(isinstance(module, _BatchNorm) and module.training for module in model.modules()):
        raise ValueError(
            "Pictures of several sizes go through the network one size at a time, and its batch norms use the "
            "statistics of a batch; set frozen_batch_norm to statistics or all, or give pictures one size."
        )
    sizes = list(dict.fromkeys(tuple(image.shape) for image in images))
    groups = [[place for place, image in enumerate(images) if tuple(image.shape) == size] for size in sizes]
    outputs = [model(torch.stack([images[place] for place in group])) for group in groups]
    order = torch.tensor([place for group in groups for place in group], device=images[0].device).argsort()

    def joined(parts: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(parts))[order]

    return Output(
        joined([output.embedding for output in outputs]),
        features=tuple(joined(parts) for parts in zip(*(output.features for output in outputs), strict=True)),
        logits=tuple(joined(parts) for parts in zip(*(output.logits for output in outputs), strict=True)),
        attributes={name: joined([output.attributes[name] for output in outputs]) for name in outputs[0].attributes},
    )
