"""What galleries answer to people who had no part in the calibration: absent ones, and those who are there."""

import numpy as np

from passerby.calibration.answered import answered
from passerby.calibration.calibration import Calibration
from passerby.calibration.drawn_galleries import Best, best, highest, orders, without
from passerby.calibration.exceeded import exceeded
from passerby.calibration.false_matches import RULE_OF_THREE, bounds
from passerby.calibration.sightings import Floats, Ints, Sightings
from passerby.calibration.tried import Tried
from passerby.evaluation.significance import Interval

ABSENT_RATES = (0.1, 0.05, 0.01)
"""Shares of searches for absent people that are tried."""
DRAWS = 200
"""Draws of people for a share of searches, each with galleries of its own."""
GALLERIES = 16
"""Galleries over which a share of searches is the mean; each draw of people has a quarter of them."""


def tried_galleries(
    calibration: Calibration, fitted: Sightings, tried: Sightings, *, seed: int
) -> tuple[tuple[Tried, ...], tuple[Tried, ...]]:
    """Searches for absent people that get an answer, and for present ones that get none, in galleries of several sizes.

    Args:
        calibration: fitted on the one half.
        fitted: that half.
        tried: the other.
        seed: of all draws.
    """
    fit, test = best(fitted), best(tried)
    counted = np.array([n for n in (3, 10, 30, 100, 300) if n <= 0.4 * min(len(fit.counts), len(test.counts))])
    records = np.round(counted * test.counts.mean()).astype(int).tolist()
    lines = np.array([[calibration.nobody_below(rate, size=size) for rate in ABSENT_RATES] for size in records])
    seen = answered(test, counted, orders(len(test.counts), GALLERIES, seed), lines)
    random = np.random.default_rng(seed)
    drawn = np.array([_drawn_shares(fit, test, counted, random) for _ in range(DRAWS)])
    people = len(np.unique(test.people)), len(np.unique(test.people[test.own > -2]))
    absent: list[Tried] = []
    present: list[Tried] = []
    for row, size in enumerate(records):
        for column, rate in enumerate(ABSENT_RATES):
            for kind, (stated, into) in enumerate(((rate, absent), (_missed(calibration, rate, size), present))):
                came = float(seen[kind, row, column])
                again = drawn[:, kind, row, column]
                into.append(
                    Tried(
                        stated=stated,
                        at=rate,
                        size=size,
                        seen=came,
                        interval=_interval(again, people[kind]),
                        p=exceeded(stated, came, again, people=people[kind]),
                        told=calibration.measured(rate, size=size),
                    )
                )
    return tuple(absent), tuple(present)


def _interval(drawn: Floats, people: int) -> Interval:
    """Of a share; where no draw has one such search, it may still be three among so many people."""
    low, high = bounds(drawn.tolist())
    return Interval(low, min(1.0, RULE_OF_THREE / people) if high == 0 and people else high)


def _missed(calibration: Calibration, rate: float, size: int) -> float:
    said = calibration.nobody_misses(rate, size=size)
    return float("nan") if said is None else said


def _drawn_shares(fit: Best, test: Best, counted: Ints, random: np.random.Generator) -> Floats:
    """The same shares in one draw of the people of both halves, who are queries and galleries alike."""
    sides = []
    for side in (fit, test):
        people = len(side.counts)
        times = np.bincount(random.integers(people, size=people), minlength=people).astype(np.float64)
        there = np.flatnonzero(times)
        sides.append((times[side.people], [random.permutation(there) for _ in range(GALLERIES // 4)]))
    (weight, drawn), (tested, galleries) = sides
    absent = np.concatenate([without(fit, counted, order) for order in drawn]).astype(np.float64)
    lines = [highest(column, np.tile(weight, len(drawn)), ABSENT_RATES) for column in absent.T]
    return answered(test, counted, galleries, np.array(lines), tested)
