"""The training loop: devices, precision and several processes are Lightning Fabric's; the rest can be read here."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from passerby import weights
from passerby.training import odd_batch
from passerby.training.build import build, to_train
from passerby.training.checkpoint import restore, save
from passerby.training.feed import Item, Plan, feed
from passerby.training.groups import parameter_groups
from passerby.training.log import log
from passerby.training.machine import Machine, fabric_of
from passerby.training.mined import mined
from passerby.training.mining import Mining
from passerby.training.recipe import Labels, Loss, Recipe
from passerby.training.rehearsal import rehearse, stages
from passerby.training.step import of_any_size, step
from passerby.types import Batch, Crop


@dataclass(frozen=True, slots=True)
class Report:
    """How training stands after a step.

    Args:
        step: steps done.
        steps: steps of the whole training.
        epoch: epochs done, fractional.
        lr: learning rate of the step.
        losses: weighted loss by name, and `total`.
        pictures_per_second: since the report before, all processes together.
        stage: which of the trainings that come one after another, from 1.
        stages: how many there are.
    """

    step: int
    steps: int
    epoch: float
    lr: float
    losses: Mapping[str, float]
    pictures_per_second: float
    stage: int = 1
    stages: int = 1


def fit(
    recipe: Recipe,
    train: Sequence[Crop],
    *,
    folder: Path,
    labels: Labels | None = None,
    seed: int = 0,
    resume: bool = False,
    machine: Machine | None = None,
    every: float = 30.0,
    on_begin: Callable[[], None] | None = None,
    on_step: Callable[[Report], None] | None = None,
    on_epoch: Callable[[nn.Module, int], Mapping[str, float]] | None = None,
) -> nn.Module:
    """The trained network, in eval mode, on the CPU.

    Writes `checkpoint.pt` (whole or not at all) every so many seconds, and `log.jsonl`; a recipe's `first` training
    does so in the folder `first`, where it leaves its backbone. Each step depends only on the recipe, the crops, the
    seed and the weights before it, so a training that goes on from a checkpoint ends with the same weights, bit for
    bit, as one that was never broken off (on a CPU, with the same libraries and number of threads; a GPU's sums may
    come in another order).

    Args:
        recipe: how.
        train: the training set's crops.
        folder: where the checkpoint and the log are written.
        labels: attribute classes of the people, where a loss needs them.
        seed: of all chance.
        resume: go on from the folder's checkpoint; from the start where there is none yet.
        machine: what to train on; the default is the best single device.
        every: seconds between checkpoints; 0 for one after each step. With mining, checkpoints wait for the end of a
            round.
        on_begin: called in every process when the training was found to fit, before anything is written.
        on_step: called after each step, in the first process.
        on_epoch: called after each epoch of the last training, in the first process, with the network in eval mode and
            the number of epochs done; what it gives by name is logged with the epoch's last step. The training goes on
            as it would have without: the network must be left on its device, with its weights as they are.

    Raises:
        ValueError: if the crops show fewer than two people, or the recipe does not fit them.
        FloatingPointError: if a loss is not finite; the message names it, the step, and the file that the batch was
            saved in.
    """
    people = len({crop.pid for crop in train})
    if people < 2:
        raise ValueError(f"The training set shows {people} people; training needs pictures of at least 2.")
    machine = machine or Machine()
    fabric = fabric_of(machine, recipe)
    fabric.launch()
    rehearse(recipe, train, labels)
    if on_begin is not None:
        on_begin()
    job = _Job(fabric, train, labels, seed, resume, machine.workers, every, on_step, on_epoch)
    every_stage = stages(recipe)
    start = None
    for number, stage in enumerate(every_stage[:-1], 1):
        place = folder.joinpath(*["first"] * (len(every_stage) - number))
        file = place / "backbone.safetensors"
        if not (resume and file.is_file()):
            place.mkdir(parents=True, exist_ok=True)
            model = _train(job, stage, place, start, number, len(every_stage))
            if fabric.is_global_zero:
                weights.save(model.get_submodule("backbone"), file)
            fabric.barrier()
        start = weights.read(file)
    return _train(job, recipe, folder, start, len(every_stage), len(every_stage))


@dataclass(frozen=True, slots=True)
class _Job:
    """What the trainings that come one after another have in common."""

    fabric: Fabric
    crops: Sequence[Crop]
    labels: Labels | None
    seed: int
    resume: bool
    workers: int
    every: float
    on_step: Callable[[Report], None] | None
    on_epoch: Callable[[nn.Module, int], Mapping[str, float]] | None


def _train(
    job: _Job, recipe: Recipe, folder: Path, start: Mapping[str, Tensor] | None, stage: int, stages: int
) -> nn.Module:
    """One training of them; `start` fills the network's backbone."""
    fabric = job.fabric
    torch.manual_seed(job.seed)
    model = build(recipe, num_classes=len({crop.pid for crop in job.crops}), start=start)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    optimizer = recipe.optimizer(parameter_groups(model, recipe.groups))
    highest = [group["lr"] * group["rate"] for group in optimizer.param_groups]
    module, optimizer = fabric.setup(_Step(model, recipe.losses), optimizer)
    checkpoint = folder / "checkpoint.pt"
    begun = restore(checkpoint, fabric, model, optimizer) if job.resume and checkpoint.is_file() else 0
    per_epoch, pause, updates = _updates(job, recipe, model, begun)
    steps = per_epoch * recipe.epochs
    to_train(module, recipe)
    saved = reported = time.monotonic()
    with log(folder / "log.jsonl", begun) if fabric.is_global_zero else nullcontext() as write:
        for done, update in enumerate(updates, begun + 1):
            share = recipe.schedule((done - 1) / per_epoch, epochs=recipe.epochs)
            for group, top in zip(optimizer.param_groups, highest, strict=True):
                group["lr"] = top * share
            # chance in a network (dropout) is the step's and the process's
            torch.manual_seed((job.seed * 1_000_003 + done) * 64 + fabric.global_rank)
            optimizer.zero_grad()
            losses = _gradients(job, module, update, folder, done)
            optimizer.step()
            judged = job.on_epoch is not None and stage == stages and done % per_epoch == 0
            if (done == steps or judged) and not _embeds(model, update[-1][1].to(fabric.device)):
                items, held = update[-1]
                crops = [job.crops[item.index] for item in items]
                raise FloatingPointError(odd_batch.save({**losses, "weights": math.nan}, done, folder, held, crops))
            now = time.monotonic()
            speed = sum(len(items) for items, _ in update) * fabric.world_size / max(now - reported, 1e-9)
            found = _after_epoch(job, recipe, module, model, done // per_epoch) if judged else {}
            reported = time.monotonic()
            if write is None:
                continue
            rate = optimizer.param_groups[0]["lr"]
            report = Report(done, steps, done / per_epoch, rate, losses, speed, stage, stages)
            line = {"step": done, "epoch": report.epoch, "lr": rate, **losses, **found}
            write({**line, "pictures_per_second": round(speed, 1)})
            if (now - saved >= job.every and done % pause == 0) or done == steps:
                save(checkpoint, done, fabric, model, optimizer)
                saved = now
            if job.on_step is not None:
                job.on_step(report)
    return model.cpu().eval()


def _after_epoch(job: _Job, recipe: Recipe, module: nn.Module, model: nn.Module, epoch: int) -> Mapping[str, float]:
    """What `on_epoch` gives in the first process; the others wait for it. Chance and the modes are as they were."""
    found: Mapping[str, float] = {}
    if job.on_epoch is not None and job.fabric.is_global_zero:
        with torch.random.fork_rng(devices=[]):
            found = job.on_epoch(model.eval(), epoch)
    job.fabric.barrier()
    to_train(module, recipe)
    return found


def _embeds(model: nn.Module, batch: Batch) -> bool:
    """Whether the network, as its last step left it, still gives finite descriptors; it is in eval mode afterwards."""
    images = batch.images
    with torch.inference_mode():
        model.eval()
        output = model(images[:8]) if isinstance(images, Tensor) else of_any_size(model, images[:8])
        return bool(output.embedding.isfinite().all())


Update = list[tuple[list[Item], Batch]]
"""What one update of the weights is computed from: batches, each with the items that it was made of."""


def _updates(job: _Job, recipe: Recipe, model: nn.Module, begun: int) -> tuple[int, int, Iterator[Update]]:
    """Updates of an epoch; how many apart training may be broken off; each one's batches, from `begun` on."""
    rank, world = job.fabric.global_rank, job.fabric.world_size
    if isinstance(recipe.batches, Mining):
        found = mined(
            recipe,
            job.crops,
            model,
            seed=job.seed,
            start=begun,
            rank=rank,
            labels=job.labels,
            workers=job.workers,
        )
        return recipe.batches.updates, recipe.batches.every, found
    plan = Plan(recipe, tuple(crop.pid for crop in job.crops), job.seed, start=begun, rank=rank, world=world)
    batches = feed(plan, job.crops, labels=job.labels, workers=job.workers)
    return plan.per_epoch, 1, ([batch] for batch in batches)


def _gradients(job: _Job, module: nn.Module, update: Update, folder: Path, done: int) -> dict[str, float]:
    """Put an update's gradients into the network; its weighted losses by name, and `total`.

    Batches count by their pictures, so that the gradient is that of the mean over the update.
    """
    pictures = sum(len(items) for items, _ in update)
    losses: dict[str, float] = {}
    for place, (items, held) in enumerate(update, 1):
        batch = held.to(job.fabric.device)
        share = len(items) / pictures
        with job.fabric.no_backward_sync(module, enabled=place < len(update)):  # type: ignore[arg-type]
            terms = module(batch.images, batch.pids, batch.camids, dict(batch.attributes), batch.progress)
            part = {name: term.item() for name, term in terms.items()}
            if not all(map(math.isfinite, part.values())):
                crops = [job.crops[item.index] for item in items]
                raise FloatingPointError(odd_batch.save(part, done, folder, held, crops))
            job.fabric.backward(terms["total"] * share if share < 1 else terms["total"])
        losses = {name: losses.get(name, 0.0) + share * value for name, value in part.items()}
    return losses


class _Step(nn.Module):
    """One step as a module, since Fabric wraps modules and passes tensors, not our values."""

    def __init__(self, model: nn.Module, losses: Mapping[str, tuple[float, Loss]]) -> None:
        super().__init__()
        self.model = model
        self.losses = losses

    def forward(
        self,
        images: Tensor | tuple[Tensor, ...],
        pids: Tensor,
        camids: Tensor,
        attributes: Mapping[str, Tensor],
        progress: float,
    ) -> dict[str, Tensor]:
        if isinstance(images, Tensor):
            images = images.contiguous(memory_format=torch.channels_last)
        return step(self.model, self.losses, Batch(images, pids, camids, attributes, progress))
