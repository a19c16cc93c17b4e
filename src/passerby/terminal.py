"""What a person sees in the terminal: tables of numbers, remarks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from passerby.evaluation.printable import harmless, printable

if TYPE_CHECKING:  # what is shown is made elsewhere; importing that here would cost each command seconds
    from passerby.compare import Compared
    from passerby.comparison import Comparison
    from passerby.evaluation.attribute_accuracy import AttributeAccuracy
    from passerby.evaluation.scores import Scores
    from passerby.evaluation.slices import Slices
    from passerby.lookup import Worth
    from passerby.report.results import Results
    from passerby.types import Crop, PersonSet

console = Console(highlight=False)
"""Results go to the standard output."""
remarks = Console(stderr=True, highlight=False)
"""Progress and remarks go to the standard error, so that results can be piped."""
NONE = "not defined"
"""Stands for a number that is nan."""
LISTED = 64
"""Pairs of cameras that are listed with their intervals; more are left to the files."""
WIDEST = 10_000
"""Columns of a terminal in which every table fits."""


def scores(results: Mapping[str, Scores], *, title: str) -> None:
    """Print results side by side, with what they depend on and how sure their mAP is; refuse unlike protocols."""
    from passerby.evaluation.common_protocol import common_protocol
    from passerby.evaluation.significance import interval

    common_protocol(results)
    first = next(iter(results.values()))
    shown = Table(title=_text(title), title_justify="left", caption_justify="left", caption=_text(_told(first)))
    shown.add_column("", overflow="fold")
    for heading in ("rank-1", "rank-5", "rank-10", f"mAP ({first.protocol['ap']})", "mINP"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for name, result in results.items():
        ranks = [_percent(result.rank(k)) for k in (1, 5, 10)]
        bounds = "" if math.isnan(result.mAP) else f" {interval(result.ap, result.people).percent()}"
        shown.add_row(_text(name), *ranks, _text(_percent(result.mAP) + bounds), _percent(result.mINP))
    console.print(shown)


def _percent(share: float) -> str:
    return NONE if math.isnan(share) else f"{100 * share:.1f} %"


def _told(result: Scores) -> str:
    facts = result.protocol
    data = " ".join(str(facts[key]) for key in ("data", "version") if facts.get(key))
    cameras = "crops of the query's own camera left out" if facts["cameras"] else "cameras not used"
    done = str(facts.get("post_processing", "none"))
    return (
        f"{data + ': ' if data else ''}{result.queries} queries in a gallery of {facts['gallery']}; {cameras}; "
        f"{'' if done == 'none' else f'after {printable(done)}; '}"
        f"{result.queries_without_match} queries without a match, not counted. "
        f"In brackets: 95 % interval, by drawing {'queries' if result.people is None else 'people'} anew."
    )


def watched(epoch: int, result: Scores) -> None:
    """Print how good a network is on the people cut from its training set, while its training goes on."""
    from passerby.evaluation.significance import interval

    bounds = interval(result.ap, result.people).percent()
    remark(
        f"epoch {epoch}: mAP ({result.protocol['ap']}) {_percent(result.mAP)} {bounds}, "
        f"rank-1 {_percent(result.rank(1))} on the people cut from the training set"
    )


def data_set(people: PersonSet, *, official: Sequence[str] = ()) -> None:
    """Print what a data set holds, how many right answers its queries have, and why any query has none.

    Args:
        people: the data set.
        official: lines that compare it with the official one.
    """
    from passerby.evaluation.describe import describe
    from passerby.evaluation.unanswered import by_camera, sentences, summary

    found = describe(people)
    headings, rows = summary(people, found)
    say(f"{people.name}: {people.version}" if people.version else people.name)
    shown = Table()
    for place, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if place else "left", overflow="fold")
    for row in rows:
        shown.add_row(*row)
    console.print(shown)
    for line in (*official, *by_camera(people, found), *sentences(people, found)):
        say(line)


def lookup(title: str, answers: Sequence[tuple[Crop, float]], *, worth: Worth | None = None) -> None:
    """Print the pictures found, the most alike first, with their cosine similarity.

    Args:
        title: of the table.
        answers: pictures and similarities.
        worth: their probabilities, and where the line of "probably nobody" falls; None where nobody knows.
    """
    shown = Table(title=_text(title), title_justify="left")
    for heading in ("rank", "cosine", *(() if worth is None else ("probability",))):
        shown.add_column(heading, justify="right")
    shown.add_column("picture", overflow="fold")
    for place, (crop, similarity) in enumerate(answers):
        likely = () if worth is None else (_percent(worth.probabilities[place]),)
        after = answers[place + 1][1] if place + 1 < len(answers) else similarity
        line = worth is not None and after < worth.nobody_below <= similarity
        shown.add_row(str(place + 1), f"{similarity:.3f}", *likely, _text(crop.path), end_section=line)
    console.print(shown)


def broken(crops: Sequence[tuple[Crop, str]], *, total: int) -> None:
    """Say which pictures were left out, and how many; nothing where all could be read."""
    for _, reason in crops[:10]:
        remark(f"left out: {reason}")
    if crops:
        remark(f"{len(crops)} of {total} pictures could not be read and were left out.")


def say(text: str) -> None:
    """Print a line of results."""
    console.print(harmless(text), markup=False, emoji=False, soft_wrap=True)


def remark(text: str) -> None:
    """Print a line beside the results, on the standard error."""
    remarks.print(harmless(text), markup=False, emoji=False, soft_wrap=True)


def _text(value: object) -> Text:
    """A title or a cell: names of files and people may hold anything, and are shown as they are written."""
    return Text(harmless(value))


def comparison(found: Comparison) -> None:
    """Print a paper's table and ours side by side, and what the numbers depend on."""
    for column in (column for ours in found.columns for column in ours.published):
        headings, rows = found.beside(column)
        shown = Table(title=_text(f"{found.table.title}. {column}, and ours"), title_justify="left")
        for place, heading in enumerate(headings):
            shown.add_column(heading, justify="right" if place else "left", no_wrap=place > 0)
        for row in rows:
            shown.add_row(*(_text(cell) for cell in row))
        console.print(shown)
    for line in found.remarks():
        say(line)


