"""A table of a paper, trained and judged row by row."""

import dataclasses
import hashlib
import importlib.metadata
import json
import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import torch

from passerby import card, files, images, judge, names, run, studies, weights
from passerby.asked import asked
from passerby.comparison import Comparison, Ours
from passerby.datasets.official import official
from passerby.evaluation.rules import Rules
from passerby.evaluation.scores import Scores
from passerby.evaluation.validation import validation
from passerby.plan import Part, Scale, columns, file_name, plan
from passerby.table import METRICS, Column, Table
from passerby.training.loop import Report
from passerby.training.machine import Machine
from passerby.training.rehearsal import rehearse
from passerby.types import PersonSet

PACKAGES = ("passerby", "torch", "torchvision", "timm", "numpy", "pillow")
"""Scores that were measured under other versions of these are measured again."""
Training = Callable[[str], AbstractContextManager[Callable[[Report], None]]]
"""Given a title: opens and closes what is called after each training step."""
Judging = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Given a title and the number of crops: opens and closes what is called with how many are embedded."""


@contextmanager
def silent(*_: object) -> Iterator[Callable[[Any], None]]:
    """Nothing is shown."""
    yield lambda _: None


def find(name: str) -> Table:
    """The table of a name, such as `hybrid_attention.table_ix`.

    Raises:
        ValueError: if there is none; the message lists what there is.
    """
    if name not in tables():
        raise ValueError(f"No table is called {name!r}; there is {', '.join(tables())}.")
    return tables()[name]


def tables() -> dict[str, Table]:
    """All tables by their names: the papers in alphabetical order, each paper's tables in its own."""
    homes = [names.module(studies, system) for system in names.names(studies)]
    return {found.name: found for home in homes for found in vars(home).values() if isinstance(found, Table)}


def study(
    table: Table,
    data: Mapping[str, PersonSet],
    *,
    out: Path,
    scale: Scale = "small",
    seeds: int = 3,
    rows: Sequence[str] | None = None,
    changes: Sequence[str] = (),
    validate: int | None = None,
    machine: Machine | None = None,
    training: Training = silent,
    judging: Judging = silent,
) -> Comparison:
    """Train and judge each row of a table, and set our numbers beside the paper's.

    Rows that are trained alike are trained once. A run lies in OUT/SCALE/DATA/RECIPE AND CHANGES/seedN, and one that
    holds people out in validateM-seedN there; what is done is used again, also by other tables, and what was broken off
    goes on. All rows are checked before the first training.

    Args:
        table: the paper's.
        data: data sets by name. At small scale the names are free, and it is one set, or two for a table across data
            sets: the first is trained on, the second judged on. At paper scale the names are those of the recipes
            (`market`), and columns whose data sets are not there are left out.
        out: where the runs are kept.
        scale: `small` trains the system's small recipe on whatever data, `paper` the recipe of each column.
        seeds: trainings of each row, with seed 0 and up; 1 or more.
        rows: names of the rows that are wanted; None for all.
        changes: `field=value` changes of every row's recipe, after the row's own, such as `epochs=20`.
        validate: training people to hold out, see `evaluation.validation`: rows are trained on the others and judged on
            these instead of the test people; None to train on all.
        machine: what to train on.
        training: shows the progress of a training.
        judging: shows the progress of embedding query and gallery.

    Raises:
        ValueError: if the data sets do not make a column, a row is unknown, a recipe does not take a row's changes, a
            data set lacks what a recipe or the judge wants, people cannot be held out of it, or a run on other data
            lies where one of these would; before anything is trained.
    """
    if seeds < 1:
        raise ValueError(f"seeds is {seeds}; give 1 or more.")
    files.writable(out)
    parts = plan(table, list(data), scale=scale, rows=rows, changes=changes)
    ours = columns(table, list(data), scale=scale)
    sets = data if validate is None else _held_out(table, ours, data, validate)
    rules = Rules(ap=table.ap)
    machine = machine or Machine()
    home = out / scale
    begin = "" if validate is None else f"validate{validate}-"
    folders = {(part, seed): home / part.place / f"{begin}seed{seed}" for part in parts for seed in range(seeds)}
    _check(parts, sets, rules)
    _check_folders(folders, sets)
    percent: dict[str, dict[str, dict[str, list[float]]]] = {column.name: {} for column in ours}
    done: set[Path] = set()
    for seed in range(seeds):
        for part in parts:
            folder = folders[part, seed]
            title = f"{part.row}, {part.column.name}, seed {seed}"
            if folder not in done:
                _train(part, data, folder, seed, validate, machine, training, title)
                done.add(folder)
            numbers = _judge(part, sets, folder, rules, machine.device, judging, title)
            kept = percent[part.column.name].setdefault(part.row, {metric: [] for metric in METRICS})
            for metric in METRICS:
                kept[metric].append(numbers[metric])
    return Comparison(
        table=table,
        scale=scale,
        seeds=seeds,
        rows=tuple(name for name in table.row_names if any(part.row == name for part in parts)),
        columns=tuple(
            Ours(
                name="ours" if scale == "small" else f"ours, {column.name}",
                published=table.column_names if scale == "small" else (column.name,),
                trained_on=_told(sets[column.trained_on]),
                judged_on=_told(sets[column.judged_on]),
                percent={
                    row: {metric: tuple(values) for metric, values in by_metric.items()}
                    for row, by_metric in percent[column.name].items()
                },
            )
            for column in ours
        ),
        left_out=() if scale == "small" else tuple(c.name for c in table.columns if c not in ours),
        command=_command(table, data, scale, seeds, rows, changes, validate),
        validate=validate,
    )


