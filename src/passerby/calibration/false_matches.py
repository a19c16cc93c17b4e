"""Thresholds at false-match rates, and the rates at thresholds, with people drawn anew for their intervals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from passerby.calibration.sightings import Floats, Ints, Pairs
from passerby.evaluation.significance import LEVEL, Interval

RATES = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
"""False-match rates that thresholds are made for."""
RESAMPLES = 400
"""Draws of people for an interval."""
RULE_OF_THREE = 3.0
"""Without one false match among n independent pairs, the rate may still be 3 / n (95 %)."""


class Strangers(NamedTuple):
    """The pairs of two people, the most alike first.

    Args:
        similarity: (n,) descending: the upper end of all pairs.
        people: (2, n) whom they show.
        counts: (P, P) how many pairs there are of each two people; symmetric, 0 on the diagonal.
    """

    similarity: Floats
    people: Ints
    counts: Floats


def strangers(pairs: Pairs, people: int, *, share: float = 1.0) -> Strangers:
    """The pairs of two people among pairs.

    Args:
        pairs: all that count.
        people: how many people there are.
        share: of the pairs that are kept one by one, the most alike; the others are only counted.

    Raises:
        ValueError: if there is none.
    """
    others = pairs.where(~pairs.same)
    if not len(others.similarity):
        raise ValueError("There is no pair of two people; give sightings of two people or more.")
    counts = np.bincount(others.people[0] * people + others.people[1], minlength=people * people)
    table = counts.reshape(people, people).astype(np.float64)
    kept = min(len(others.similarity), int(share * len(others.similarity)) + 2)
    top = np.argpartition(-others.similarity, kept - 1)[:kept]
    top = top[np.lexsort((top, -others.similarity[top]))]
    return Strangers(others.similarity[top], others.people[:, top], table + table.T)


def thresholds(found: Strangers, rates: Sequence[float], drawn: Floats | None = None) -> list[float]:
    """For each rate the lowest similarity that at most this share of the pairs of two people reaches.

    Args:
        found: pairs of two people; those that are kept one by one must be more than the share.
        rates: shares, above 0 and below 1.
        drawn: (P,) how many times each person counts; None for once.

    Returns:
        The next number above the first similarity that is one too many, so that ties are on the safe side; -1 where
        none is too many.
    """
    weight, total = _weights(found, drawn)
    summed = np.cumsum(weight)
    over = np.searchsorted(summed, np.array(rates) * total * (1 + 1e-12), side="right")
    return [float(np.nextafter(found.similarity[n], np.inf)) if n < len(summed) else -1.0 for n in over]


def rates(found: Strangers, thresholds: Sequence[float], drawn: Floats | None = None) -> list[float]:
    """Share of the pairs of two people at or above each threshold; nan where nobody is drawn.

    Args:
        found: pairs of two people; those that are kept one by one must reach below the thresholds.
        thresholds: similarities.
        drawn: as for `thresholds`.
    """
    weight, total = _weights(found, drawn)
    summed = np.concatenate([[0.0], np.cumsum(weight)])
    above = np.searchsorted(-found.similarity, -np.array(thresholds), side="right")
    return [float(summed[n] / total) if total > 0 else float("nan") for n in above]


def draws(people: int, count: int, seed: int) -> list[Floats]:
    """How many times each person is drawn when as many as there are, are drawn with replacement; `count` times."""
    random = np.random.default_rng(seed)
    return [
        np.bincount(random.integers(people, size=people), minlength=people).astype(np.float64) for _ in range(count)
    ]


def told(people: int, rate: float) -> bool:
    """Whether so many people can tell a false-match rate at all, by the rule of three over pairs of people."""
    return rate * people * (people - 1) / 2 >= RULE_OF_THREE


def bounds(values: Sequence[float], *, level: float = LEVEL) -> Interval:
    """The middle of what draws gave; nan where fewer than two are numbers."""
    known = np.array([value for value in values if not np.isnan(value)])
    if len(known) < 2:
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(low, high)


def _weights(found: Strangers, drawn: Floats | None) -> tuple[npt.NDArray[np.float64], float]:
    if drawn is None:
        return np.ones(len(found.similarity)), float(found.counts.sum() / 2)
    return drawn[found.people[0]] * drawn[found.people[1]], float(drawn @ found.counts @ drawn / 2)
