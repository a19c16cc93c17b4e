"""The training loop: devices, precision and several processes are Lightning Fabric's; the rest can be read here."""

import json
import math
import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from passerby import files
from passerby.training.feed import Plan, feed
from passerby.training.recipe import Loss, Recipe
from passerby.training.step import step
from passerby.types import Batch, Crop

STATE = {"step", "world", "model", "optimizer", "precision"}
"""What a checkpoint holds."""


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
    """

    step: int
    steps: int
    epoch: float
    lr: float
    losses: Mapping[str, float]
    pictures_per_second: float


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What to train on, as Lightning Fabric names it.

    Args:
        accelerator: `cpu`, `cuda`, or `auto` for the best there is.
        devices: how many on each node.
        nodes: how many machines.
        workers: processes a device that read pictures ahead.
    """

    accelerator: str = "auto"
    devices: int = 1
    nodes: int = 1
    workers: int = 0


def fit(
    recipe: Recipe,
    train: Sequence[Crop],
    *,
    folder: Path,
    seed: int = 0,
    resume: bool = False,
    machine: Machine | None = None,
    every: float = 30.0,
    on_step: Callable[[Report], None] | None = None,
) -> nn.Module:
    """The trained network, in eval mode, on the CPU.

    Writes `checkpoint.pt` (whole or not at all) every so many seconds, and `log.jsonl`. Each step depends only on the
    recipe, the crops, the seed and the weights before it, so a training that goes on from a checkpoint ends with the
    same weights, bit for bit, as one that was never broken off (on the same device, libraries and number of threads).

    Args:
        recipe: how.
        train: the training set's crops.
        folder: where the checkpoint and the log are written.
        seed: of all chance.
        resume: go on from the folder's checkpoint; from the start where there is none yet.
        machine: what to train on; the default is the best single device.
        every: seconds between checkpoints; 0 for one after each step.
        on_step: called after each step, in the first process.

    Raises:
        ValueError: if the crops show fewer than two people, or the recipe does not fit them.
        FloatingPointError: if a loss is not finite; the message names it and the step.
    """
    people = len({crop.pid for crop in train})
    if people < 2:
        raise ValueError(f"The training set shows {people} people; training needs pictures of at least 2.")
    machine = machine or Machine()
    fabric = _fabric(machine, recipe)
    fabric.launch()
    torch.manual_seed(seed)
    model = recipe.model(num_classes=people)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    optimizer = recipe.optimizer(model.parameters())
    highest = [group["lr"] for group in optimizer.param_groups]
    checkpoint = folder / "checkpoint.pt"
    module, optimizer = fabric.setup(_Step(model, recipe.losses), optimizer)
    start = _restore(checkpoint, fabric, model, optimizer) if resume and checkpoint.is_file() else 0
    pids = tuple(crop.pid for crop in train)
    plan = Plan(recipe, pids, seed, start=start, rank=fabric.global_rank, world=fabric.world_size)
    module.train()
    saved = reported = time.monotonic()
    with _log(folder / "log.jsonl", start) if fabric.is_global_zero else nullcontext() as log:
        for done, batch in enumerate(feed(plan, train, workers=machine.workers), start + 1):
            rate = recipe.schedule((done - 1) / plan.per_epoch, epochs=recipe.epochs)
            for group, top in zip(optimizer.param_groups, highest, strict=True):
                group["lr"] = top * rate
            torch.manual_seed(seed * 1_000_003 + done)  # chance in a network (dropout) is the step's, not the history's
            batch = batch.to(fabric.device)
            terms = module(batch.images, batch.pids, batch.camids, batch.attributes, batch.progress)
            losses = {name: term.item() for name, term in terms.items()}
            _check_finite(losses, done)
            optimizer.zero_grad()
            fabric.backward(terms["total"])
            optimizer.step()
            if log is None:
                continue
            now = time.monotonic()
            speed = len(batch.pids) * fabric.world_size / max(now - reported, 1e-9)
            reported = now
            report = Report(done, plan.steps, done / plan.per_epoch, optimizer.param_groups[0]["lr"], losses, speed)
            log(report)
            if now - saved >= every or done == plan.steps:
                _save(checkpoint, done, fabric, model, optimizer)
                saved = now
            if on_step is not None:
                on_step(report)
    return model.cpu().eval()


def _fabric(machine: Machine, recipe: Recipe) -> Fabric:
    no_gpu = machine.accelerator == "cpu" or (machine.accelerator == "auto" and not torch.cuda.is_available())
    if recipe.precision == "16-mixed" and no_gpu:
        raise ValueError("precision is 16-mixed, which needs a GPU; on a CPU give 32-true or bf16-mixed.")
    try:
        return Fabric(
            accelerator=machine.accelerator,
            devices=machine.devices,
            num_nodes=machine.nodes,
            precision=recipe.precision,
        )
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"accelerator {machine.accelerator} with {machine.devices} devices: {error}") from None


class _Step(nn.Module):
    """One step as a module, since Fabric wraps modules and passes tensors, not our values."""

    def __init__(self, model: nn.Module, losses: Mapping[str, tuple[float, Loss]]) -> None:
        super().__init__()
        self.model = model
        self.losses = losses

    def forward(
        self, images: Tensor, pids: Tensor, camids: Tensor, attributes: Tensor | None, progress: float
    ) -> dict[str, Tensor]:
        images = images.contiguous(memory_format=torch.channels_last)
        return step(self.model, self.losses, Batch(images, pids, camids, attributes, progress))


@contextmanager
def _log(path: Path, start: int) -> Iterator[Callable[[Report], None]]:
    """One JSON line a step; lines of steps that are done again are dropped."""
    lines = path.read_text().splitlines() if start and path.is_file() else []
    with files.whole(path) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines if _step_of(line) <= start))
    with path.open("a", buffering=1) as file:

        def write(report: Report) -> None:
            line = {"step": report.step, "epoch": report.epoch, "lr": report.lr, **report.losses}
            file.write(json.dumps({**line, "pictures_per_second": round(report.pictures_per_second, 1)}) + "\n")

        yield write


def _step_of(line: str) -> float:
    try:
        return int(json.loads(line)["step"])
    except ValueError:  # the line that was being written when the process was killed
        return math.inf


def _save(checkpoint: Path, done: int, fabric: Fabric, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    state = {
        "step": done,
        "world": fabric.world_size,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "precision": fabric.strategy.precision.state_dict(),  # 16-mixed scales its gradients by what it has seen
    }
    with files.whole(checkpoint) as partial:
        torch.save(state, partial)


def _restore(checkpoint: Path, fabric: Fabric, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        if not isinstance(state, dict) or state.keys() != STATE:
            raise ValueError("it is no checkpoint of this version")
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise ValueError(f"{checkpoint} is damaged ({str(error).splitlines()[0]}); delete it to train anew.") from None
    world = fabric.world_size
    if state["world"] != world:
        raise ValueError(
            f"{checkpoint} is of {state['world']} processes, and {world} go on; use as many as it began with."
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    fabric.strategy.precision.load_state_dict(state["precision"])
    return int(state["step"])


def _check_finite(losses: Mapping[str, float], done: int) -> None:
    bad = [name for name, value in losses.items() if value != value or value in (float("inf"), float("-inf"))]
    if bad:
        raise FloatingPointError(f"Loss {bad[0]} is {losses[bad[0]]} at step {done}; lower the learning rate.")
