"""`passerby data`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from passerby import terminal, terminal_bars

if TYPE_CHECKING:
    from passerby.types import PersonSet


def data(
    name: Annotated[str, Argument(help="Of the data set, such as market1501, cuhk03.labeled or synthetic.")],
    folder: Annotated[Path, Argument(metavar="DIR", help="Where it lies.")],
    *,
    unpack: Annotated[
        bool, Option("--unpack", help="First write the pictures in cuhk-03.mat: of both versions, or of that named.")
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count a data set, compare it with the official one, and say why any query has no valid match."""
    from passerby.data_argument import load
    from passerby.datasets.official import differences

    if unpack:
        _unpack(name, folder)
    people = load(name, folder)
    if as_json:
        terminal.say(json.dumps(_facts(people), allow_nan=False))
        return
    found = differences(people)
    if found is None:
        official = ["No official counts are known of it."]
    elif found:
        official = ["Counts differ from those of the official set:", *(f"  {line}." for line in found)]
    else:
        official = ["Counts equal those of the official set."]
    terminal.data_set(people, official=official)


def _unpack(name: str, folder: Path) -> None:
    from passerby import datasets, names

    base, point, variant = name.partition(".")
    home = names.module(datasets, base)
    if not hasattr(home, "unpack"):
        raise ValueError(f"There is nothing to unpack in {base}; leave out --unpack.")
    if point and variant not in home.VARIANTS:
        offered = ", ".join((base, *(f"{base}.{one}" for one in home.VARIANTS)))
        raise ValueError(f"No data set is called {name!r}; there is {offered}.")
    with terminal_bars.drawing("reading cells") as show:
        written = home.unpack(folder, version=variant or "both", on_progress=show)
    terminal.remark(f"{written} pictures were written in {folder}.")


def _facts(people: "PersonSet") -> dict[str, object]:
    from passerby.datasets.official import differences, official
    from passerby.evaluation.describe import describe

    found = describe(people)
    least, most = found.right_range or (None, None)
    splits = {
        counts.split: {
            "pictures": counts.pictures,
            "people": counts.people,
            "distractors": counts.distractors,
            "junk": counts.junk,
            "unknown": counts.unknown,
            "tracklets": counts.tracklets,
            "cameras": {"none" if camid is None else str(camid): number for camid, number in counts.cameras.items()},
        }
        for counts in found.splits
    }
    return {
        "data": people.name,
        "version": people.version,
        "official": official(people),
        "differences": differences(people),
        "splits": splits,
        "cameras": found.cameras,
        "queries": found.queries,
        "right_answers": found.right,
        "right_answers_least": least,
        "right_answers_most": most,
        "right_answers_mean": None if found.right is None else found.right / found.queries,
        "queries_without_match": found.unanswered,
    }
