"""A rate that was stated, and what came of it."""

from dataclasses import dataclass

from passerby.evaluation.significance import Interval


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A rate that was stated, and what it was for people who had no part in the threshold.

    Args:
        stated: the rate.
        at: share of searches for absent people that the line allows; the rate itself but for what the line misses.
        size: records in the gallery; 2 for a pair.
        seen: the rate of the people it was tried on.
        interval: 95 % of what it would be for other people to fit and to try: both halves are drawn anew.
        p: probability of a rate so far above the stated one, were the stated one true; nan where that is not known.
        told: whether the fitted half was enough people for the rate of its line, by the rule of three.
    """

    stated: float
    at: float
    size: int
    seen: float
    interval: Interval
    p: float
    told: bool

    @property
    def holds(self) -> bool:
        """Whether the stated rate is within the interval, or above all of it; not where either is nan."""
        return self.interval.low <= self.stated