def _held_out(
    table: Table, ours: Sequence[Column], data: Mapping[str, PersonSet], validate: int
) -> dict[str, PersonSet]:
    across = [column.name for column in ours if column.trained_on != column.judged_on]
    if across:
        raise ValueError(
            f"{table.name} judges on another data set than it trains on ({', '.join(across)}), and validate={validate} "
            "looks at people of the training set; leave --validate out, or give no second data set."
        )
    return {name: validation(data[name], validate) for name in dict.fromkeys(column.trained_on for column in ours)}


def _train(
    part: Part,
    data: Mapping[str, PersonSet],
    folder: Path,
    seed: int,
    validate: int | None,
    machine: Machine,
    training: Training,
    title: str,
) -> None:
    with training(f"training {title}") as on_step:
        run.train(
            part.recipe,
            data=data[part.column.trained_on],
            out=folder,
            changes=part.changes,
            seed=seed,
            resume=(folder / "recipe.json").is_file(),
            machine=machine,
            on_step=on_step,
            validate=validate,
        )


def _judge(
    part: Part, data: Mapping[str, PersonSet], folder: Path, rules: Rules, device: str, judging: Judging, title: str
) -> dict[str, float]:
    """Percent by metric of the network in a folder; judged only where it has not been."""
    people = data[part.column.judged_on]
    wanted = {
        "weights": weights.digest(folder / "weights.safetensors"),
        "test": list(part.test),
        "rules": dataclasses.asdict(rules),
        "data": [people.name, people.version, _digest(people)],
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
    }
    file = folder / f"scores-{file_name(part.column.judged_on, *part.test)}.json"
    kept = _kept(file, wanted)
    if kept is not None:
        return kept
    trained = run.load(folder, changes=part.test)
    with judging(f"embedding {title}", asked(people, rules).pictures) as on_progress:
        judged = judge.judge(
            trained,
            people,
            rules=rules,
            official=official(people, ("query", "gallery")),
            device=device,
            on_progress=on_progress,
        )
    if judged.broken:
        raise ValueError(f"{len(judged.broken)} pictures cannot be read any more: {judged.broken[0][1]}")
    percent = _percent(judged.scores)
    document = {"asked": wanted, "percent": percent, "scores": json.loads(judged.scores.to_json())}
    with files.whole(file) as partial:
        partial.write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
    return percent


