"""The value that a judged ranking is."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from passerby.evaluation.significance import Interval, interval


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """How good a ranking is, query by query, with the protocol under which it was judged.

    Args:
        ap: (Q,) float64 average precision in [0, 1]; nan for a query without a match.
        inp: (Q,) float64 inverse negative penalty in [0, 1], matches / rank of the last match; nan as above.
            Source: Ye et al., Deep Learning for Person Re-identification: A Survey and Outlook, where mINP is proposed.
        first: (Q,) int64 rank of the first match among the kept gallery, from 1; 0 for a query without a match.
        protocol: what the numbers depend on: AP definition, data set, cameras, model, and so on.
        people: (Q,) int64 pid of each query's person, by which intervals are made; None where each query counts as a
            person of its own.
    """

    ap: Tensor
    inp: Tensor
    first: Tensor
    protocol: Mapping[str, str | int | float | bool | None]
    people: Tensor | None = None

    @property
    def queries(self) -> int:
        """Number of queries that were judged."""
        return int((self.first > 0).sum())

    @property
    def queries_without_match(self) -> int:
        """Number of queries that no gallery crop answers; they are not counted in any mean."""
        return int((self.first == 0).sum())

    @property
    def mAP(self) -> float:
        """Mean average precision over the judged queries, in [0, 1]; nan if there are none."""
        return float(self.ap.nanmean())

    @property
    def mINP(self) -> float:
        """Mean inverse negative penalty over the judged queries, in [0, 1]; nan if there are none."""
        return float(self.inp.nanmean())

    def rank(self, k: int) -> float:
        """Share of judged queries with a match among the first k kept crops: the CMC curve at k; nan if none.

        Raises:
            ValueError: if k is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}; ranks start at 1.")
        return math.nan if self.queries == 0 else int(((self.first > 0) & (self.first <= k)).sum()) / self.queries

    def cmc(self, length: int) -> Tensor:
        """(length,) float64: the CMC curve at rank 1 .. length; nan if no query was judged.

        Raises:
            ValueError: if length is below 1.
        """
        if length < 1:
            raise ValueError(f"length is {length}; ranks start at 1.")
        found = torch.bincount(self.first.clamp(max=length + 1), minlength=length + 2)
        return found[1 : length + 1].cumsum(0).double() / self.queries

    def summary(self) -> dict[str, object]:
        """The numbers by their names in the field, and `ap`: which definition the mAP has; nan where undefined.

        `mAP_interval` and `rank1_interval` are [low, high] of the 95 % intervals, None where there are none; see
        `evaluation.significance`.
        """
        return {
            "mAP": self.mAP,
            "mAP_interval": _bounds(interval(self.ap, self.people)),
            "mINP": self.mINP,
            "rank1": self.rank(1),
            "rank1_interval": _bounds(interval(first_is_right(self.first), self.people)),
            "rank5": self.rank(5),
            "rank10": self.rank(10),
            "ap": self.protocol["ap"],
            "queries": self.queries,
            "queries_without_match": self.queries_without_match,
        }

    def to_json(self) -> str:
        """All of it as JSON: the summary, the protocol, and each query's values; null stands for nan.

        `sha256` is the `checksum` of protocol and values, by which `saved.read` notices what was changed by hand.
        """
        protocol = {name: nullable(value) for name, value in self.protocol.items()}
        per_query = {
            "ap": [nullable(value) for value in self.ap.tolist()],
            "inp": [nullable(value) for value in self.inp.tolist()],
            "first": self.first.tolist(),
            "people": None if self.people is None else self.people.tolist(),
        }
        document = {
            **{name: nullable(value) for name, value in self.summary().items()},
            "protocol": protocol,
            "per_query": per_query,
            "sha256": checksum(protocol, per_query),
        }
        return json.dumps(document, indent=1, allow_nan=False)


def first_is_right(first: Tensor) -> Tensor:
    """1 where a query's first match stands at rank 1, else 0; nan for a query without a match.

    Args:
        first: (Q,) rank of each query's first match, 0 for a query without one.

    Returns:
        (Q,) float64.
    """
    return torch.where(first > 0, (first == 1).double(), math.nan)


def checksum(protocol: Mapping[str, object], per_query: Mapping[str, object]) -> str:
    """SHA-256 of the two as compact JSON with sorted keys."""
    told = json.dumps([protocol, per_query], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _bounds(found: Interval) -> list[float] | None:
    return None if math.isnan(found.low) else [found.low, found.high]


def nullable(value: object) -> object:
    """A value as JSON has it: None for nan, which JSON does not know."""
    return None if isinstance(value, float) and math.isnan(value) else value
