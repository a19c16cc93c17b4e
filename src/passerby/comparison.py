"""A paper's table and ours side by side."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import kendalltau

from passerby import files
from passerby.table import METRICS, Row, Table

LABELS = {"rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10", "rank20": "rank-20", "mAP": "mAP"}
NONE = "-"
"""Stands for a number that there is not."""
DEFINED = "An order takes three rows or more that are not all alike."
"""When `Comparison.agreement` is a number."""


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What we measured in place of one or more columns of a table.

    Args:
        name: of our column.
        published: the paper's columns that it stands beside.
        trained_on: the data set's name and version.
        judged_on: likewise.
        percent: row to metric to the value of each seed.
    """

    name: str
    published: tuple[str, ...]
    trained_on: str
    judged_on: str
    percent: Mapping[str, Mapping[str, tuple[float, ...]]]

    def mean(self, row: str, metric: str) -> float:
        """Over the seeds; nan for a row that was not measured."""
        values = self.percent.get(row, {}).get(metric, ())
        return statistics.fmean(values) if values else math.nan

    def spread(self, row: str, metric: str) -> float:
        """Standard deviation over the seeds, by n - 1; nan for fewer than two of them."""
        values = self.percent.get(row, {}).get(metric, ())
        return statistics.stdev(values) if len(values) > 1 else math.nan


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A table as printed, what we measured for it, and whether the order of the rows is the same.

    Args:
        table: the paper's.
        scale: `small` or `paper`: whose recipes were trained.
        seeds: trainings of each row, with seed 0 and up.
        rows: names of the rows that were measured.
        columns: ours.
        left_out: the paper's columns for which no data was given.
        command: which gives this again; DIR stands for the data's folder.
        validate: training people that were held out and judged on; None where the test people were.
    """

    table: Table
    scale: str
    seeds: int
    rows: tuple[str, ...]
    columns: tuple[Ours, ...]
    left_out: tuple[str, ...]
    command: str
    validate: int | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those that the paper prints for the rows that were measured."""
        told = {metric for row in self._rows for numbers in row.published.values() for metric in numbers}
        return tuple(metric for metric in METRICS if metric in told)

    def agreement(self) -> dict[tuple[str, str], float]:
        """Kendall's tau-b of the rows' order in the paper and in our means, by the paper's column and metric.

        1 for the same order, -1 for the reverse; nan where `kendall` is, and for fewer than three rows: of two, it is
        1 or -1 whatever their numbers.
        """
        found = {}
        for ours in self.columns:
            for column in ours.published:
                for metric in self.metrics:
                    pairs = [
                        (row.published[column][metric], ours.mean(row.name, metric))
                        for row in self._rows
                        if metric in row.published.get(column, {})
                    ]
                    tau = kendall([one for one, _ in pairs], [other for _, other in pairs])
                    found[column, metric] = tau if len(pairs) > 2 else math.nan
        return found

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows of the table that shows both: the row's name, the paper's columns, and ours beside them."""
        headings = ["row"]
        rows = [[row.name] for row in self._rows]
        for ours in self.columns:
            for column in ours.published:
                for metric in self.metrics:
                    headings.append(f"paper, {column}: {LABELS[metric]}")
                    numbers = [row.published.get(column, {}).get(metric) for row in self._rows]
                    for shown, cell in zip(rows, _aligned(numbers), strict=True):
                        shown.append(cell)
            for metric in self.metrics:
                headings.append(f"{ours.name}: {LABELS[metric]}")
                for shown, row in zip(rows, self._rows, strict=True):
                    shown.append(_spread(ours.mean(row.name, metric), ours.spread(row.name, metric)))
        return headings, rows

    def beside(self, column: str) -> tuple[list[str], list[list[str]]]:
        """Headings and rows of one column of the paper's: each metric as printed, and ours."""
        ours = next(each for each in self.columns if column in each.published)
        headings, rows = ["row"], [[row.name] for row in self._rows]
        for metric in self.metrics:
            headings += [LABELS[metric], "ours"]
            numbers = _aligned([row.published.get(column, {}).get(metric) for row in self._rows])
            for shown, number, row in zip(rows, numbers, self._rows, strict=True):
                shown += [number, _spread(ours.mean(row.name, metric), ours.spread(row.name, metric))]
        return headings, rows

    def remarks(self) -> list[str]:
        """What the numbers depend on, how far the order of the rows agrees, and what is missing, each in a sentence."""
        seeds = "one seed" if self.seeds == 1 else f"{self.seeds} seeds, mean and standard deviation (n - 1)"
        told = [f"Paper: {self.table.paper}.", f"Ours: {self.scale} scale, {seeds}; AP by the {self.table.ap} rule."]
        for ours in self.columns:
            place = ours.trained_on if ours.trained_on == ours.judged_on else f"{ours.trained_on} -> {ours.judged_on}"
            told.append(f"Data of {ours.name}: {place}.")
        if self.validate is not None:
            told.append(
                f"Validation: trained without {self.validate} of the training people and judged on these, not on the "
                "test people. To choose by, not to set beside the paper's numbers."
            )
        if any("synthetic" in (ours.trained_on + ours.judged_on) for ours in self.columns):
            told.append("This data is synthetic: our numbers are those of drawn people, not of the paper's data set.")
        tau = self.agreement()
        if all(math.isnan(value) for value in tau.values()):
            told.append(f"Order of the rows, paper and ours: not given. {DEFINED}")
        else:
            order = "; ".join(
                f"{column} {LABELS[metric]} {'not given' if math.isnan(value) else f'{value:.2f}'}"
                for (column, metric), value in tau.items()
            )
            told.append(f"Order of the rows, paper and ours (Kendall's tau-b): {order}.")
            if any(math.isnan(value) for value in tau.values()):
                told.append(DEFINED)
            if self.seeds == 1:
                told.append("With one seed, chance may have turned the order of rows that are close.")
        if self.left_out:
            told.append(f"Left out, since no data was given: {', '.join(self.left_out)}.")
        missing = [name for name in self.table.row_names if name not in self.rows]
        if missing:
            told.append(f"Rows left out: {', '.join(missing)}.")
        return [*told, self.table.note] if self.table.note else told

    def to_markdown(self) -> str:
        """As a page of the documentation has it."""
        headings, rows = self.cells()
        ruler = ["---", *["---:"] * (len(headings) - 1)]
        lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in (headings, ruler, *rows)]
        title = f"### {self.table.name}: {self.table.title}"
        told = [f"- {sentence}" for sentence in self.remarks()]
        return "\n".join([title, "", f"    {self.command}", "", *lines, "", *told]) + "\n"

    def to_json(self) -> str:
        """All of it, with the value of each seed; null stands for what is not defined."""
        document = {
            "table": self.table.name,
            "paper": self.table.paper,
            "title": self.table.title,
            "command": self.command,
            "scale": self.scale,
            "seeds": self.seeds,
            "ap": self.table.ap,
            "validate": self.validate,
            "rows": [
                {"row": row.name, "published": {name: dict(row.published[name]) for name in row.published}}
                for row in self._rows
            ],
            "ours": [
                {
                    "column": ours.name,
                    "beside": list(ours.published),
                    "trained_on": ours.trained_on,
                    "judged_on": ours.judged_on,
                    "rows": {row: {m: _facts(ours, row, m) for m in ours.percent[row]} for row in ours.percent},
                }
                for ours in self.columns
            ],
            "kendall_tau_b": [
                {"column": column, "metric": metric, "tau": _nullable(tau)}
                for (column, metric), tau in self.agreement().items()
            ],
            "left_out": list(self.left_out),
            "note": self.table.note,
        }
        return json.dumps(document, indent=1, allow_nan=False)

    def save(self, folder: Path, *, name: str | None = None) -> tuple[Path, Path]:
        """Write it into a folder as JSON and as Markdown, each whole or not at all, and give both files.

        Args:
            folder: is made where it is missing.
            name: of the files, without ending; the table's by default.
        """
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for ending, text in (("json", self.to_json()), ("md", self.to_markdown())):
            written.append(folder / f"{name or self.table.name}.{ending}")
            with files.whole(written[-1]) as partial:
                partial.write_text(text, encoding="utf-8")
        return written[0], written[1]

    @property
    def _rows(self) -> list[Row]:
        return [row for row in self.table.rows if row.name in self.rows]


