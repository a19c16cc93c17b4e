"""A run's folder: recipe.json, weights.safetensors, checkpoint.pt, log.jsonl, results."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from passerby import card, embed, images, names, recipes, weights
from passerby.card import HeldOut, TrainedOn
from passerby.evaluation.scores import Scores
from passerby.evaluation.validation import validation
from passerby.files import writable
from passerby.training import best
from passerby.training.describe import describe
from passerby.training.loop import Report, fit
from passerby.training.machine import Machine
from passerby.training.override import override
from passerby.training.recipe import Recipe
from passerby.types import Crop, Embeddings, ModelId, PersonSet


@dataclass(frozen=True, kw_only=True)
class Run:
    """A trained network and where it came from.

    Args:
        folder: the run's folder.
        name: the recipe's name.
        recipe: the recipe, with the run's changes.
        model: the network, in eval mode.
        model_id: stamps its embeddings.
        seed: of the training.
        changes: `field=value` changes of the recipe.
        data: the crops that it was trained on.
        held_out: the training people that it was not trained on; None where it was trained on all.
        epoch: the one whose weights were kept, since they were the best on the held-out people; None for the last.
    """

    folder: Path
    name: str
    recipe: Recipe
    model: nn.Module
    model_id: ModelId
    seed: int
    changes: tuple[str, ...]
    data: TrainedOn
    held_out: HeldOut | None = None
    epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How a training is judged on the held-out people while it goes on.

    Args:
        judge: gives the scores of a network on a data set; the third argument is the device that it runs on.
        every: epochs from one time to the next, 1 or more; after the last epoch it is always judged.
        keep: `last` to end with the weights of the last epoch, `best` with those of the judged epoch whose mAP was the
            highest, the first one among equals.
        on_judged: called with the number of epochs done, and the scores.

    Raises:
        ValueError: if every is below 1, or keep is another.
    """

    judge: Callable[[Run, PersonSet, str], Scores]
    every: int = 1
    keep: Literal["best", "last"] = "last"
    on_judged: Callable[[int, Scores], None] | None = None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every is {self.every}; give a number of epochs, 1 or more.")
        if self.keep not in ("best", "last"):
            raise ValueError(f"keep is {self.keep!r}; give best or last.")


def recipe(name: str, changes: Sequence[str] = ()) -> Recipe:
    """The recipe of a name, such as `demo`, with some `field=value` changes.

    Raises:
        ValueError: if there is no such recipe, or a change does not fit.
    """
    file, _, thing = name.partition(".")
    offered = recipe_names(file)
    if name not in offered:
        raise ValueError(f"No recipe is called {name!r}; there is {', '.join(offered)}.")
    found = getattr(names.module(recipes, file), thing or file)
    return override(found, changes)


def recipe_names(file: str | None = None) -> list[str]:
    """Names of the recipes in a file of `recipes`, or in all of them.

    Raises:
        ValueError: if there is no such file.
    """
    found = []
    for one in names.names(recipes) if file is None else [file]:
        things = vars(names.module(recipes, one)).items()
        found += [one if thing == one else f"{one}.{thing}" for thing, value in things if isinstance(value, Recipe)]
    return sorted(found)


