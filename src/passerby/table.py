"""A published table as a value: what tells its rows apart, and what the paper printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

METRICS = ("rank1", "rank5", "rank10", "rank20", "mAP")
"""What the papers print, in percent."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: a data set, or one to train on and another to judge on.

    Args:
        name: as the paper prints it.
        trained_on: the data set, as the recipe for it is called: `market` for `hybrid_attention.market`.
        judged_on: likewise.
    """

    name: str
    trained_on: str
    judged_on: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table: how the recipe is changed for it, and what the paper printed.

    A row is one command: `passerby train SYSTEM.DATA_variant CHANGES`. Rows with the same variant and changes are one
    training.

    Args:
        name: as the paper prints it.
        changes: `field=value` changes of the recipe, as `passerby train` takes them.
        variant: "" for the recipe of the column, `linear` for the recipe with `_linear` after its name.
        small: changes of the small recipe, where those of the paper's recipe do not fit it; None where they do.
        test: changes that count only when the trained network is judged; they leave the weights as they are.
        published: column to metric (see METRICS) to percent.

    Raises:
        ValueError: if a metric is unknown, or a number is not in 0 .. 100.
    """

    name: str
    changes: tuple[str, ...] = ()
    variant: str = ""
    small: tuple[str, ...] | None = None
    test: tuple[str, ...] = ()
    published: Mapping[str, Mapping[str, float]]

    def __post_init__(self) -> None:
        for column, numbers in self.published.items():
            for metric, number in numbers.items():
                if metric not in METRICS or not 0 <= number <= 100:
                    raise ValueError(
                        f"{self.name}, {column}: {metric} is {number}; "
                        f"give percent in 0 .. 100 of {', '.join(METRICS)}."
                    )


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a paper that compares the paper's own variants.

    Args:
        name: `system.table`, as it is called here: `hybrid_attention.table_ix`.
        paper: authors and title.
        title: number and subject of the table.
        columns: at least one.
        rows: in the paper's order; at least one.
        ap: definition of average precision of the paper's mAP, see `evaluation.average_precision`.
        note: where the paper contradicts itself, and what of the rows is our guess.

    Raises:
        ValueError: if there is no column or no row, two have one name, or a row has figures for a column that the
            table lacks.
    """

    name: str
    paper: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    ap: Literal["step", "trapezoid"]
    note: str = ""

    def __post_init__(self) -> None:
        for what, names in (("column", self.column_names), ("row", self.row_names)):
            if not names or len({*names}) < len(names):
                raise ValueError(f"{self.name} has the {what}s {names}; give at least one, each a name of its own.")
        for row in self.rows:
            unknown = sorted(row.published.keys() - {*self.column_names})
            if unknown or not row.published:
                raise ValueError(
                    f"{self.name}, row {row.name} has figures for {unknown or 'nothing'}; "
                    f"its columns are {', '.join(self.column_names)}."
                )

    @property
    def system(self) -> str:
        """The file of the recipes."""
        return self.name.partition(".")[0]

    @property
    def row_names(self) -> tuple[str, ...]:
        """Of all rows, in their order."""
        return tuple(row.name for row in self.rows)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Of all columns, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def cross_domain(self) -> bool:
        """Whether a network is judged on another data set than it was trained on."""
        return any(column.trained_on != column.judged_on for column in self.columns)


def printed(
    columns: Sequence[Column], *percent: float, metrics: Sequence[str] = ("rank1", "mAP")
) -> dict[str, dict[str, float]]:
    """The figures of a row in reading order, as `Row.published` takes them.

    Args:
        columns: the table's, from left to right.
        metrics: what each column prints, from left to right.
        percent: what is printed, from left to right.

    Raises:
        ValueError: if there are not as many numbers as places.
    """
    if len(percent) != len(columns) * len(metrics):
        raise ValueError(f"{len(percent)} numbers for {len(columns)} columns of {', '.join(metrics)}; give one each.")
    numbers = iter(percent)
    return {column.name: {metric: next(numbers) for metric in metrics} for column in columns}
