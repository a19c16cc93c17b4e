"""Batches of triplets that the network itself finds while it is trained."""

from collections.abc import Iterator, Sequence

from torch import Generator, nn

from passerby.embed import embed
from passerby.training.build import to_train
from passerby.training.feed import Item, Pictures, item, loader
from passerby.training.mining import Mining, draw_pool, draw_triplets
from passerby.training.recipe import Labels, Recipe
from passerby.types import Batch, Crop


def mined(
    recipe: Recipe,
    crops: Sequence[Crop],
    network: nn.Module,
    *,
    seed: int,
    start: int = 0,
    rank: int = 0,
    labels: Labels | None = None,
    workers: int = 0,
) -> Iterator[list[tuple[list[Item], Batch]]]:
    """Each update's batches from `start` on; a batch holds its queries, then its positives, then its negatives.

    Every so many updates, at the moment when the next one is asked for, a pool of random pictures is embedded with the
    network as it is then, without augmentation, and triplets are drawn among its hard ones. So a training that goes on
    from the first update of such a round finds the triplets that it would have found.

    Args:
        recipe: its `batches` is Mining.
        crops: the training set.
        network: what is trained.
        seed: of all chance.
        start: updates done; a multiple of `every`.
        rank: which of several processes this is; each draws a pool and triplets of its own.
        labels: attribute classes of the people.
        workers: processes that read pictures ahead.

    Raises:
        ValueError: if the batches are no Mining, start is inside of a round, or a pool holds no triplet.
        FloatingPointError: if a weight is no longer finite when a pool is to be embedded.
    """
    mining = recipe.batches
    if not isinstance(mining, Mining):
        raise ValueError("batches is no Mining.")
    if start % mining.every:
        raise ValueError(f"start is {start}; mining goes on at a multiple of batches.every, {mining.every}.")
    steps = mining.updates * recipe.epochs
    coming: list[list[Item]] = []
    batches = loader(Pictures(crops, recipe, labels), coming, workers=workers)
    for first in range(start, steps, mining.every):
        triplets = _find(mining, recipe, crops, network, seed=seed, step=first, rank=rank)
        coming[:] = [
            chunk
            for step in range(first, min(first + mining.every, steps))
            for chunk in _chunks(triplets[step - first], mining, seed=seed, step=step, rank=rank, steps=steps)
        ]
        update: list[tuple[list[Item], Batch]] = []
        for items, batch in zip(list(coming), batches, strict=True):
            update.append((items, batch))
            if sum(len(done) for done, _ in update) == 3 * mining.triplets:
                yield update
                update = []


def _find(
    mining: Mining, recipe: Recipe, crops: Sequence[Crop], network: nn.Module, *, seed: int, step: int, rank: int
) -> list[list[tuple[int, int, int]]]:
    """Triplets of each update of a round, as indices into the crops."""
    generator = Generator().manual_seed((seed * 1_000_003 + step) * 64 + rank)
    if not all(bool(parameter.isfinite().all()) for parameter in network.parameters()):
        raise FloatingPointError(f"The weights are no longer finite after step {step}; lower the learning rate.")
    pids = [crop.pid for crop in crops]
    pool = draw_pool(pids, size=mining.pool, generator=generator)
    device = str(next(network.parameters()).device)
    found = embed(network, [crops[index] for index in pool], size=recipe.size, device=device)
    to_train(network, recipe)
    drawn = draw_triplets(
        found.vectors,
        [pids[index] for index in pool],
        count=mining.triplets * mining.every,
        hardest=mining.hardest,
        generator=generator,
    )
    whole = [(pool[query], pool[positive], pool[negative]) for query, positive, negative in drawn]
    return [whole[place : place + mining.triplets] for place in range(0, len(whole), mining.triplets)]


def _chunks(
    triplets: Sequence[tuple[int, int, int]], mining: Mining, *, seed: int, step: int, rank: int, steps: int
) -> Iterator[list[Item]]:
    slot = 0
    for start in range(0, len(triplets), mining.at_once):
        chunk = triplets[start : start + mining.at_once]
        items = []
        for place in range(3):
            for triplet in chunk:
                index = triplet[place]
                items.append(item(index, seed=seed, step=step, rank=rank, slot=slot, progress=step / steps))
                slot += 1
        yield items