def train(
    name: str,
    *,
    data: PersonSet,
    out: Path,
    changes: Sequence[str] = (),
    seed: int = 0,
    resume: bool = False,
    machine: Machine | None = None,
    every: float = 30.0,
    on_step: Callable[[Report], None] | None = None,
    validate: int | None = None,
    watch: Watch | None = None,
) -> Run:
    """Train a recipe on a data set's training crops and keep the run in a folder.

    Args:
        name: of the recipe.
        data: its `train` and `attributes` are used and nothing else of it.
        out: the run's folder; must not hold a run yet, unless `resume`.
        changes: `field=value` changes of the recipe.
        seed: of all chance, 0 or more.
        resume: go on with the run in `out` where it was broken off.
        machine: what to train on.
        every: seconds between checkpoints; 0 for one after each step.
        on_step: called after each step.
        validate: training people to hold out, see `evaluation.validation`; None to train on all.
        watch: how it is judged on them while it goes on; None for not at all.

    Raises:
        ValueError: if recipe, changes or data do not fit, pictures cannot be read (the message lists them), `out` holds
            a run already, `resume` finds one of another recipe, data, seed or validation, the people cannot be held
            out, or there is `watch` without `validate`.
        FileNotFoundError: if `resume` finds no run.
        OSError: if nothing can be written into `out`.
    """
    found = recipe(name, changes)
    if not 0 <= seed < 2**31:
        raise ValueError(f"seed is {seed}; give 0 or more, below 2**31.")
    if watch is not None and validate is None:
        raise ValueError("A training is watched on held-out people, and nobody is held out; give validate.")
    finished = resume and (out / "weights.safetensors").is_file()
    if not finished:
        writable(out)
    held = None if validate is None else validation(data, validate)
    people = data if held is None else held
    _check_people(people)
    labels = None if found.labels is None else found.labels(people)
    if first_process() and not finished:
        images.check_readable(data.train)
    watched = {} if watch is None else {"every": watch.every, "keep": watch.keep}
    told = card.card(name, found, changes=changes, seed=seed, data=data, held=held, watch=watched)
    if not first_process():
        pass  # the first one looks after the folder
    elif resume:
        card.same(out, told)
    elif any((out / begun).is_file() for begun in ("checkpoint.pt", "weights.safetensors")):
        raise ValueError(f"{out} holds a run already; go on with it by --resume, or give another folder.")

    def begin() -> None:
        out.mkdir(parents=True, exist_ok=True)
        if first_process():
            card.write(out, card.with_history(out, told) if resume else told)
            if not (resume and (out / "checkpoint.pt").is_file()):
                (out / best.FILE).unlink(missing_ok=True)  # of a training that begins anew

    if not finished:
        model = fit(
            found,
            people.train,
            folder=out,
            labels=labels,
            seed=seed,
            resume=resume,
            machine=machine,
            every=every,
            on_begin=begin,
            on_step=on_step,
            on_epoch=None if watch is None or held is None else _watching(watch, held, out, name, changes, seed, told),
        )
        if first_process():
            if watch is not None and watch.keep == "best":
                _take_best(model, out, found.epochs)
            weights.save(model, out / "weights.safetensors")
            for left in (*sorted(out.rglob("checkpoint.pt")), out / best.FILE):
                left.unlink(missing_ok=True)  # several times as large as the weights, and of no use any more
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.barrier()
    return load(out)


def _check_people(data: PersonSet) -> None:
    people = {crop.pid for crop in data.train}
    if len(people) < 2:
        raise ValueError(f"{data.name} has {len(people)} people in train; training needs at least 2.")
    cameras = {crop.camid for crop in data.train}
    if len(cameras) == 1 and None not in cameras:
        raise ValueError(
            f"All {len(data.train)} training crops of {data.name} are of camera {cameras.pop()}; to learn who is who "
            "across cameras takes 2 or more. Leave the camera out where it means nothing."
        )


def _watching(
    watch: Watch, held: PersonSet, out: Path, name: str, changes: Sequence[str], seed: int, told: Mapping[str, Any]
) -> Callable[[nn.Module, int], dict[str, float]]:
    """What is done after each epoch: judge the network where it is time, keep the best, and tell."""
    found = recipe(name, changes)

    def on_epoch(model: nn.Module, epoch: int) -> dict[str, float]:
        if epoch % watch.every and epoch < found.epochs:
            return {}
        run = Run(
            folder=out,
            name=name,
            recipe=found,
            model=model,
            model_id=_stamp(name, found, ""),
            seed=seed,
            changes=tuple(changes),
            data=card.trained_on(out, told),
            held_out=card.held_out(out, told),
            epoch=epoch,
        )
        scores = watch.judge(run, held, str(next(model.parameters()).device))
        numbers = best.Best(epoch=epoch, mAP=scores.mAP, rank1=scores.rank(1))
        if watch.keep == "best":
            best.keep(model, out / best.FILE, numbers)
        if watch.on_judged is not None:
            watch.on_judged(epoch, scores)
        return {f"validation_mAP_{scores.protocol['ap']}": numbers.mAP, "validation_rank1": numbers.rank1}

    return on_epoch


def _take_best(model: nn.Module, out: Path, epochs: int) -> None:
    """Fill the network with the weights of the best epoch, and write into the card which one that was."""
    file = out / best.FILE
    chosen = best.read(file)
    weights.fill(model, weights.read(file), source=file)
    kept = {"epoch": chosen.epoch, "of": epochs, "mAP": chosen.mAP, "rank1": chosen.rank1}
    card.write(out, {**card.read(out), "kept": {**kept, "chosen_on": "validation people"}})


