"""A run's folder: recipe.json, weights.safetensors, checkpoint.pt, log.jsonl, scores.json."""

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from passerby import embed, files, images, names, recipes, weights
from passerby.training.describe import describe
from passerby.training.loop import Machine, Report, fit
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
    """

    folder: Path
    name: str
    recipe: Recipe
    model: nn.Module
    model_id: ModelId
    seed: int
    changes: tuple[str, ...]


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
) -> Run:
    """Train a recipe on a data set's training crops and keep the run in a folder.

    Args:
        name: of the recipe.
        data: its `train` is used and nothing else of it.
        out: the run's folder; must not hold a run yet, unless `resume`.
        changes: `field=value` changes of the recipe.
        seed: of all chance, 0 or more.
        resume: go on with the run in `out` where it was broken off.
        machine: what to train on.
        every: seconds between checkpoints; 0 for one after each step.
        on_step: called after each step.

    Raises:
        ValueError: if recipe, changes or data do not fit, pictures cannot be read (the message lists them), `out` holds
            a run already, or `resume` finds one of another recipe, data or seed.
        FileNotFoundError: if `resume` finds no run.
    """
    found = recipe(name, changes)
    if not 0 <= seed < 2**31:
        raise ValueError(f"seed is {seed}; give 0 or more, below 2**31.")
    people = {crop.pid for crop in data.train}
    if len(people) < 2:
        raise ValueError(f"{data.name} has {len(people)} people in train; training needs at least 2.")
    cameras = {crop.camid for crop in data.train}
    if len(cameras) == 1 and None not in cameras:
        raise ValueError(
            f"All {len(data.train)} training crops of {data.name} are of camera {cameras.pop()}; to learn who is who "
            "across cameras takes 2 or more. Leave the camera out where it means nothing."
        )
    labels = None if found.labels is None else found.labels(data)
    finished = resume and (out / "weights.safetensors").is_file()
    if first_process() and not finished:
        _refuse_unreadable(data.train)
    card = _card(name, found, changes, seed, data)
    file = out / "recipe.json"
    if not first_process():
        pass  # the first one looks after the folder
    elif resume:
        _same_card(file, card)
    elif any((out / begun).is_file() for begun in ("checkpoint.pt", "weights.safetensors")):
        raise ValueError(f"{out} holds a run already; go on with it by --resume, or give another folder.")
    if not finished:
        out.mkdir(parents=True, exist_ok=True)
        if first_process():
            _write_json(file, _with_history(file, card) if resume else card)
        model = fit(
            found,
            data.train,
            folder=out,
            labels=labels,
            seed=seed,
            resume=resume,
            machine=machine,
            every=every,
            on_step=on_step,
        )
        if first_process():
            weights.save(model, out / "weights.safetensors")
            for checkpoint in sorted(out.rglob("checkpoint.pt")):
                checkpoint.unlink()  # several times as large as the weights, and of no use any more
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.barrier()
    return load(out)


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
    card = _read_card(folder / "recipe.json")
    file = folder / "weights.safetensors"
    if not file.is_file():
        raise FileNotFoundError(f"The training in {folder} has not ended; go on with `passerby train --resume`.")
    try:
        name, trained, described = card["name"], card["changes"], card["recipe"]
        people, seed = int(card["people"]), int(card["seed"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{folder / 'recipe.json'} is not a run's; train again.") from None
    found = recipe(name, trained)
    now = describe(found)
    if now != described:
        changed = sorted(key for key in {*now, *described} if now.get(key) != described.get(key))
        raise ValueError(
            f"Recipe {name} has changed since {folder} was trained ({', '.join(changed)}); "
            "train again, or use the version of passerby that trained it."
        )
    found = override(found, changes)
    model = found.model(num_classes=people)
    weights.fill(model, weights.read(file), source=file)
    mirror = ", plus mirror image" if found.flip_test else ""
    used = f", {' '.join(changes)}" if changes else ""
    stamp = ModelId(name, weights.digest(file), images.preprocessing(found.size) + mirror + used)
    return Run(
        folder=folder,
        name=name,
        recipe=found,
        model=model.eval(),
        model_id=stamp,
        seed=seed,
        changes=(*trained, *changes),
    )


def first_process() -> bool:
    """Whether this is the first of the processes that train together: the one that writes and tells."""
    return all(int(os.environ.get(rank, "0")) == 0 for rank in ("RANK", "NODE_RANK", "LOCAL_RANK"))


def embeddings(run: Run, crops: Sequence[Crop], **options: Any) -> Embeddings:  # noqa: ANN401 - embed's own
    """Embeddings of crops by a run's network; `options` are those of `embed.embed`."""
    return embed.embed(
        run.model, crops, size=run.recipe.size, model_id=run.model_id, flip=run.recipe.flip_test, **options
    )


def _card(name: str, found: Recipe, changes: Sequence[str], seed: int, data: PersonSet) -> dict[str, Any]:
    crops = "\n".join(f"{crop.path.name} {crop.pid} {crop.camid}" for crop in data.train)
    return {
        "name": name,
        "changes": list(changes),
        "recipe": describe(found),
        "seed": seed,
        "people": len({crop.pid for crop in data.train}),
        "data": {
            "name": data.name,
            "version": data.version,
            "pictures": len(data.train),
            "names_sha256": hashlib.sha256(crops.encode()).hexdigest(),
        },
        "versions": {
            "python": platform.python_version(),
            **{
                package: importlib.metadata.version(package) for package in ("passerby", "torch", "torchvision", "timm")
            },
        },
    }


def _same_card(file: Path, card: dict[str, Any]) -> None:
    old = _read_card(file)
    unlike = sorted(key for key in card if key != "versions" and json.loads(json.dumps(card[key])) != old.get(key))
    if unlike:
        raise ValueError(
            f"The run in {file.parent} differs from what is asked for in {', '.join(unlike)}; "
            "resume it as it was started, or give another folder."
        )


def _read_card(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise FileNotFoundError(
            f"No run in {file.parent}: there is no recipe.json; give the folder that training made."
        )
    try:
        card = json.loads(file.read_text())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{file} is not JSON ({error}); train again.") from None
    if not isinstance(card, dict):
        raise ValueError(f"{file} is not a run's; train again.")
    return card


def _with_history(file: Path, card: dict[str, Any]) -> dict[str, Any]:
    """The card of a run that goes on: as it was begun, and under which versions it went on since."""
    old = _read_card(file)
    if old.get("versions") == card["versions"]:
        return old
    return {**old, "resumed_under": [*old.get("resumed_under", []), card["versions"]]}


def _write_json(file: Path, value: object) -> None:
    with files.whole(file) as draft:
        draft.write_text(json.dumps(value, indent=1))


def _refuse_unreadable(crops: Sequence[Crop]) -> None:
    broken = images.unreadable(crops)
    if broken:
        raise ValueError(
            f"{len(broken)} of {len(crops)} training pictures cannot be read: {' '.join(broken)} "
            "Replace them or take them out of the training set."
        )
