"""What galleries answer to people who had no part in the calibration: absent ones, and those who are there."""

import numpy as np

from passerby.calibration.calibration import Calibration
from passerby.calibration.drawn_galleries import Best, best, highest, orders, without
from passerby.calibration.false_matches import bounds
from passerby.calibration.sightings import Floats, Ints, Sightings
from passerby.calibration.tried import Tried

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
    seen = _shares(test, counted, orders(len(test.counts), GALLERIES, seed), lines, np.ones(len(test.people)))
    random = np.random.default_rng(seed)
    drawn = np.array([_drawn_shares(fit, test, counted, random) for _ in range(DRAWS)])
    kinds = [
        [
            Tried(
                stated=rate if kind == 0 else _missed(calibration, rate, size),
                at=rate,
                size=size,
                seen=float(seen[kind, row, column]),
                interval=bounds(drawn[:, kind, row, column].tolist()),
                told=calibration.measured(rate, size=size),
            )
            for row, size in enumerate(records)
            for column, rate in enumerate(ABSENT_RATES)
        ]
        for kind in (0, 1)
    ]
    return tuple(kinds[0]), tuple(kinds[1])


def _missed(calibration: Calibration, rate: float, size: int) -> float:
    said = calibration.nobody_misses(rate, size=size)
    return float("nan") if said is None else said


def _shares(found: Best, counted: Ints, drawn: list[Ints], lines: Floats, weight: Floats) -> Floats:
    """(2, sizes, rates) of answers to absent people at or above the lines, and of those to present people below them.

    Args:
        found: what each query finds.
        counted: people in the galleries.
        drawn: orders of people.
        lines: (sizes, rates).
        weight: of each query.
    """
    absent, present = _answers(found, counted, drawn)
    weights = np.tile(weight, len(drawn))
    there = np.tile(found.own > -2, len(drawn)) * weights
    false = np.tensordot(weights, absent[:, :, None] >= lines, axes=1) / weights.sum()
    none = np.tensordot(there, present[:, :, None] < lines, axes=1)
    return np.stack([false, none / there.sum() if there.sum() else np.full_like(none, np.nan)])


def _answers(found: Best, counted: Ints, drawn: list[Ints]) -> tuple[Floats, Floats]:
    """Best answers where the person is absent, and where it has taken the place of somebody else."""
    both = np.concatenate([without(found, np.concatenate([counted, counted - 1]), order) for order in drawn])
    absent, fewer = both[:, : len(counted)].astype(np.float64), both[:, len(counted) :].astype(np.float64)
    return absent, np.maximum(np.tile(found.own.astype(np.float64), len(drawn))[:, None], fewer)


def _drawn_shares(fit: Best, test: Best, counted: Ints, random: np.random.Generator) -> Floats:
    """The same shares in one draw of the people of both halves, who are queries and galleries alike."""
    sides = []
    for side in (fit, test):
        people = len(side.counts)
        times = np.bincount(random.integers(people, size=people), minlength=people).astype(np.float64)
        there = np.flatnonzero(times)
        sides.append((times[side.people], [random.permutation(there) for _ in range(GALLERIES // 4)]))
    (weight, drawn), (tested, galleries) = sides
    absent, _ = _answers(fit, counted, drawn)
    lines = [highest(column, np.tile(weight, len(drawn)), ABSENT_RATES) for column in absent.T]
    return _shares(test, counted, galleries, np.array(lines), tested)