def compared(found: Compared) -> None:
    """Print two results side by side, their protocols first, and whether one is better."""
    say(f"A: {printable(found.a.path)}\nB: {printable(found.b.path)}")
    unlike, shared = found.facts()
    if unlike:
        _both("Where the systems differ", ("", "A", "B"), unlike)
    _both("What both share", ("", "A and B"), shared)
    _both("Scores, in brackets their 95 % intervals", ("", "A", "B"), found.numbers(), justify="right")
    for line in found.sentences():
        say(line)


def _both(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    justify: Literal["left", "right"] = "left",
) -> None:
    say(f"\n{title}")  # a table's own title is folded where the table is narrow
    shown = Table()
    for place, heading in enumerate(headings):
        shown.add_column(heading, justify=justify if place else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_text(cell) for cell in row))
    console.print(shown)


def slices(found: Slices) -> None:
    """Print the parts of a result as a list, and before it pairs of cameras as a square of mAP."""
    say(found.title)
    if found.by == "camera_pair":
        say(f"{found.reading}.")
        _parts(*found.matrix(), found.names)
    if found.by != "camera_pair" or len(found.slices) <= LISTED:
        _parts(*found.cells(), found.names)
    else:
        say("Each pair with its 95 % intervals stands in the files.")
    for line in found.notes:
        say(line)


def _parts(headings: Sequence[str], rows: Sequence[Sequence[str]], names: Sequence[str]) -> None:
    shown = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for heading in headings:
        word = heading in ("", *names)
        text = _text(heading.replace("no match", "no\nmatch"))
        shown.add_column(text, justify="left" if word else "right", no_wrap=not word, overflow="fold")
    for row in rows:
        shown.add_row(*(_text(cell) for cell in row))
    console.print(shown)


def attributes(found: AttributeAccuracy, *, title: str) -> None:
    """Print how often each attribute is predicted rightly, beside what the most frequent class would reach."""
    headings, rows = found.cells()
    shown = Table(title=_text(title), title_justify="left")
    for place, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if place else "left", overflow="fold")
    for place, row in enumerate(rows, start=1):
        shown.add_row(*(_text(cell) for cell in row), end_section=place == len(rows) - 1)
    console.print(shown)
    for line in found.notes:
        say(line)


def results(found: Results) -> None:
    """Print a set of results, and what they depend on; where the table is too wide, each bracket is a line lower."""
    shown = _side_by_side(found)
    # Measured as on an endless line: a table never says that it is wider than its terminal.
    if Measurement.get(console, console.options.update(width=WIDEST), shown).maximum > console.width:
        shown = _side_by_side(found, narrow=True)
    console.print(shown)
    for line in (*found.measures, *(f"{whom}: {words}" for whom, words in found.remarks())):
        say(line)


def _side_by_side(found: Results, *, narrow: bool = False) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(found.headings):
        text = _text(heading.replace(" ", "\n") if narrow else heading)
        shown.add_column(text, justify="right" if place else "left", no_wrap=place > 0, overflow="fold")
    for label, *cells in found.rows:
        shown.add_row(_text(label), *(_text(cell.replace(" [", "\n[") if narrow else cell) for cell in cells))
    return shown
