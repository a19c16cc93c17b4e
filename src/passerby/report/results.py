"""A set of results as a table of text: the one source of what each form of it shows."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from passerby.evaluation.printable import printable
from passerby.evaluation.scores import Scores, first_is_right
from passerby.evaluation.significance import Interval, interval
from passerby.report._words import AP, NONE, percent
from passerby.report.dependence import Dependence, dependence


@dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """Results side by side, each under a protocol of its own.

    Args:
        headings: of the columns; the first column holds the labels.
        rows: cells of text, one row a result.
        measures: what the numbers are, in sentences.
        dependence: what the results depend on.
        scores: the results by label.
        ranks: the k of each rank-k that is shown, 1 first.
        intervals: for each label the 95 % intervals of `rank1` and `mAP`, nan where there are none.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    measures: tuple[str, ...]
    dependence: Dependence
    scores: Mapping[str, Scores]
    ranks: tuple[int, ...]
    intervals: Mapping[str, Mapping[str, Interval]]

    def remarks(self, *, without: Collection[str] = ()) -> tuple[tuple[str, str], ...]:
        """Of what all results depend on, and then of each that differs: who it is said of, and a sentence.

        Args:
            without: things of `dependence` that are said elsewhere.
        """
        shared, own = self.dependence
        each = [(row[0], own[label]) for row, label in zip(self.rows, self.scores, strict=True)]
        told = []
        for whom, things in [("All rows" if len(self.rows) > 1 else self.rows[0][0], shared), *each]:
            words = [words for thing, words in things.items() if thing not in without]
            told += [(whom, f"{'; '.join(words)}.")] if words else []
        return tuple(told)


def results(scores: Mapping[str, Scores], *, ranks: Sequence[int] = (5, 10), heading: str = "result") -> Results:
    """Rank-1 and mAP with their 95 % intervals, further ranks and mINP of each result, in percent, as cells of text.

    Where the results differ in their definition of average precision, it stands in each cell, and otherwise in the
    heading.

    Args:
        scores: results by label, one or more; any characters.
        ranks: the k of each further rank-k, each 2 or more, in this order.
        heading: of the column of labels.

    Raises:
        ValueError: if there are no scores, a rank is below 1, rank 1 or given twice, or a protocol does not state `ap`.
    """
    if not scores:
        raise ValueError("No scores were given; give one result or more.")
    _check(ranks)
    silent = [label for label, one in scores.items() if "ap" not in one.protocol]
    if silent:
        raise ValueError(
            f"The protocol of {printable(silent[0])} does not state ap, the definition of average precision; "
            "judge again."
        )
    definitions = list(dict.fromkeys(printable(one.protocol["ap"]) for one in scores.values()))
    shown = (1, *ranks)
    intervals = {
        label: {"rank1": interval(first_is_right(one.first), one.people), "mAP": interval(one.ap, one.people)}
        for label, one in scores.items()
    }
    unanswered = any(one.queries_without_match for one in scores.values())
    headings = [printable(heading), *(f"rank-{k}" for k in shown)]
    headings += [f"mAP ({definitions[0]})" if len(definitions) == 1 else "mAP", "mINP", "queries"]
    rows = []
    for label, one in scores.items():
        ends = intervals[label]
        ap = f"{printable(one.protocol['ap'])} " if len(definitions) > 1 else ""
        row = [printable(label), _between(one.rank(1), ends["rank1"]), *(percent(one.rank(k)) for k in ranks)]
        row += [f"{ap}{_between(one.mAP, ends['mAP'])}", percent(one.mINP), f"{one.queries:,}"]
        rows.append((*row, f"{one.queries_without_match:,}") if unanswered else tuple(row))
    return Results(
        headings=(*headings, "no match") if unanswered else tuple(headings),
        rows=tuple(rows),
        measures=_measures(scores, definitions, intervals),
        dependence=dependence(scores),
        scores=scores,
        ranks=shown,
        intervals=intervals,
    )


def _check(ranks: Sequence[int]) -> None:
    for place, k in enumerate(ranks):
        if k < 1:
            raise ValueError(f"ranks has {k}; ranks start at 1.")
        if k == 1:
            raise ValueError("ranks has 1, which is always shown; give further ranks only.")
        if k in ranks[:place]:
            raise ValueError(f"ranks has {k} twice; give each rank once.")


def _between(share: float, ends: Interval) -> str:
    return NONE if math.isnan(share) else f"{percent(share)} {ends.percent()}"


def _measures(
    scores: Mapping[str, Scores], definitions: Sequence[str], intervals: Mapping[str, Mapping[str, Interval]]
) -> tuple[str, ...]:
    named = {one.people is not None for one in scores.values()}
    if named == {True}:
        drawn = "people are drawn with replacement, each with all of their queries"
    elif named == {False}:
        drawn = "queries are drawn with replacement, since it is not known whom they show"
    else:
        drawn = (
            "people are drawn with replacement, each with all of their queries; "
            "where it is not known whom the queries show, queries are drawn"
        )
    told = [f"Shares are in percent. Brackets hold the 95 % interval: {drawn}."]
    told += [f"AP ({name}): {AP[name]}." for name in definitions if name in AP]
    if any(not one.queries for one in scores.values()):
        told.append(f"{NONE} stands for a share of no queries.")
    if any(one.queries and math.isnan(intervals[label]["mAP"].low) for label, one in scores.items()):
        told.append("There is no interval for fewer than two people.")
    if any(one.queries_without_match for one in scores.values()):
        told.append("Queries without a right picture in the gallery (no match) count in no share.")
    return tuple(told)
