"""Two saved results held against each other: is one better, or is it luck?"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from passerby.evaluation.common_protocol import NOT_STATED, common_protocol
from passerby.evaluation.paired import Difference, Paired, paired
from passerby.evaluation.printable import printable
from passerby.evaluation.saved import read
from passerby.evaluation.score import Fact
from passerby.evaluation.scores import Scores, first_is_right, nullable
from passerby.evaluation.significance import LEVEL, RESAMPLES, Interval, interval

SCOPE = (
    "The test is about other people before the same cameras, not about other seeds of training: for those, train both "
    "systems several times."
)
"""What the test covers, and what it does not."""
NONE = "not defined"
"""Stands for a number that is nan."""


REQUIRED = ("ap", "cameras", "junk", "galleries", "query_sha256", "gallery_sha256")
"""What each result of the judge states."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of two results.

    Args:
        path: its file.
        scores: what is in it.
        mAP: interval of mean average precision.
        rank1: interval of rank-1.
    """

    path: Path
    scores: Scores
    mAP: Interval
    rank1: Interval


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """Two results under one protocol, called A and B.

    Args:
        a: the first result.
        b: the second result.
        shared: the facts that both protocols state alike, in A's order.
        difference: B - A.
    """

    a: Side
    b: Side
    shared: Mapping[str, Fact]
    difference: Paired

    @property
    def unlike(self) -> list[str]:
        """Names of the facts in which the two systems differ, in A's order, then those that B alone states."""
        return [fact for fact in {**self.a.scores.protocol, **self.b.scores.protocol} if fact not in self.shared]

    def facts(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
        """The protocols in words: facts that differ, with the values of A and B, and facts that both share."""
        a, b = self.a.scores.protocol, self.b.scores.protocol
        differ = [(printable(fact), _value(a, fact), _value(b, fact)) for fact in self.unlike]
        return differ, [(printable(fact), _value(self.shared, fact)) for fact in self.shared]

    def numbers(self) -> list[tuple[str, str, str]]:
        """Each number by its name, of A and of B, with its 95 % interval where it has one."""
        sides = (self.a, self.b)
        rows: list[tuple[str, list[str]]] = [("rank-1", [_percent(x.scores.rank(1), x.rank1) for x in sides])]
        rows += [(f"rank-{k}", [_percent(x.scores.rank(k)) for x in sides]) for k in (5, 10)]
        definition = printable(self.a.scores.protocol["ap"])
        rows.append((f"mAP ({definition})", [_percent(x.scores.mAP, x.mAP) for x in sides]))
        rows.append(("mINP", [_percent(x.scores.mINP) for x in sides]))
        return [(name, a, b) for name, (a, b) in rows]

    def sentences(self) -> list[str]:
        """What the differences are, whether they may be luck, and what that does not cover."""
        told = []
        mAP = f"mAP ({printable(self.a.scores.protocol['ap'])})"
        for name, difference in ((mAP, self.difference.mAP), ("rank-1", self.difference.rank1)):
            told.append(_sentence(name, difference, self.difference))
            if difference.interval.low <= 0 <= difference.interval.high:
                told.append(f"The interval of {name} holds 0: these people do not tell which of the two is better.")
        if not self.difference.named:
            told.append("Neither result says whom the queries show, so that intervals and p-values may be too small.")
        return [*told, SCOPE]

    def to_json(self) -> str:
        """All of it; null stands for what is not defined. Under `unlike`, a fact that one does not state is left out.

        Shares and differences are in -1 .. 1, not in percent.
        """
        a, b = self.a.scores.protocol, self.b.scores.protocol
        document = {
            "a": _side(self.a),
            "b": _side(self.b),
            "b_minus_a": {
                "mAP": _difference(self.difference.mAP),
                "rank1": _difference(self.difference.rank1),
                "people": self.difference.people if self.difference.named else None,
                "level": LEVEL,
                "resamples": RESAMPLES,
            },
            "unlike": {fact: {k: p[fact] for k, p in (("a", a), ("b", b)) if fact in p} for fact in self.unlike},
            "protocol": dict(self.shared),
            "sentences": self.sentences(),
        }
        return json.dumps(document, indent=1, allow_nan=False)


def compare(a: Path, b: Path) -> Compared:
    """Read two results and hold them against each other.

    Where only one of them says whom the queries show, that holds for both: they are the same queries.

    Args:
        a: file of a result, as `passerby eval` writes it.
        b: another one under the same protocol; the same file gives differences of 0.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a file is no result (see `saved.read`), or the protocols differ (see `common_protocol`).
    """
    one, other = read(a), read(b)
    shared = common_protocol({f"A ({a})": one, f"B ({b})": other})
    for path, scores in ((a, one), (b, other)):
        silent = [fact for fact in REQUIRED if fact not in scores.protocol]
        if silent:
            raise ValueError(f"{path} does not state {', '.join(silent)}, without which nothing can be compared.")
    people = other.people if one.people is None else one.people
    sides = [
        Side(
            path=path,
            scores=scores,
            mAP=interval(scores.ap, people),
            rank1=interval(first_is_right(scores.first), people),
        )
        for path, scores in ((a, one), (b, other))
    ]
    return Compared(a=sides[0], b=sides[1], shared=shared, difference=paired(one, other))


def _sentence(name: str, difference: Difference, over: Paired) -> str:
    if math.isnan(difference.value):
        return f"No query has a match, so that there is no {name} to compare."
    points = 100 * abs(difference.value)
    size = f"{points:.1f}" if points >= 0.05 else "less than 0.1"
    side = "above" if difference.value > 0 else "below"
    told = f"B is {size} points of {name} {side} A" if points else f"A and B have the same {name}"
    if math.isnan(difference.p):
        return f"{told}; all queries show one person, so that there is neither an interval nor a p-value."
    low, high = (f"{100 * bound:z.1f}" for bound in difference.interval)
    units = "people" if over.named else "queries"
    return (
        f"{told}, 95 % interval of B - A: {low} .. {high}, p = {difference.p:.2g}, "
        f"permutation over {over.people:,} {units}."
    )


def _percent(share: float, bounds: Interval | None = None) -> str:
    if math.isnan(share):
        return NONE
    return f"{100 * share:.1f} %" if bounds is None else f"{100 * share:.1f} % {bounds.percent()}"


def _value(protocol: Mapping[str, Fact], fact: str) -> str:
    if fact not in protocol:
        return NOT_STATED
    value = protocol[fact]
    if value is None or value == "":
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else printable(value)


def _side(side: Side) -> dict[str, object]:
    scores = side.scores
    return {
        "file": str(side.path),
        "rank1": nullable(scores.rank(1)),
        "rank1_interval": _bounds(side.rank1),
        "rank5": nullable(scores.rank(5)),
        "rank10": nullable(scores.rank(10)),
        "mAP": nullable(scores.mAP),
        "mAP_interval": _bounds(side.mAP),
        "ap": scores.protocol["ap"],
        "mINP": nullable(scores.mINP),
        "queries": scores.queries,
        "queries_without_match": scores.queries_without_match,
    }


def _difference(difference: Difference) -> dict[str, object]:
    return {
        "value": nullable(difference.value),
        "interval": _bounds(difference.interval),
        "p": nullable(difference.p),
    }


def _bounds(bounds: Interval) -> list[object] | None:
    return None if math.isnan(bounds.low) else list(bounds)
