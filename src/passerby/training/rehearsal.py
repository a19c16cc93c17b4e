"""One step of each training, on black pictures, before any of them begins."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Generator, Tensor

from passerby.images import Largest
from passerby.training.build import build
from passerby.training.groups import parameter_groups
from passerby.training.mining import Mining, draw_pool
from passerby.training.recipe import Labels, Recipe
from passerby.training.step import step
from passerby.types import Batch, Crop


def stages(recipe: Recipe) -> list[Recipe]:
    """The trainings of a recipe, in the order in which they come."""
    return [*([] if recipe.first is None else stages(recipe.first)), recipe]


def rehearse(recipe: Recipe, crops: Sequence[Crop], labels: Labels | None = None) -> None:
    """Refuse what training would refuse only at its first step, or only after the training that comes first.

    Each network is built, filled as it will be, and asked for the losses of four black pictures; nothing is kept, and
    no chance of the caller's is used.

    Args:
        recipe: with all trainings that come first.
        crops: the training set.
        labels: attribute classes of its people.

    Raises:
        ValueError: if pictures of this size, the batches, the labels, the parameter groups or the weights do not suit
            the network, the losses do not suit what it gives, or the schedule does not suit the number of epochs.
        OSError: if weights cannot be had.
    """
    start: Mapping[str, Tensor] | None = None
    classes = {pid: label for label, pid in enumerate(sorted({crop.pid for crop in crops}))}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        for stage in stages(recipe):
            model = build(stage, num_classes=len(classes), start=start)
            stage.optimizer(parameter_groups(model, stage.groups))
            stage.schedule(0.0, epochs=stage.epochs)
            pids = _pids(stage, crops)
            size = stage.size.of(2, 1) if isinstance(stage.size, Largest) else stage.size
            image = torch.zeros(3, size.height, size.width)
            for change in stage.augment.values():
                image = change(image, generator=Generator(), progress=0.0)
            batch = Batch(
                images=image.expand(len(pids), *image.shape),
                pids=torch.tensor([classes[pid] for pid in pids]),
                camids=torch.zeros(len(pids), dtype=torch.int64),
                attributes=MappingProxyType(dict(_attributes(pids, labels))),
            )
            try:
                step(model, stage.losses, batch)
            except AssertionError as error:  # how some of timm's networks refuse a size
                raise ValueError(f"The network does not take pictures of {size}: {error}") from None
            backbone = getattr(model, "backbone", None)
            start = None if backbone is None else backbone.state_dict()


def _attributes(pids: Sequence[int], labels: Labels | None) -> Iterator[tuple[str, Tensor]]:
    if labels is not None:
        for name in labels[pids[0]]:
            yield name, torch.tensor([labels[pid][name] for pid in pids])


def _pids(recipe: Recipe, crops: Sequence[Crop]) -> list[int]:
    """People of a few pictures, as they stand together in the recipe's first batch."""
    pids = [crop.pid for crop in crops]
    if isinstance(recipe.batches, Mining):
        pool = [pids[index] for index in draw_pool(pids, size=recipe.batches.pool, generator=Generator())]
        query = next(pid for pid in pool if pool.count(pid) > 1)
        return [query, query, next(pid for pid in pool if pid != query)]
    batch = [pids[index] for index in recipe.batches(pids, seed=0, epoch=0)[0]]
    several = [pid for pid in dict.fromkeys(batch) if batch.count(pid) > 1]
    return [pid for pid in several[:2] for _ in range(2)] if len(several) > 1 else batch[:4]
