"""A similarity from which on two sightings are taken for one person, and how sure it is."""

from typing import NamedTuple


class Threshold(NamedTuple):
    """A similarity from which on two sightings are taken for one person.

    Args:
        rate: share of the pairs of two people that reach it.
        similarity: the threshold.
        low: lower end of its 95 % interval.
        high: upper end.
    """

    rate: float
    similarity: float
    low: float
    high: float
