"""A result cut into parts: by the cameras of query and gallery, or by what the people wear and carry."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from passerby.evaluation.label import label
from passerby.evaluation.printable import printable
from passerby.evaluation.scores import nullable
from passerby.evaluation.significance import Interval

NONE = "-"
"""Stands for a number that there is not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """How good the ranking is for some of the queries.

    Args:
        part: which ones, such as ("c1", "c2") or ("hat", "2").
        queries: number of queries with a match.
        queries_without_match: number of those without one; they are counted in no mean.
        people: number of different people among the queries with a match.
        mAP: mean average precision, in [0, 1]; nan where no query has a match.
        mAP_interval: its 95 % interval.
        rank1: share of queries whose first crop is a match; nan as above.
        rank1_interval: its 95 % interval.
    """

    part: tuple[str, str]
    queries: int
    queries_without_match: int
    people: int
    mAP: float
    mAP_interval: Interval
    rank1: float
    rank1_interval: Interval


@dataclass(frozen=True, kw_only=True)
class Slices:
    """The parts of one result.

    Args:
        by: what cuts it: `attribute` or `camera_pair`.
        names: what the two words of each part are, such as ("query camera", "gallery camera").
        slices: the parts, in the order in which they are shown.
        remarks: what is in no part, and how to read the rest, in sentences.
        protocol: of the result that was cut; `slice` says by what.
    """

    by: str
    names: tuple[str, str]
    slices: tuple[Slice, ...]
    remarks: tuple[str, ...]
    protocol: Mapping[str, str | int | float | bool | None]

    @property
    def title(self) -> str:
        """The result, what cuts it, and what the numbers are, in words."""
        told = f"{printable(label(self.protocol))}; by {self.by.replace('_', ' ')}"
        return f"{told}: mAP ({self.protocol['ap']}) and rank-1 in percent"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the numbers are, and the remarks, in sentences."""
        return (
            "Means are over the queries that have a match; intervals are made by resampling people, so that a single "
            "person has none.",
            *self.remarks,
        )

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows of a table with a row for each part."""
        counts = ("queries", "no match", "people")
        return [*self.names, *counts, "mAP", "95 %", "rank-1", "95 %"], [_row(one) for one in self.slices]

    def matrix(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows of a table of mAP, with a row for each first word and a column for each second one.

        The first heading is empty; `reading` says what rows and columns are.
        """
        shown = {one.part: _percent(one.mAP) for one in self.slices}
        firsts, seconds = (list(dict.fromkeys(one.part[place] for one in self.slices)) for place in (0, 1))
        rows = [[first, *(shown.get((first, second), NONE) for second in seconds)] for first in firsts]
        return ["", *seconds], rows

    @property
    def reading(self) -> str:
        """How the matrix is to be read, in words."""
        return f"mAP ({self.protocol['ap']}): a row for each {self.names[0]}, a column for each {self.names[1]}"

    def to_markdown(self) -> str:
        """All of it for a page: the matrix where pairs cut the result, the list, the notes and the protocol."""
        tables = [_markdown(*self.cells())]
        if self.by == "camera_pair":
            tables.insert(0, f"{self.reading}.\n\n{_markdown(*self.matrix())}")
        facts = "\n".join(f"- {printable(name)}: {printable(value)}" for name, value in self.protocol.items())
        return "\n\n".join([f"### {self.title}", *tables, "\n".join(self.notes), f"The protocol:\n\n{facts}"]) + "\n"

    def to_json(self) -> str:
        """All of it as JSON; null stands for nan."""
        document = {
            "slice": self.by,
            "protocol": {name: nullable(value) for name, value in self.protocol.items()},
            "remarks": list(self.remarks),
            "slices": [dict(zip(self.names, one.part, strict=True)) | _numbers(one) for one in self.slices],
        }
        return json.dumps(document, indent=1, allow_nan=False)


def _row(one: Slice) -> list[str]:
    counts = (one.queries, one.queries_without_match, one.people)
    measured = ((one.mAP, one.mAP_interval), (one.rank1, one.rank1_interval))
    cells = [cell for value, interval in measured for cell in (_percent(value), _span(interval))]
    return [*map(printable, one.part), *map(str, counts), *cells]


def _numbers(one: Slice) -> dict[str, object]:
    return {
        "queries": one.queries,
        "queries_without_match": one.queries_without_match,
        "people": one.people,
        "mAP": nullable(one.mAP),
        "mAP_interval": [nullable(one.mAP_interval.low), nullable(one.mAP_interval.high)],
        "rank1": nullable(one.rank1),
        "rank1_interval": [nullable(one.rank1_interval.low), nullable(one.rank1_interval.high)],
    }


def _percent(value: float) -> str:
    return NONE if math.isnan(value) else f"{100 * value:.1f}"


def _span(interval: Interval) -> str:
    return NONE if math.isnan(interval.low) else interval.percent()


def _markdown(headings: list[str], rows: list[list[str]]) -> str:
    lines = (headings, ["---"] * len(headings), *rows)
    return "\n".join(" | ".join(["", *(cell.replace("|", r"\|") for cell in cells), ""]).strip() for cells in lines)
