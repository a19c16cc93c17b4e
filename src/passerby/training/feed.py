"""The training pictures as batches, the same ones whatever the number of workers and wherever training starts."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from passerby import images
from passerby.training.mining import Mining
from passerby.training.recipe import Labels, Recipe
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
                    yield [
                        item(index, seed=self.seed, step=step, rank=self.rank, slot=slot, progress=step / steps)
                        for slot, index in enumerate(batch)
                    ]

    def _epoch(self, epoch: int) -> list[list[int]]:
        batches = self.recipe.batches
        if isinstance(batches, Mining):
            raise ValueError("batches is Mining, whose batches depend on the network; no plan can be made ahead.")
        return batches(self.pids, seed=self.seed, epoch=epoch)


class Pictures(Dataset[Batch]):
    """The training crops, read and augmented one batch at a time."""

    def __init__(self, crops: Sequence[Crop], recipe: Recipe, labels: Labels | None) -> None:
        self.size = recipe.size
        self.augment = recipe.augment
        self.crops = crops
        self.labels = labels
        self.classes = {pid: label for label, pid in enumerate(sorted({crop.pid for crop in crops}))}

    def __getitem__(self, items: Sequence[Item]) -> Batch:
        """Read the pictures of one step."""
        crops = [self.crops[item.index] for item in items]
        read = [self._image(item) for item in items]
        same = len({image.shape for image in read}) == 1
        return Batch(
            images=torch.stack(read) if same else tuple(read),
            pids=torch.tensor([self.classes[crop.pid] for crop in crops]),
            camids=torch.tensor([-1 if crop.camid is None else crop.camid for crop in crops]),
            attributes=self._attributes([crop.pid for crop in crops]),
            progress=items[0].progress,
        )

    def _image(self, item: Item) -> Tensor:
        image = images.normalise(images.load(self.crops[item.index], self.size))
        generator = Generator().manual_seed(item.seed)
        for change in self.augment.values():
            image = change(image, generator=generator, progress=item.progress)
        return image

    def _attributes(self, pids: Sequence[int]) -> dict[str, Tensor]:
        if self.labels is None:
            return {}
        rows = [self.labels[pid] for pid in pids]
        return {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}


def feed(
    plan: Plan, crops: Sequence[Crop], *, labels: Labels | None = None, workers: int = 0
) -> Iterator[tuple[list[Item], Batch]]:
    """The batches of a plan, in order, each with what it was made of.

    Args:
        plan: which pictures, step by step.
        crops: the training set.
        labels: attribute classes of its people; None for none.
        workers: processes that read pictures ahead; 0 reads them in this one.
    """
    yield from zip(plan, loader(Pictures(crops, plan.recipe, labels), plan, workers=workers), strict=True)


def loader(pictures: Pictures, batches: Iterable[list[Item]], *, workers: int) -> DataLoader[Batch]:
    """Read lists of items as batches, in order, with as many processes; can be gone through several times."""
    # A sampler that yields whole batches with batch_size=None hands each list of items to Pictures at once.
    return DataLoader(
        pictures,
        batch_size=None,
        sampler=batches,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        persistent_workers=workers > 0,
        # a fork of a process with threads, as this one is, may hang
        multiprocessing_context="forkserver" if workers else None,
    )


def item(index: int, *, seed: int, step: int, rank: int, slot: int, progress: float) -> Item:
    """One picture of one step, whose chances depend on seed, step, process and slot alone."""
    name = f"{seed} {step} {rank} {slot}".encode()
    return Item(index, int.from_bytes(hashlib.blake2b(name, digest_size=7).digest()), progress)