def kendall(one: Sequence[float], other: Sequence[float]) -> float:
    """Kendall's tau-b of two lists of numbers of the same things.

    Args:
        one: N finite numbers.
        other: likewise.

    Returns:
        (concordant - discordant pairs) / sqrt(pairs not tied in one * pairs not tied in the other), in -1 .. 1; nan for
        fewer than two things, and where all numbers of a list are equal.

    Raises:
        ValueError: if the lists differ in length.

    Source: Kendall, The treatment of ties in ranking problems.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} numbers; give one of each for each thing.")
    return float(kendalltau(one, other, variant="b").statistic) if len(one) > 1 else math.nan


def _aligned(numbers: Sequence[float | None]) -> list[str]:
    """Printed figures, all with as many decimals as the longest of them."""
    decimals = max((len(f"{number}".partition(".")[2]) for number in numbers if number is not None), default=0)
    return [NONE if number is None else f"{number:.{decimals}f}" for number in numbers]


def _spread(mean: float, spread: float) -> str:
    if math.isnan(mean):
        return NONE
    return f"{mean:.1f}" if math.isnan(spread) else f"{mean:.1f} ± {spread:.1f}"


def _facts(ours: Ours, row: str, metric: str) -> dict[str, object]:
    return {
        "mean": _nullable(ours.mean(row, metric)),
        "spread": _nullable(ours.spread(row, metric)),
        "by_seed": [_nullable(value) for value in ours.percent[row][metric]],
    }


def _nullable(value: float) -> float | None:
    return None if math.isnan(value) else value
