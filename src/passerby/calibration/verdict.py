"""What many rates come to together: how many do not hold by themselves, and which are refuted even so."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from passerby.calibration.tried import Tried
from passerby.evaluation.significance import LEVEL


class Verdict(NamedTuple):
    """How many rates do not hold, and how many need not for chance alone.

    Args:
        told: how many rates so many people can tell.
        outside: those of them that do not hold: the whole interval of each lies above what was stated.
        chance: how many of them would do so by chance on average, were all that is stated true.
        refuted: those that do not hold even where it is allowed for how many were tried.
    """

    told: int
    outside: tuple[Tried, ...]
    chance: float
    refuted: tuple[Tried, ...]


def verdict(rates: Sequence[Tried], *, level: float = LEVEL) -> Verdict:
    """The verdicts on many rates, taken together.

    A rate is held against the lower end of its interval only, so that each verdict is wrong by chance in half of what
    the interval leaves: 1 in 40. By Holm's steps it is as seldom that any is refuted though all are true, however the
    rates depend on each other.

    Args:
        rates: all that were tried; those that cannot be told have no verdict.
        level: of the intervals.

    Source: Holm, A simple sequentially rejective multiple test procedure.
    """
    told = [one for one in rates if one.told]
    outside = tuple(one for one in told if not one.holds)
    wrong = (1 - level) / 2
    ps = [math.inf if math.isnan(one.p) else one.p for one in outside]
    refuted = set()
    for step, place in enumerate(sorted(range(len(outside)), key=lambda place: ps[place])):
        if ps[place] > wrong / (len(told) - step):
            break
        refuted.add(place)
    kept = tuple(one for place, one in enumerate(outside) if place in refuted)
    return Verdict(len(told), outside, wrong * len(told), kept)