def _kept(file: Path, wanted: Mapping[str, object]) -> dict[str, float] | None:
    """What an earlier study has measured for the same weights, rules, data and libraries; None where it has not."""
    if not file.is_file():
        return None
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["asked"] != wanted:
            return None
        return {metric: float(document["percent"][metric]) for metric in METRICS}
    except (ValueError, KeyError, TypeError):
        return None


def _percent(scores: Scores) -> dict[str, float]:
    numbers = {metric: scores.mAP if metric == "mAP" else scores.rank(int(metric[4:])) for metric in METRICS}
    if any(math.isnan(number) for number in numbers.values()):
        raise ValueError(f"No query of {scores.protocol.get('data')} has a match, so that nothing can be measured.")
    return {metric: 100 * number for metric, number in numbers.items()}


def _check(parts: Sequence[Part], data: Mapping[str, PersonSet], rules: Rules) -> None:
    """Refuse what a training or the judge would refuse, before anything is trained."""
    for name in dict.fromkeys(part.column.judged_on for part in parts):
        asked(data[name], rules)
        images.check_readable([*data[name].query, *data[name].gallery])
    for name in dict.fromkeys(part.column.trained_on for part in parts):
        if len({crop.pid for crop in data[name].train}) < 2:
            raise ValueError(f"{data[name].name} has fewer than 2 people in train; there is nothing to tell apart.")
        images.check_readable(data[name].train)
    for part in parts:
        try:
            _build(part, data[part.column.trained_on])
        except ValueError as error:
            raise ValueError(f"Row {part.row!r} cannot be trained: {error}") from error


def _check_folders(folders: Mapping[tuple[Part, int], Path], data: Mapping[str, PersonSet]) -> None:
    """Refuse folders that hold runs on other data: they are called by the data's name alone."""
    for (part, _), folder in folders.items():
        if not (folder / card.FILE).is_file():
            continue
        name, people = part.column.trained_on, data[part.column.trained_on]
        there = card.trained_on(folder, card.read(folder))
        if there.names_sha256 != card.digest(people.train):
            raise ValueError(
                f"{folder} holds a run on other data that is called {name} too: {there}. Runs are kept by that name; "
                "give the data's folder another one, or give another --out."
            )


def _build(part: Part, people: PersonSet) -> None:
    """Rehearse what is trained, build what is judged, and let both go."""
    found = run.recipe(part.recipe, part.changes)
    rehearse(found, people.train, None if found.labels is None else found.labels(people))
    if not part.test:
        return
    with torch.random.fork_rng(devices=[]):
        network = found.model(num_classes=2)
        judged = run.recipe(part.recipe, (*part.changes, *part.test)).model(num_classes=2)
    shapes = [{name: tensor.shape for name, tensor in x.state_dict().items()} for x in (network, judged)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"{' '.join(part.test)} changes the weights; a row's `test` must leave them as they are.")


def _digest(people: PersonSet) -> str:
    """SHA-256 over the crops that are searched for and those that are searched in, and which queries search where."""
    digest = hashlib.sha256()
    for crops in (people.query, people.gallery):
        digest.update(f"{len(crops)}\n".encode())
        for crop in crops:
            digest.update(f"{crop.path.name} {crop.pid} {crop.camid} {crop.trackid} {crop.box}\n".encode())
    for query in sorted(people.galleries or {}):
        digest.update(repr((query, sorted((people.galleries or {})[query]))).encode())
    return digest.hexdigest()


def _told(people: PersonSet) -> str:
    return f"{people.name} ({people.version})" if people.version else people.name


def _command(
    table: Table,
    data: Mapping[str, PersonSet],
    scale: Scale,
    seeds: int,
    rows: Sequence[str] | None,
    changes: Sequence[str],
    validate: int | None,
) -> str:
    given = " ".join("--data DIR" if scale == "small" else f"--data {name}=DIR" for name in data)
    wanted = "".join(f" --rows {shlex.quote(name)}" for name in rows or ())
    changed = "".join(f" {shlex.quote(change)}" for change in changes)
    held = "" if validate is None else f" --validate {validate}"
    return f"passerby study {table.name}{changed} {given} --scale {scale} --seeds {seeds}{held}{wanted}"
