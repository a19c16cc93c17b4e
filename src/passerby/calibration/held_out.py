"""Whether a calibration holds: fitted on half of the people, and tried on the other half."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from passerby.calibration.calibrated import TAIL, calibrated
from passerby.calibration.calibration import Calibration
from passerby.calibration.drawn_galleries import best
from passerby.calibration.exceeded import exceeded
from passerby.calibration.false_matches import RESAMPLES, bounds, draws, rates, strangers, told
from passerby.calibration.false_matches import thresholds as thresholds_of
from passerby.calibration.open_set import NOTHING, AtRate, dir_at_far, fnmr_at_fmr, ttr_at_ftr
from passerby.calibration.reliability import Reliability, reliability
from passerby.calibration.sightings import Floats, Pairs, Sightings
from passerby.calibration.tried import Tried
from passerby.calibration.tried_galleries import ABSENT_RATES, tried_galleries
from passerby.evaluation.significance import Interval
from passerby.types import ModelId

PAIR_RATES = (0.1, 0.01, 0.001, 0.0001)
"""False-match rates of pairs that are tried."""
DRAWS = 200
"""Draws of people for the interval of an error."""
FEWER = 1_000
"""Sightings of which all pairs are taken for the interval of an error."""


class OpenSet(NamedTuple):
    """One of the usual open-set numbers.

    Args:
        name: such as "DIR at FAR".
        of: what is counted.
        at: its value at each rate.
    """

    name: str
    of: str
    at: tuple[AtRate, ...]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """How a calibration fitted on half of the people did on the other half.

    Args:
        people: of the half that was fitted, and of the half that was tried.
        even: reliability where pairs of one person and of two weigh the same, which is the harder test.
        natural: reliability at the calibration's own prior.
        even_interval: 95 % interval of the even expected calibration error, over the people that were tried.
        pairs: false-match rates of pairs.
        absent: shares of searches for an absent person that got an answer.
        missed: shares of searches for a present person that got none, at the same rates and sizes.
        open_set: the usual numbers, with every second person absent.
    """

    people: tuple[int, int]
    even: Reliability
    natural: Reliability
    even_interval: Interval
    pairs: tuple[Tried, ...]
    absent: tuple[Tried, ...]
    missed: tuple[Tried, ...]
    open_set: tuple[OpenSet, ...]


def held_out(found: Sightings, *, model: ModelId, prior: float | None = None, seed: int = 0) -> HeldOut:
    """Fit on half of the people, by the digests of their pids, and try on the other half.

    Args:
        found: as for `calibrated`, which takes half of it.
        model: likewise.
        prior: likewise; None for the prior of all.
        seed: of all draws.

    Raises:
        ValueError: as for `calibrated`.
    """
    asked = found.prior() if prior is None else prior
    fitted, tried = (found.of(half) for half in found.folds(2))
    calibration = calibrated(fitted, model=model, data="half of the people", prior=asked, seed=seed)
    some, other = fitted.some(), tried.some()
    pairs = other.pairs()
    if not pairs.same.any():
        raise ValueError("Nobody of the half that calibration is tried on is seen twice; give more people.")
    absent, missed = tried_galleries(calibration, fitted, tried, seed=seed)
    return HeldOut(
        people=(len(fitted.pids), len(tried.pids)),
        even=_reliability(calibration, pairs, 0.5),
        natural=_reliability(calibration, pairs, asked),
        even_interval=_interval(calibration, tried, seed),
        pairs=_pairs(some, other, pairs, seed),
        absent=absent,
        missed=missed,
        open_set=_open_set(tried),
    )


def _reliability(calibration: Calibration, pairs: Pairs, prior: float) -> Reliability:
    weight = np.where(pairs.same, prior / pairs.same.sum(), (1 - prior) / (~pairs.same).sum())
    return reliability(_probability(calibration, pairs, prior), pairs.same, weight)


def _probability(calibration: Calibration, pairs: Pairs, prior: float) -> Floats:
    """With the line of the two cameras where there is one, as a search would have it."""
    found = calibration.probability(pairs.similarity, prior=prior)
    for cameras in calibration.cameras:
        here = (pairs.cameras[0] == cameras[0]) & (pairs.cameras[1] == cameras[1])
        if here.any():
            found[here] = calibration.probability(pairs.similarity[here], cameras=cameras, prior=prior)
    return found


def _interval(calibration: Calibration, found: Sightings, seed: int) -> Interval:
    """Of the error at even odds, when the people that it is tried on are drawn anew."""
    some = found.some(FEWER)
    pairs = some.pairs()
    said = _probability(calibration, pairs, 0.5)
    errors = []
    for drawn in draws(len(some.pids), DRAWS, seed):
        times = drawn[pairs.people[0]] * drawn[pairs.people[1]]
        times[pairs.same] = drawn[pairs.people[0, pairs.same]]
        totals = times[pairs.same].sum(), times[~pairs.same].sum()
        if min(totals) > 0:
            errors.append(reliability(said, pairs.same, times * np.where(pairs.same, *(0.5 / n for n in totals))).ece)
    return bounds(errors)


def _pairs(fitted: Sightings, tried: Sightings, pairs: Pairs, seed: int) -> tuple[Tried, ...]:
    """False-match rates of pairs: thresholds of the one half, rates of the other, both halves drawn anew together."""
    people = len(fitted.pids), len(tried.pids)
    fit, test = strangers(fitted.pairs(), people[0], share=TAIL), strangers(pairs, people[1])
    seen = rates(test, thresholds_of(fit, PAIR_RATES))
    both = zip(draws(people[0], RESAMPLES, seed), draws(people[1], RESAMPLES, seed + 1), strict=True)
    drawn = np.array([rates(test, thresholds_of(fit, PAIR_RATES, one), other) for one, other in both])
    return tuple(
        Tried(
            stated=rate,
            at=rate,
            size=2,
            seen=seen[place],
            interval=bounds(drawn[:, place].tolist()),
            p=exceeded(rate, seen[place], drawn[:, place], people=people[1]),
            told=told(people[0], rate),
        )
        for place, rate in enumerate(PAIR_RATES)
    )


def _open_set(found: Sightings) -> tuple[OpenSet, ...]:
    """The usual numbers where every second person, by digest, is absent from the gallery and is searched for."""
    searched = best(found)
    there = found.folds(2)[0]
    other = searched.others[:, there].max(axis=1).astype(np.float64)
    present = np.isin(searched.people, there)
    counts = ~present | (searched.own > -2)  # a person seen by one camera alone cannot be found
    match = np.where(present, searched.own, NOTHING)[counts].astype(np.float64)
    pairs = found.some().pairs()
    return (
        OpenSet("DIR at FAR", "rank 1", dir_at_far(match, other[counts], ABSENT_RATES)),
        OpenSet("TTR at FTR", "any target", ttr_at_ftr(match, other[counts], ABSENT_RATES)),
        OpenSet(
            "FNMR at FMR", "pairs", fnmr_at_fmr(pairs.similarity[pairs.same], pairs.similarity[~pairs.same], PAIR_RATES)
        ),
    )
