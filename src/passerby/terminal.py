"""What a person sees in the terminal: progress bars, tables of numbers, remarks."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from passerby.comparison import Comparison
from passerby.evaluation.scores import Scores
from passerby.evaluation.unanswered import by_camera, sentences, summary
from passerby.training.loop import Report
from passerby.types import Crop, PersonSet

console = Console(highlight=False)
"""Results go to the standard output."""
remarks = Console(stderr=True, highlight=False)
"""Progress and remarks go to the standard error, so that results can be piped."""
NONE = "not defined"
"""Stands for a number that is nan."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar with the time left; give the function the number of things done."""
    with _bar(title, total) as update:
        yield lambda done: update(done, total, "")


@contextmanager
def drawing(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar whose total is known once work has begun; give the function what is done, and the total."""
    with _bar(title, None) as update:
        yield lambda done, total: update(done, total, "")


@contextmanager
def training(title: str) -> Iterator[Callable[[Report], None]]:
    """A bar of training steps with epoch, loss and speed, smoothed over some ten steps."""
    with _bar(title, None) as update:
        smooth: dict[str, float] = {}

        def show(report: Report) -> None:
            for name, value in (("loss", report.losses["total"]), ("speed", report.pictures_per_second)):
                smooth[name] = value if name not in smooth else 0.9 * smooth[name] + 0.1 * value
            stage = f"training {report.stage} of {report.stages}, " if report.stages > 1 else ""
            note = f"{stage}epoch {report.epoch:.1f}, loss {smooth['loss']:.2f}, {smooth['speed']:.0f} pictures/s"
            update(report.step, report.steps, note)

        yield show


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Callable[[int, int, str], None]]:
    """A bar that goes when the work is done and leaves one line; nothing is left where the work failed."""
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=remarks,
        transient=True,
        disable=not remarks.is_terminal,
    )
    task = bar.add_task(title, total=total, note="")
    last = (0, "")

    def update(done: int, of: int, note: str) -> None:
        nonlocal last
        last = (done, note)
        bar.update(task, completed=done, total=of, note=note)

    started = time.monotonic()
    with bar:
        yield update
    if last[0]:
        remark(f"{title}: {last[0]} in {time.monotonic() - started:.0f} s{', ' if last[1] else ''}{last[1]}")


def scores(results: Mapping[str, Scores], *, title: str) -> None:
    """Print results side by side, with what they depend on."""
    first = next(iter(results.values()))
    shown = Table(title=Text(title), title_justify="left", caption_justify="left", caption=Text(_told(first)))
    shown.add_column("")
    for heading in ("rank-1", "rank-5", "rank-10", f"mAP ({first.protocol['ap']})", "mINP"):
        shown.add_column(heading, justify="right")
    for name, result in results.items():
        numbers = (result.rank(1), result.rank(5), result.rank(10), result.mAP, result.mINP)
        shown.add_row(Text(name), *(NONE if math.isnan(number) else f"{100 * number:.1f} %" for number in numbers))
    console.print(shown)


def _told(result: Scores) -> str:
    facts = result.protocol
    data = " ".join(str(facts[key]) for key in ("data", "version") if facts.get(key))
    cameras = "crops of the query's own camera left out" if facts["cameras"] else "cameras not used"
    return (
        f"{data + ': ' if data else ''}{result.queries} queries in a gallery of {facts['gallery']}; {cameras}; "
        f"{result.queries_without_match} queries without a match, not counted."
    )


def data_set(people: PersonSet) -> None:
    """Print what a data set holds, how many right answers its queries have, and why any query has none."""
    headings, rows = summary(people)
    say(f"{people.name}: {people.version}" if people.version else people.name)
    shown = Table()
    for place, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if place else "left", overflow="fold")
    for row in rows:
        shown.add_row(*row)
    console.print(shown)
    for line in (*by_camera(people), *sentences(people)):
        say(line)


def lookup(title: str, answers: Sequence[tuple[Crop, float]]) -> None:
    """Print the pictures found, the most alike first, with their cosine similarity."""
    shown = Table(title=Text(title), title_justify="left")
    shown.add_column("rank", justify="right")
    shown.add_column("cosine", justify="right")
    shown.add_column("picture", overflow="fold")
    for place, (crop, similarity) in enumerate(answers, start=1):
        shown.add_row(str(place), f"{similarity:.3f}", Text(str(crop.path)))
    console.print(shown)


def broken(crops: Sequence[tuple[Crop, str]], *, total: int) -> None:
    """Say which pictures were left out, and how many; nothing where all could be read."""
    for _, reason in crops[:10]:
        remark(f"left out: {reason}")
    if crops:
        remark(f"{len(crops)} of {total} pictures could not be read and were left out.")


def say(text: str) -> None:
    """Print a line of results."""
    console.print(text, markup=False, soft_wrap=True)


def remark(text: str) -> None:
    """Print a line beside the results, on the standard error."""
    remarks.print(text, markup=False, soft_wrap=True)


def comparison(found: Comparison) -> None:
    """Print a paper's table and ours side by side, and what the numbers depend on."""
    for column in (column for ours in found.columns for column in ours.published):
        headings, rows = found.beside(column)
        shown = Table(title=Text(f"{found.table.title}. {column}, and ours"), title_justify="left")
        for place, heading in enumerate(headings):
            shown.add_column(heading, justify="right" if place else "left", no_wrap=place > 0)
        for row in rows:
            shown.add_row(*(Text(cell) for cell in row))
        console.print(shown)
    for line in found.remarks():
        say(line)