def load(folder: Path, changes: Sequence[str] = ()) -> Run:
    """The run in a folder.

    Args:
        folder: that training made.
        changes: `field=value` changes of how the trained network is used, such as `model.descriptor=local` or
            `flip_test=True`; they must leave its weights as they are.

    Raises:
        FileNotFoundError: if there is none, or its training has not ended.
        ValueError: if its files are damaged, the recipe has changed since, or the changes do not fit.
    """
    told = card.read(folder)
    file = folder / "weights.safetensors"
    if not file.is_file():
        raise FileNotFoundError(f"The training in {folder} has not ended; go on with `passerby train --resume`.")
    try:
        name, trained, described = told["name"], told["changes"], told["recipe"]
        seed, kept = int(told["seed"]), told.get("kept")
        epoch = None if kept is None else int(kept["epoch"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{folder / card.FILE} is not a run's; train again.") from None
    data = card.trained_on(folder, told)
    found = recipe(name, trained)
    now = describe(found)
    if now != described:
        changed = sorted(key for key in {*now, *described} if now.get(key) != described.get(key))
        raise ValueError(
            f"Recipe {name} has changed since {folder} was trained ({', '.join(changed)}); "
            "train again, or use the version of passerby that trained it."
        )
    found = override(found, changes)
    model = found.model(num_classes=data.people)
    weights.fill(model, weights.read(file), source=file)
    return Run(
        folder=folder,
        name=name,
        recipe=found,
        model=model.eval(),
        model_id=_stamp(name, found, weights.digest(file), changes),
        seed=seed,
        changes=(*trained, *changes),
        data=data,
        held_out=card.held_out(folder, told),
        epoch=epoch,
    )


def _stamp(name: str, found: Recipe, digest: str, changes: Sequence[str] = ()) -> ModelId:
    mirror = ", plus mirror image" if found.flip_test else ""
    used = f", {' '.join(changes)}" if changes else ""
    return ModelId(name, digest, images.preprocessing(found.size) + mirror + used)


def trained_on(run: Run) -> str:
    """What a run was trained on: "market1501, 12936 pictures of 751 people (sha256 0123456789ab)"."""
    return str(run.data)


def validation_of(run: Run, data: PersonSet) -> PersonSet:
    """The people that a run held out of its training, as query and gallery; see `evaluation.validation`.

    Args:
        run: trained with `validate`.
        data: the data set that it was trained on.

    Raises:
        ValueError: if the run was trained on all people, or this is not the data that it was trained on.
    """
    if run.held_out is None:
        raise ValueError(
            f"The run in {run.folder} was trained on all people; nobody is left to validate on. "
            "Train with --validate, or judge it on the data set's test people."
        )
    of = len({crop.pid for crop in data.train})
    if of != run.held_out.of:
        raise ValueError(_other_data(run, data, f"has {of} training people, and the run's had {run.held_out.of}"))
    held = validation(data, run.held_out.people)
    if card.digest_of_people({crop.pid for crop in (*held.query, *held.gallery)}) != run.held_out.pids_sha256:
        raise ValueError(_other_data(run, data, "gives other people to hold out"))
    if card.digest(held.train) != run.data.names_sha256:
        raise ValueError(_other_data(run, data, "has other training pictures"))
    return held


def _other_data(run: Run, data: PersonSet, why: str) -> str:
    return (
        f"{data.name} is not the data that the run in {run.folder} was trained on ({run.data}): it {why}. "
        "Give the data set of the training."
    )


def first_process() -> bool:
    """Whether this is the first of the processes that train together: the one that writes and tells."""
    return all(int(os.environ.get(rank, "0")) == 0 for rank in ("RANK", "NODE_RANK", "LOCAL_RANK"))


def dimension(run: Run, *, device: str = "cpu") -> int:
    """How long the descriptors of a run's network are; see `embed.dimension`."""
    return embed.dimension(run.model, size=run.recipe.size, device=device)


def embeddings(run: Run, crops: Sequence[Crop], **options: Any) -> Embeddings:  # noqa: ANN401 - embed's own
    """Embeddings of crops by a run's network; `options` are those of `embed.embed`."""
    return embed.embed(
        run.model, crops, size=run.recipe.size, model_id=run.model_id, flip=run.recipe.flip_test, **options
    )
