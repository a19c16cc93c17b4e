"""What there is to train and judge for a table."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from passerby.table import Column, Table

Scale = Literal["small", "paper"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A row in a column of ours: what is trained on which data, and how it is judged."""

    row: str
    column: Column
    recipe: str
    changes: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def place(self) -> Path:
        """Folder of its trainings; the same for all that are trained alike."""
        return Path(file_name(self.column.trained_on)) / file_name(self.recipe, *self.changes)


def plan(
    table: Table,
    data: Sequence[str],
    *,
    scale: Scale = "small",
    rows: Sequence[str] | None = None,
    changes: Sequence[str] = (),
) -> tuple[Part, ...]:
    """What there is to train and judge for a table.

    Args:
        table: the paper's.
        data: names of the data sets that are there; see `study`.
        scale: see `study`.
        rows: names of the rows that are wanted; None for all.
        changes: of each row's recipe, after the row's own.

    Raises:
        ValueError: if a row is unknown, or no column can be had from these data sets.
    """
    unknown = [name for name in rows or () if name not in table.row_names]
    if unknown:
        raise ValueError(f"{table.name} has no row {unknown[0]!r}; its rows are {'; '.join(table.row_names)}.")
    wanted = [row for row in table.rows if rows is None or row.name in rows]
    return tuple(
        Part(
            row=row.name,
            column=column,
            recipe=f"{table.system}.{'small' if scale == 'small' else column.trained_on}"
            f"{'_' if row.variant else ''}{row.variant}",
            changes=(*(row.small if scale == "small" and row.small is not None else row.changes), *changes),
            test=row.test,
        )
        for column in columns(table, data, scale=scale)
        for row in wanted
        if scale == "small" or column.name in row.published
    )


def columns(table: Table, data: Sequence[str], *, scale: Scale) -> tuple[Column, ...]:
    """Our columns: at small scale one for all of the paper's; at paper scale those whose data sets are there.

    Raises:
        ValueError: if scale is unknown, or the data sets do not make a column.
    """
    if scale == "small":
        sets = 2 if table.cross_domain else 1
        if len(data) != sets:
            wanted = "two data sets, one to train on and another to judge on" if sets == 2 else "one data set"
            raise ValueError(f"{table.name} at small scale wants {wanted}; there are {len(data)}.")
        return (Column(name="ours", trained_on=data[0], judged_on=data[-1]),)
    if scale != "paper":
        raise ValueError(f"scale is {scale!r}; give small or paper.")
    known = {name: None for column in table.columns for name in (column.trained_on, column.judged_on)}
    unknown = [name for name in data if name not in known]
    if unknown:
        raise ValueError(f"{table.name} has nothing to do with {unknown[0]!r}; its data sets are {', '.join(known)}.")
    found = tuple(column for column in table.columns if {column.trained_on, column.judged_on} <= {*data})
    if not found:
        given = ", ".join(data) or "no data"
        raise ValueError(f"No column of {table.name} can be had from {given}; its data sets are {', '.join(known)}.")
    return found


def file_name(words: str, *told: str) -> str:
    """Words as the name of a file or folder, and beside them what `told` says, short and told apart by a digest."""
    short = [re.sub(r"^.*\.(?=[^=]*=)", "", one) for one in told]  # model.aps=gap: aps=gap
    readable = re.sub(r"[^A-Za-z0-9=.,_+-]+", "-", ",".join([words, *short])).strip("-.")[:80]
    if not told and readable == words:
        return words
    return f"{readable}-{hashlib.sha256(repr((words, told)).encode()).hexdigest()[:8]}"
