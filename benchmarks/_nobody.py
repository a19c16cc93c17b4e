"""Whom the line of "nobody" misses: the share that is said, measured and carried on, against the true one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from passerby import npz
from passerby.calibration.answered import answered
from passerby.calibration.calibrated import calibrated
from passerby.calibration.calibration import Calibration
from passerby.calibration.drawn_galleries import Best, best, orders
from passerby.calibration.false_matches import bounds
from passerby.calibration.sightings import Ints, Sightings, sightings
from passerby.calibration.tried_galleries import ABSENT_RATES
from passerby.evaluation.significance import Interval
from passerby.types import ModelId

MODEL = ModelId("benchmark", "", "")
RATES = ABSENT_RATES[:2]
"""Shares of searches for absent people that lines are tried at."""
CUTS = (10, 30)
"""People in the largest gallery that a calibration is left with, to see how it carries on."""
DRAWS = 200
"""Draws of people for an interval."""
OTHERS = 1_000
"""People of the known law that are tried."""


class Line(NamedTuple):
    """What a calibration says of galleries of some people, and what came of it.

    Args:
        people: in the gallery.
        size: records in it.
        drawn: people in the largest gallery that the calibration was left with.
        rate: of false answers that its line allows.
        false: share of searches for absent people at or above the line.
        said: share of searches for present people that is said to lie below it.
        missed: share that does.
    """

    people: int
    size: int
    drawn: int
    rate: float
    false: float
    said: float
    missed: float


def nobody(file: Path) -> None:
    """Fitted on half of the people and tried on the other half, and the other way round."""
    found = sightings(npz.read(file))
    halves = [found.of(half) for half in found.folds(2)]
    counted = np.array([n for n in (3, 10, 20, 30, 40, 80, 160) if n <= 0.4 * min(len(half.pids) for half in halves)])
    for fitted, other in (halves, halves[::-1]):
        calibration, tried = calibrated(fitted, model=MODEL, data=str(file)), best(other)
        print(f"{file.name}: fitted on {len(fitted.pids)} people, tried on {len(other.pids)} others")
        print(
            "  people  records  drawn to  stated: false answers  missed: said  true  95 % interval (people drawn anew)"
        )
        found_lines = _lines(calibration, tried, counted, orders(len(tried.counts), 64, 0))
        for one, interval in zip(found_lines, _intervals(calibration, tried, counted), strict=True):
            if _wanted(one, found_lines[0]):
                print(f"  {_row(one)}  [{interval.low:.3f}, {interval.high:.3f}]")


def nobody_made(people: Callable[[int, int], Sightings], *, worlds: int, count: int) -> None:
    """The same over worlds drawn anew, on so many others that the true shares are known."""
    if 10 * (count - 1) > OTHERS:
        raise SystemExit(
            f"With {count} people fitted, galleries of 10 times as many need more than the {OTHERS} others."
        )
    tried = best(people(OTHERS, 10**6))
    counted = np.array([*CUTS, *(factor * (count - 1) for factor in (1, 2, 4, 10))])
    by_world = [
        _lines(calibrated(people(count, seed), model=MODEL, data="made"), tried, counted, orders(OTHERS, 16, seed))
        for seed in range(worlds)
    ]
    print(f"Fitted on {count} people in each of {worlds} worlds, tried on {OTHERS} others: means, and all worlds")
    print("  people  records  drawn to  stated: false answers  missed: said  true  said - true")
    for each in zip(*by_world, strict=True):
        mean = Line(*each[0][:4], *(float(np.mean([one[place] for one in each])) for place in (4, 5, 6)))
        apart = [one.said - one.missed for one in each]
        if _wanted(mean, by_world[0][0]):
            print(f"  {_row(mean)}  {min(apart):+.3f} .. {max(apart):+.3f}")


def _lines(calibration: Calibration, tried: Best, counted: Ints, drawn: list[Ints]) -> list[Line]:
    sizes = _sizes(tried, counted)
    found = []
    for one, last in _cut(calibration):
        lines = np.array([[one.nobody_below(rate, size=size) for rate in RATES] for size in sizes])
        false, missed = answered(tried, counted, drawn, lines)
        for row, size in enumerate(sizes):
            for column, rate in enumerate(RATES):
                said = one.nobody_misses(rate, size=size)
                shares = (float(false[row, column]), np.nan if said is None else said, float(missed[row, column]))
                found.append(Line(int(counted[row]), size, last, rate, *shares))
    return found


def _intervals(calibration: Calibration, tried: Best, counted: Ints) -> list[Interval]:
    """Of the true share of missed people, in the order of `_lines`: people are queries and galleries alike."""
    random, sizes, people = np.random.default_rng(0), _sizes(tried, counted), len(tried.counts)
    tables = [
        np.array([[one.nobody_below(rate, size=size) for rate in RATES] for size in sizes])
        for one, _ in _cut(calibration)
    ]
    lines = np.concatenate(tables, axis=1)
    drawn = []
    for _ in range(DRAWS):
        times = np.bincount(random.integers(people, size=people), minlength=people).astype(np.float64)
        there = np.flatnonzero(times)
        galleries = [random.permutation(there) for _ in range(4)]
        missed = answered(tried, counted, galleries, lines, times[tried.people])[1]
        drawn.append(np.concatenate([part.ravel() for part in np.split(missed, len(tables), axis=1)]))
    return [bounds(column.tolist()) for column in np.array(drawn).T]


def _cut(calibration: Calibration) -> list[tuple[Calibration, int]]:
    """The calibration, and what it would be without the larger galleries; and how many people its largest has."""
    answers, found = calibration.answers, [(calibration, calibration.people - 1)]
    for people in CUTS:
        kept = answers.sizes <= people * answers.per_person * (1 + 1e-9)
        if kept.all():
            continue
        fewer = replace(
            answers,
            sizes=answers.sizes[kept],
            log_odds=answers.log_odds[kept],
            nobody=answers.nobody[kept],
            misses=None if answers.misses is None else answers.misses[kept],
        )
        found.append((replace(calibration, answers=fewer), people))
    return found


def _sizes(tried: Best, counted: Ints) -> list[int]:
    return [round(float(n * tried.counts.mean())) for n in counted]


def _wanted(one: Line, first: Line) -> bool:
    """Of a calibration that was cut only what it carries on; the rest is that of the whole one."""
    return one.drawn == first.drawn or one.people > one.drawn


def _row(one: Line) -> str:
    carried = " *" if one.people > one.drawn else "  "
    shares = f"{one.rate:>6g}: {one.false:<14.3f}  {one.said:>12.3f}  {one.missed:.3f}"
    return f"{one.people:>6}  {one.size:>7,}  {one.drawn:>6}{carried}  {shares}"
