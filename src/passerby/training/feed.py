"""The training pictures as batches, the same ones whatever the number of workers and wherever training starts."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from passerby import images
from passerby.images import Size
from passerby.training.recipe import Recipe
from passerby.types import Batch, Crop


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of one step: which, with which seed of its chances, and how far training is."""

    index: int
    seed: int
    progress: float


@dataclass(frozen=True)
class Plan:
    """Every step of a training from `start` on, as lists of items; a pure function of recipe, pids and seed.

    Args:
        recipe: gives epochs and batches.
        pids: identity of each training picture.
        seed: of the training.
        start: first step, from 0.
        rank: which of `world` processes this is; each takes every world-th batch.
        world: number of processes that train together.
    """

    recipe: Recipe
    pids: tuple[int, ...]
    seed: int
    start: int = 0
    rank: int = 0
    world: int = 1

    @cached_property
    def per_epoch(self) -> int:
        """Steps of one epoch.

        Raises:
            ValueError: if an epoch has fewer batches than there are processes.
        """
        count = len(self._epoch(0)) // self.world
        if count < 1:
            raise ValueError(
                f"An epoch has fewer batches than the {self.world} processes; use fewer, or smaller batches."
            )
        return count

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.per_epoch * self.recipe.epochs

    def __len__(self) -> int:
        return self.steps - self.start

    def __iter__(self) -> Iterator[list[Item]]:
        per_epoch, steps = self.per_epoch, self.steps
        for epoch in range(self.start // per_epoch, self.recipe.epochs):
            batches = self._epoch(epoch)
            for place in range(per_epoch):
                step = epoch * per_epoch + place
                if step >= self.start:
                    batch = batches[place * self.world + self.rank]
                    yield [self._item(index, step, slot, step / steps) for slot, index in enumerate(batch)]

    def _epoch(self, epoch: int) -> list[list[int]]:
        return self.recipe.batches(self.pids, seed=self.seed, epoch=epoch)

    def _item(self, index: int, step: int, slot: int, progress: float) -> Item:
        name = f"{self.seed} {step} {self.rank} {slot}".encode()
        return Item(index, int.from_bytes(hashlib.blake2b(name, digest_size=7).digest()), progress)


class Pictures(Dataset[Batch]):
    """The training crops, read and augmented one batch at a time."""

    def __init__(self, crops: Sequence[Crop], size: Size, augment: Mapping[str, Callable[..., Tensor]]) -> None:
        self.size = size
        self.augment = augment
        self.crops = crops
        self.classes = {pid: label for label, pid in enumerate(sorted({crop.pid for crop in crops}))}

    def __getitem__(self, items: list[Item]) -> Batch:
        """Read the pictures of one step."""
        crops = [self.crops[item.index] for item in items]
        return Batch(
            images=torch.stack([self._image(item) for item in items]),
            pids=torch.tensor([self.classes[crop.pid] for crop in crops]),
            camids=torch.tensor([-1 if crop.camid is None else crop.camid for crop in crops]),
            progress=items[0].progress,
        )

    def _image(self, item: Item) -> Tensor:
        image = images.normalise(images.load(self.crops[item.index], self.size))
        generator = Generator().manual_seed(item.seed)
        for change in self.augment.values():
            image = change(image, generator=generator, progress=item.progress)
        return image


def feed(plan: Plan, crops: Sequence[Crop], *, workers: int = 0) -> DataLoader[Batch]:
    """The batches of a plan, in order.

    Args:
        plan: which pictures, step by step.
        crops: the training set.
        workers: processes that read pictures ahead; 0 reads them in this one.
    """
    # A sampler that yields whole batches with batch_size=None hands each list of items to Pictures at once.
    return DataLoader(
        Pictures(crops, plan.recipe.size, plan.recipe.augment),
        batch_size=None,
        sampler=plan,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        # a fork of a process with threads, as this one is, may hang
        multiprocessing_context="forkserver" if workers else None,
    )
