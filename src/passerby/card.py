"""What a run says of itself: `recipe.json` in its folder."""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passerby import files
from passerby.training.describe import describe
from passerby.training.recipe import Recipe
from passerby.types import Crop, PersonSet

FILE = "recipe.json"
"""Its name in a run's folder."""
MAX_BYTES = 2**20
"""Bytes that it may have; a card has some thousands."""


@dataclass(frozen=True, kw_only=True)
class TrainedOn:
    """The crops that a run was trained on.

    Args:
        name: of the data set; "" where an old card does not say.
        version: of the data set, as a whole.
        pictures: how many; 0 where an old card does not say.
        people: how many.
        names_sha256: digest of file names, people and cameras, see `digest`; "" where an old card does not say.
    """

    name: str
    version: str
    pictures: int
    people: int
    names_sha256: str

    def __str__(self) -> str:
        name = " ".join(filter(None, (self.name, self.version))) or "data not known"
        pictures = f"{self.pictures} pictures of " if self.pictures else ""
        told = f" (sha256 {self.names_sha256[:12]})" if self.names_sha256 else ""
        return f"{name}, {pictures}{self.people} people{told}"


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The training people that a run was not trained on, to be judged on them.

    Args:
        people: how many.
        of: how many training people the data set has.
        pids_sha256: digest of their pids, see `digest_of_people`.
    """

    people: int
    of: int
    pids_sha256: str


def card(
    name: str,
    recipe: Recipe,
    *,
    changes: Sequence[str],
    seed: int,
    data: PersonSet,
    held: PersonSet | None,
    watch: Mapping[str, object],
) -> dict[str, Any]:
    """The card of a run that begins.

    Args:
        name: the recipe's.
        recipe: with its changes.
        changes: `field=value` changes of the recipe.
        seed: of the training.
        data: the data set.
        held: what `evaluation.validation` made of it, where people are held out.
        watch: how the training is judged on them while it goes on; empty where it is not.
    """
    train = data.train if held is None else held.train
    people = {crop.pid for crop in train}
    everyone = {crop.pid for crop in data.train}
    out = everyone - people
    return {
        "name": name,
        "changes": list(changes),
        "recipe": describe(recipe),
        "seed": seed,
        "people": len(people),
        "data": {
            "name": data.name,
            "version": data.version,
            "pictures": len(train),
            "names_sha256": digest(train),
        },
        "validation": None
        if held is None
        else {"people": len(out), "of": len(everyone), "pids_sha256": digest_of_people(out), **watch},
        "versions": {
            "python": platform.python_version(),
            **{
                package: importlib.metadata.version(package) for package in ("passerby", "torch", "torchvision", "timm")
            },
        },
    }


def digest(crops: Sequence[Crop]) -> str:
    """SHA-256 of file and folder names, people, cameras and boxes, in the order of the crops.

    Of the folders only the last counts, which is a person's name in own pictures and the same in each copy of a set.
    """
    told = [
        repr((*crop.path.parts[-2:], crop.pid, crop.camid, None if crop.box is None else [float(n) for n in crop.box]))
        for crop in crops
    ]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def digest_of_people(pids: set[int]) -> str:
    """SHA-256 of pids in ascending order, one a line."""
    return hashlib.sha256("\n".join(map(str, sorted(pids))).encode()).hexdigest()


def write(folder: Path, told: Mapping[str, Any]) -> None:
    """Write a card into a run's folder, whole or not at all."""
    with files.whole(folder / FILE) as draft:
        draft.write_text(json.dumps(told, indent=1), encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """The card in a run's folder.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, or no run's: whatever is read of it elsewhere is there and of the right type.
    """
    file = folder / FILE
    if not file.is_file():
        raise FileNotFoundError(f"No run in {folder}: there is no {FILE}; give the folder that training made.")
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{file} has {size} bytes and is not a run's, which has at most {MAX_BYTES}; train again.")
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # also text that is not UTF-8, and numbers of too many digits
        raise ValueError(f"{file} is not JSON ({error}); train again.") from None
    if not isinstance(told, dict):
        raise ValueError(f"{file} is not a run's; train again.")
    _check(folder, told)
    return told


def _check(folder: Path, told: Mapping[str, Any]) -> None:
    for key, kind, word in (("name", str, "text"), ("changes", list, "list"), ("recipe", dict, "object")):
        if not isinstance(told.get(key), kind):
            raise ValueError(f"{folder / FILE} is not a run's: {key} is no {word}; train again.")
    if not all(isinstance(change, str) for change in told["changes"]):
        raise ValueError(f"{folder / FILE} is not a run's: changes holds something else than text; train again.")
    if not isinstance(told.get("resumed_under", []), list):
        raise ValueError(f"{folder / FILE} is not a run's: resumed_under is no list; train again.")
    kept = told.get("kept")
    if kept is not None and not isinstance(kept, dict):
        raise ValueError(f"{folder / FILE} is not a run's: kept is no object; train again.")
    if kept is not None:
        _count(folder, kept, "epoch")
    _count(folder, told, "seed")
    trained_on(folder, told)
    held_out(folder, told)


def same(folder: Path, told: Mapping[str, Any]) -> None:
    """Refuse to go on with a run that is not the one that is asked for.

    Args:
        folder: the run's.
        told: the card of what is asked for.

    Raises:
        FileNotFoundError: if there is no run.
        ValueError: if they differ; the message names in what.
    """
    old = read(folder)
    unlike = sorted(key for key in told if key != "versions" and json.loads(json.dumps(told[key])) != old.get(key))
    if unlike:
        begun = f" ({_asked(old.get('validation'))})" if "validation" in unlike else ""
        raise ValueError(
            f"The run in {folder} differs from what is asked for in {', '.join(unlike)}; "
            f"resume it as it was started{begun}, or give another folder."
        )


def with_history(folder: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """The card of a run that goes on: as it was begun, and under which versions it went on since."""
    old = read(folder)
    if old.get("versions") == told["versions"]:
        return old
    return {**old, "resumed_under": [*old.get("resumed_under", []), told["versions"]]}


def trained_on(folder: Path, told: Mapping[str, Any]) -> TrainedOn:
    """The training crops that a card speaks of; `folder` is named where it is damaged.

    Raises:
        ValueError: if the card is damaged.
    """
    data = told.get("data", {})
    if not isinstance(data, dict):
        raise ValueError(f"{folder / FILE} is not a run's: its data is no object; train again.")
    return TrainedOn(
        name=_text(folder, data, "name"),
        version=_text(folder, data, "version"),
        pictures=_count(folder, data, "pictures", 0),
        people=_count(folder, told, "people"),
        names_sha256=_text(folder, data, "names_sha256"),
    )


def held_out(folder: Path, told: Mapping[str, Any]) -> HeldOut | None:
    """The held-out people that a card speaks of; None where it was trained on all. Arguments as for `trained_on`.

    Raises:
        ValueError: if the card is damaged.
    """
    found = told.get("validation")
    if found is None:
        return None
    if not isinstance(found, dict):
        raise ValueError(f"{folder / FILE} is not a run's: its validation is no object; train again.")
    return HeldOut(
        people=_count(folder, found, "people"),
        of=_count(folder, found, "of"),
        pids_sha256=_text(folder, found, "pids_sha256"),
    )


def _asked(validation: object) -> str:
    """How a training was begun, in the words of the command line."""
    if not isinstance(validation, dict):
        return "without --validate"
    every = f" --validate-every {validation['every']}" if validation.get("every") else ""
    keep = f" --keep {validation['keep']}" if validation.get("keep") else ""
    return f"--validate {validation.get('people')}{every}{keep}"


def _text(folder: Path, told: Mapping[str, Any], key: str) -> str:
    value = told.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{folder / FILE} is not a run's: {key} is no text; train again.")
    return value


def _count(folder: Path, told: Mapping[str, Any], key: str, missing: int | None = None) -> int:
    value = told.get(key, missing)
    if type(value) is not int or not 0 <= value < 2**31:
        raise ValueError(f"{folder / FILE} is not a run's: {key} is no number from 0 to 2**31 - 1; train again.")
    return value
