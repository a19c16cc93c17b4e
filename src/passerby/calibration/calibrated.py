"""A calibration fitted on sightings of people."""

import math
from collections.abc import Mapping
from typing import get_args

import numpy as np
from scipy.special import logit

from passerby.calibration.answers import Answers
from passerby.calibration.calibration import Calibration
from passerby.calibration.drawn_galleries import SEARCHED, Best, best, highest, orders, sizes, without
from passerby.calibration.evidence import FITS, Evidence, Kind, isotonic, line
from passerby.calibration.false_matches import RATES, RESAMPLES, Strangers, bounds, draws, strangers, thresholds
from passerby.calibration.missed import missed, missed_pairs
from passerby.calibration.sightings import Flags, Floats, Ints, Pairs, Sightings
from passerby.calibration.threshold import Threshold
from passerby.types import ModelId

PEOPLE = 10
"""People that a calibration needs at least: fewer do not even tell a rate of 0.1."""
FOLDS = 4
"""Folds of people in which ways to fit are compared."""
CAMERA_PEOPLE = 60
"""People seen by both cameras from which on two cameras may have a line of their own."""
ABSENT = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Shares of searches for absent people that thresholds of galleries are made for."""
ORDERS = 32
"""Galleries that are drawn of each size."""
KNOTS = 41
"""Similarities at which the probability of a best answer is kept."""
TAIL = 0.2
"""Share of the pairs of two people that are kept one by one: twice the largest rate, so that draws stay within it."""


def calibrated(
    found: Sightings, *, model: ModelId, data: str, prior: float | None = None, seed: int = 0
) -> Calibration:
    """What the similarities of a model mean, from sightings of people whom it was not trained on.

    Which way to fit, and whether two cameras have a line of their own, is decided by the log loss on people who were
    left out of the fit, in folds of people.

    Args:
        found: at least PEOPLE people, some of them seen twice so that it counts.
        model: which made the vectors.
        data: what the sightings are, in words.
        prior: share of pairs that show one person, which probabilities refer to; None for that among these pairs.
        seed: of all draws.

    Raises:
        ValueError: if there are too few people or pairs, or prior is not between 0 and 1.
    """
    if len(found.pids) < PEOPLE:
        raise ValueError(f"There are {len(found.pids)} people, and a calibration takes {PEOPLE} or more.")
    some = found.some()
    pairs = some.pairs()
    seen_again = len(np.unique(pairs.people[0, pairs.same]))
    if seen_again < PEOPLE:
        raise ValueError(
            f"{seen_again} of {len(found.pids)} people are seen by two cameras, and a calibration takes {PEOPLE} or "
            "more of them; give more data, or calibrate without cameras (--no-cameras)."
        )
    asked = found.prior() if prior is None else prior
    if not 0 < asked < 1:
        raise ValueError(f"prior is {asked}; give the share of pairs that show one person, between 0 and 1.")
    kind = _kind(pairs, some)
    pair = _fit(kind, pairs)
    return Calibration(
        model=model,
        data=data,
        people=len(found.pids),
        sightings=len(found),
        prior=asked,
        kind=kind,
        pair=pair,
        thresholds=_thresholds(strangers(pairs, len(some.pids), share=TAIL), len(some.pids), seed),
        answers=_answers(found, pairs, some, seed),
        cameras=_cameras(pairs, some),
    )


def _fit(kind: Kind, pairs: Pairs) -> Evidence:
    return FITS[kind](pairs.similarity, pairs.same, np.ones(len(pairs.same)), least=_least(pairs))


def _least(pairs: Pairs) -> tuple[float, float]:
    """Half of one observation, if pairs of people were independent of each other, as a share of either kind."""
    people = max(2, int(np.count_nonzero(np.bincount(pairs.people.ravel()))))
    again = max(1, int(np.count_nonzero(np.bincount(pairs.people[0, pairs.same]))))
    return 1 / (people * (people - 1)), 0.5 / again


def _kind(pairs: Pairs, found: Sightings) -> Kind:
    """The way whose curves fit people best who were left out, both kinds of pairs weighing the same."""
    losses = {}
    for kind in get_args(Kind):
        losses[kind] = sum(_loss(_fit(kind, fit)(test.similarity), test) for fit, test in _folds(pairs, found))
    return min(losses, key=lambda kind: losses[kind])


def _folds(pairs: Pairs, found: Sightings) -> list[tuple[Pairs, Pairs]]:
    """Pairs to fit and pairs to test, no person in both; without folds that lack one of the two kinds."""
    parts = []
    for people in found.folds(FOLDS):
        inside = _among(pairs, people)
        fit, test = pairs.where(~_any(inside)), pairs.where(inside[0] & inside[1])
        if all(part.same.any() and not part.same.all() for part in (fit, test)):
            parts.append((fit, test))
    return parts


def _loss(evidence: Floats, pairs: Pairs) -> float:
    """Mean log loss at even odds."""
    cost = np.logaddexp(0, np.where(pairs.same, -evidence, evidence))
    return float(cost[pairs.same].mean() + cost[~pairs.same].mean()) / 2


def _cameras(pairs: Pairs, found: Sightings) -> Mapping[tuple[int, int], tuple[float, float]]:
    """Lines of evidence for those two cameras that have enough people, and for whom a line of their own was better."""
    kept: dict[tuple[int, int], tuple[float, float]] = {}
    known = np.unique(pairs.cameras)
    lower, higher = np.searchsorted(known, pairs.cameras)  # numbers of cameras may be too large to multiply
    codes = lower * len(known) + higher
    people = len(found.pids)
    both = np.unique(codes[pairs.same] * people + pairs.people[0, pairs.same]) // people
    enough = [
        int(code) for code, count in zip(*np.unique(both, return_counts=True), strict=True) if count >= CAMERA_PEOPLE
    ]
    if not enough:
        return kept
    curves = [(_fit("isotonic", fit), part) for part in found.folds(FOLDS) for fit in [_out_of(pairs, part)]]
    whole = _fit("isotonic", pairs)
    for code in enough:
        own = pairs.where(codes == code)
        gain = 0.0
        for curve, part in curves:
            inside = _among(own, part)
            fit, test = own.where(~_any(inside)), own.where(inside[0] & inside[1])
            if not all(one.same.any() and not one.same.all() for one in (fit, test)):
                gain = -math.inf
                break
            slope, offset = _line(curve(fit.similarity), fit)
            plain = curve(test.similarity)
            gain += _loss(plain, test) - _loss(slope * plain + offset, test)
        if gain > 0:
            kept[int(own.cameras[0, 0]), int(own.cameras[1, 0])] = _line(whole(own.similarity), own)
    return kept


def _out_of(pairs: Pairs, people: Ints) -> Pairs:
    return pairs.where(~_any(_among(pairs, people)))


def _any(inside: Flags) -> Flags:
    either: Flags = inside[0] | inside[1]
    return either


def _among(pairs: Pairs, people: Ints) -> Flags:
    """(2, n) whether either person of each pair is one of these."""
    listed = np.zeros(int(max(pairs.people.max(), people.max())) + 1, dtype=np.bool_)
    listed[people] = True
    return listed[pairs.people]


def _line(evidence: Floats, pairs: Pairs) -> tuple[float, float]:
    mass = np.where(pairs.same, 1 / pairs.same.sum(), 1 / (~pairs.same).sum())
    return line(evidence, pairs.same, mass, least=_least(pairs))


def _thresholds(found: Strangers, people: int, seed: int) -> tuple[Threshold, ...]:
    drawn = np.array([thresholds(found, RATES, weights) for weights in draws(people, RESAMPLES, seed)])
    ends = [bounds(column.tolist()) for column in drawn.T]
    found_at = thresholds(found, RATES)
    return tuple(Threshold(rate, at, *end) for rate, at, end in zip(RATES, found_at, ends, strict=True))


def _answers(found: Sightings, pairs: Pairs, paired: Sightings, seed: int) -> Answers:
    """The best answers of drawn galleries: of one record first, then of more and more people with all their records."""
    searched = best(found)
    counted = sizes(len(searched.counts))
    per_person = float(searched.counts.mean())
    rates = np.array([rate for rate in ABSENT if rate * len(found.pids) >= 0.5])
    drawn = orders(len(searched.counts), ORDERS, seed)
    absent = np.concatenate([without(searched, counted, order) for order in drawn]).astype(np.float64)
    fewer = np.concatenate([without(searched, counted - 1, order) for order in drawn]).astype(np.float64)
    knots = np.linspace(min(0.0, float(pairs.similarity.min())), min(1.0, float(pairs.similarity.max())), KNOTS)
    nobody = [highest(pairs.similarity[~pairs.same], np.ones(int((~pairs.same).sum())), tuple(rates))]
    odds = [_fit("isotonic", pairs)(knots)]  # of one record, which is the person's with even odds
    for column in range(len(counted)):
        nobody.append(highest(absent[:, column], np.ones(len(absent)), tuple(rates)))
        odds.append(_odds(searched, absent[:, column], fewer[:, column])(knots))
    shares = tuple(rates)
    folds = found.some(SEARCHED).folds(FOLDS)
    misses = np.stack(
        [
            missed_pairs(pairs, folds=paired.folds(FOLDS), rates=shares),
            *missed(searched, absent, fewer, folds=folds, rates=shares),
        ]
    )
    at, first = np.unique([1.0, *(counted * per_person).tolist()], return_index=True)
    return Answers(
        sizes=at,
        knots=knots,
        log_odds=np.minimum.accumulate(np.stack(odds)[first], axis=0),
        rates=rates,
        nobody=np.maximum.accumulate(np.stack(nobody)[first], axis=0),
        per_person=per_person,
        misses=misses[first],
    )


def _odds(searched: Best, absent: Floats, fewer: Floats) -> Evidence:
    """Log odds that the best answer is the person asked for, who is there in half of the searches.

    Args:
        searched: what each query finds of each person.
        absent: best answer to each query, order after order, where its person is absent.
        fewer: likewise with one person fewer, whose place the query's own person takes when present.
    """
    own = np.tile(searched.own.astype(np.float64), len(absent) // len(searched.own))
    there = own > -2
    right = np.concatenate([np.zeros(len(absent), dtype=np.bool_), (own > fewer)[there]])
    similarity = np.concatenate([absent, np.maximum(own, fewer)[there]])
    weight = np.concatenate([np.full(len(absent), 0.5 / len(absent)), np.full(there.sum(), 0.5 / there.sum())])
    share = float(weight[right].sum())
    people = len(searched.counts)
    if not 0 < share < 1:  # all answers are alike: no more sure of it than so many people allow
        return Evidence(np.array([0.0]), np.array([float(logit(np.clip(share, 0.5 / people, 1 - 0.5 / people)))]))
    curve = isotonic(similarity, right, weight, least=(0.5 / people, 0.5 / people))
    return Evidence(curve.knots, curve.values + float(logit(share)))
