"""What a person sees of a gallery in the terminal: what it holds, its keys, its audit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from passerby.evaluation.printable import harmless, printable
from passerby.serve.told_times import told_times
from passerby.terminal import console, say

if TYPE_CHECKING:  # these import much that a table does not need
    from passerby.gallery.contract import About
    from passerby.serve.keys import Key
    from passerby.serve.ledger import Noted


WHOLE = ("line", "id", "time", "made", "revoked")
"""Columns whose cells stay on one line: half an id or half a time is of no use."""


def about(
    told: About,
    *,
    records: int,
    lacking: Mapping[str, int],
    cameras: Mapping[int, int],
    labels: Mapping[str, Sequence[str]],
    times: Sequence[float],
) -> None:
    """Print what a gallery holds.

    Args:
        told: which gallery.
        records: how many.
        lacking: how many of them have no camera, no time, by what they lack.
        cameras: records of each camera.
        labels: values by name.
        times: of the first and of the last hour that has a record; empty where no time is known.
    """
    say(f"{told.url}: {records:,} records of {told.dim:,} dimensions, made by {told.model}")
    if times:
        say(f"From {moment(times[0])} to {moment(times[-1])}, to the hour")
    for name, count in lacking.items():
        if count:
            say(f"Without a {name}: {'all' if count == records else f'{count:,}'}")
    if cameras:
        _table(("camera", "records"), [(str(camid), f"{count:,}") for camid, count in cameras.items()])
    if labels:
        _table(("label", "values"), [(name, ", ".join(values)) for name, values in labels.items()])


def keys(found: Sequence[Key]) -> None:
    """Print which keys there are; they themselves are not kept."""
    if not found:
        say("No key has been made: whoever reaches the server on this machine may do everything.")
        return
    rows = [
        (key.id, key.name, key.role, moment(key.made), "" if key.revoked is None else moment(key.revoked))
        for key in found
    ]
    _table(("id", "name", "role", "made", "revoked"), rows)


def audit(lines: Sequence[Noted]) -> None:
    """Print lines of the audit."""
    if not lines:
        say("No such line in the audit.")
        return
    rows = []
    for line in lines:
        done = printable(f"{line.who}: {line.what} ({line.answers:,})")
        details = [printable(_details(told_times(line.details)))] if line.details else []
        # one below the other, so that there is room for an id on one line of a narrow terminal
        rows.append((str(line.number), moment(line.time), Text("\n".join([done, *details]))))
    _table(("line", "time", "who: what (answers)"), rows)


def moment(seconds: float) -> str:
    """A time in UTC to the second; the number itself where it is of no year 1 .. 9999."""
    try:
        when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return f"{seconds:g}"
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _details(details: Mapping[str, object]) -> str:
    return ", ".join(
        # what does not print is escaped by `printable`, and letters of all scripts stay letters
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in details.items()
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    shown = Table()
    for heading in headings:
        shown.add_column(
            heading,
            justify="right" if heading in ("records", "line") else "left",
            overflow="fold",
            no_wrap=heading in WHOLE,
        )
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(printable(harmless(cell))) for cell in row))
    console.print(shown)
