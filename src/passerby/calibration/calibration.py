"""What a similarity means: probabilities and thresholds of one model, fitted on people whom it was not trained on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from scipy.special import expit, logit

from passerby.calibration.answers import LEAST, Answers, FloatArray
from passerby.calibration.evidence import Evidence
from passerby.calibration.false_matches import RULE_OF_THREE, told
from passerby.calibration.threshold import Threshold
from passerby.types import ModelId


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """What a similarity means for one model.

    Args:
        model: whose similarities these are.
        data: what it was fitted on, in words.
        people: how many people that were.
        sightings: how many sightings of them.
        prior: share of pairs that show one person, which probabilities refer to unless another is given.
        kind: how the curve was fitted, isotonic or logistic.
        pair: evidence of a similarity that a pair shows one person.
        thresholds: of pairs, by falling rate.
        answers: of whole galleries.
        cameras: slope and offset of the evidence of two cameras, the lower number first, where there were enough data.
    """

    model: ModelId
    data: str
    people: int
    sightings: int
    prior: float
    kind: str
    pair: Evidence
    thresholds: tuple[Threshold, ...]
    answers: Answers
    cameras: Mapping[tuple[int, int], tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def rates(self) -> tuple[float, ...]:
        """False-match rates that so many people can tell, descending."""
        return tuple(one.rate for one in self.thresholds if told(self.people, one.rate))

    def probability(
        self,
        similarity: FloatArray,
        *,
        cameras: tuple[int | None, int | None] | None = None,
        prior: float | None = None,
    ) -> FloatArray:
        """Probability that two sightings show the same person; never falls as similarity rises.

        Beyond the similarities that were seen it stays as it is at the last of them.

        Args:
            similarity: cosines, any shape.
            cameras: where the two sightings were made; None where that is not known.
            prior: share of the pairs in question that show one person; None for the calibration's own.

        Raises:
            ValueError: if a similarity is not within -1 .. 1, or prior not between 0 and 1.
        """
        asked = self.prior if prior is None else prior
        if not 0 < asked < 1:
            raise ValueError(f"prior is {asked}; give a share between 0 and 1, such as {self.prior:.3g}.")
        evidence = self.pair(_cosines(similarity))
        one, other = cameras or (None, None)
        if one is not None and other is not None:
            slope, offset = self.cameras.get((min(one, other), max(one, other)), (1.0, 0.0))
            evidence = slope * evidence + offset
        return _inside(expit(evidence + logit(asked)))

    def threshold(self, fmr: float) -> float:
        """Similarity at or above which at most this share of the pairs of two people lies.

        Between two rates of `thresholds` it is interpolated in the logarithm of the rate.

        Args:
            fmr: false-match rate of pairs.

        Raises:
            ValueError: if the people of the calibration cannot tell this rate.
        """
        rates = self.rates
        if not rates or not rates[-1] <= fmr <= rates[0]:
            offer = f"give {rates[-1]:g} .. {rates[0]:g}" if rates else "none can be told; calibrate on more people"
            raise ValueError(f"The false-match rate is {fmr}, and {self.people} people were calibrated on; {offer}.")
        known = [one for one in reversed(self.thresholds) if one.rate in rates]
        return float(np.interp(math.log(fmr), [math.log(one.rate) for one in known], [one.similarity for one in known]))

    def top1(self, similarity: float, *, size: int, per_person: float | None = None) -> float:
        """Probability that the best answer of a gallery is the person asked for, who is in it with `answers.present`.

        Between the sizes that were drawn, log odds are interpolated in the logarithm of the size. Beyond the largest
        the odds fall as one over the size, as if all further records were independent, which is on the safe side.

        Args:
            similarity: of the best answer.
            size: records in the gallery, 1 or more.
            per_person: records of each person in it, on average; None where as in `answers`.

        Raises:
            ValueError: if a number is out of range.
        """
        at, beyond = self.answers.place(size, per_person=per_person)
        lower = float(np.clip(_cosines(np.array(similarity)), -1, 1))
        by_size = np.array([np.interp(lower, self.answers.knots, row) for row in self.answers.log_odds])
        log_odds = np.interp(at, np.log(self.answers.sizes), by_size) - beyond
        return float(_inside(expit(log_odds)))

    def nobody_below(self, rate: float, *, size: int, per_person: float | None = None) -> float:
        """Similarity below which the best answer of a gallery is probably nobody.

        When the person asked for is absent, an answer at or above it comes with at most `rate`. The logarithm of its
        distance from 1 is straight in the logarithms of rate and size: between those that were drawn, and beyond them
        as steeply as at the end. `measured` tells which it is.

        Args:
            rate: share of searches for an absent person that may get an answer, 1e-6 .. 0.5.
            size: records in the gallery, 1 or more.
            per_person: records of each person in it, on average; None where as in `answers`.

        Returns:
            Below 1, so that an exact copy is always an answer.

        Raises:
            ValueError: if a number is out of range.
        """
        return self.answers.line(rate, size=size, per_person=per_person)

    def nobody_misses(self, rate: float, *, size: int, per_person: float | None = None) -> float | None:
        """Share of searches for a person who is there whose best answer lies below `nobody_below` all the same.

        Beyond the galleries and rates that were drawn it follows `nobody_below`, as if it hung on that line alone who
        is found. `measured` tells which it is.

        Args:
            rate: as for `nobody_below`.
            size: likewise.
            per_person: likewise.

        Returns:
            0 .. 1; None where the calibration was made before this was measured.

        Raises:
            ValueError: if a number is out of range.
        """
        return self.answers.missed(rate, size=size, per_person=per_person)

    def measured(self, rate: float, *, size: int, per_person: float | None = None) -> bool:
        """Whether `nobody_below` was measured there: people enough for the rate, by the rule of three, and the size.

        Args:
            rate: as for `nobody_below`.
            size: likewise.
            per_person: likewise.
        """
        return rate * self.people >= RULE_OF_THREE and self.answers.place(size, per_person=per_person)[1] == 0


def _cosines(similarity: FloatArray) -> FloatArray:
    values = np.asarray(similarity, dtype=np.float64)
    if not (np.abs(values) <= 1 + 1e-5).all():
        raise ValueError("A similarity is not within -1 .. 1; give cosines.")
    return values


def _inside(probability: FloatArray) -> FloatArray:
    """Never 0 or 1."""
    return np.clip(probability, LEAST, 1 - LEAST)
