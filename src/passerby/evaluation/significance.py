"""How sure a mean is: its interval, and the p-value of a difference, over people."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

RESAMPLES = 10_000
"""Draws of people, and of signs."""
LEVEL = 0.95
"""Share of such intervals that hold the true mean."""
SEED = 0
"""Of all draws here, so that the same values always have the same interval."""
_HELD = 2**17
"""Numbers drawn at a time, for bounded memory."""

_Floats = npt.NDArray[np.float64]


class Interval(NamedTuple):
    """Bounds of a mean, both nan where there are none.

    Args:
        low: the lower one.
        high: the upper one.
    """

    low: float
    high: float

    def percent(self) -> str:
        """The bounds of a share in percent, as they stand behind it: `[51.0, 57.7]`."""
        return "[no interval]" if math.isnan(self.low) else f"[{100 * self.low:z.1f}, {100 * self.high:z.1f}]"


def interval(values: Tensor, people: Tensor | None, *, level: float = LEVEL, resamples: int = RESAMPLES) -> Interval:
    """Interval of the mean over queries, by drawing people with replacement (percentile bootstrap of clusters).

    As many people as there are, are drawn; a person brings all of its queries, and a person drawn twice brings them
    twice. The mean of each draw is the sum of its values over the number of its queries, which differs from draw to
    draw. People are taken to be independent of each other; queries of one person are not. With few people (below some
    twenty) the interval is too narrow, and it cannot show what no drawn person has: where all values are 1, it is 1, 1.

    Args:
        values: (Q,) of each query; nan for a query that is not judged, which is left out.
        people: (Q,) int64 person of each query; None to take each query as a person of its own.
        level: share of such intervals that hold the true mean, between 0 and 1.
        resamples: draws, 1 or more.

    Returns:
        The bounds; nan where fewer than two people are judged.

    Raises:
        ValueError: if the shapes differ, a value is infinite, or a number is out of range.

    Source: Field and Welsh, Bootstrapping clustered data (the cluster bootstrap).
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a number between 0 and 1, such as 0.95.")
    sums, counts = _by_person(values, people, resamples)
    if len(sums) < 2:
        return Interval(math.nan, math.nan)
    random = np.random.default_rng(SEED)
    means = []
    for rows in _blocks(resamples, len(sums)):
        drawn = random.integers(len(sums), size=(rows, len(sums)))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(low, high)


def sign_flip(values: Tensor, people: Tensor | None, *, resamples: int = RESAMPLES) -> float:
    """Two-sided p-value of differences between two systems, by a permutation test over people.

    If neither system were better, each person's sum of differences would be as likely to have the other sign. So signs
    are drawn for all people anew, and p = (1 + draws whose total is at least as far from 0 as the true one) /
    (resamples + 1); it is never 0. A total that differs from the true one by rounding only counts as equal.

    Args:
        values: (Q,) difference of each query; nan for a query that is not judged, which is left out.
        people: (Q,) int64 person of each query; None to take each query as a person of its own.
        resamples: draws, 1 or more.

    Returns:
        p in 1 / (resamples + 1) .. 1; 1 where all differences are 0; nan where fewer than two people are judged.

    Raises:
        ValueError: if the shapes differ, a value is infinite, or a number is out of range.

    Source: Fisher, The Design of Experiments, chapter 3 (the signs of paired differences).
    """
    sums, _ = _by_person(values, people, resamples)
    if len(sums) < 2:
        return math.nan
    random = np.random.default_rng(SEED)
    total, rounding = sums.sum(), 1e-12 * np.abs(sums).sum()
    as_far = 0
    for rows in _blocks(resamples, len(sums)):
        kept = random.integers(2, size=(rows, len(sums)))
        as_far += int(np.count_nonzero(np.abs(2 * (kept @ sums) - total) >= abs(total) - rounding))
    return (1 + as_far) / (resamples + 1)


def _by_person(values: Tensor, people: Tensor | None, resamples: int) -> tuple[_Floats, _Floats]:
    """Sum of the judged values of each person, and how many there are; people in ascending order."""
    if values.ndim != 1 or (people is not None and people.shape != values.shape):
        given = None if people is None else tuple(people.shape)
        raise ValueError(f"values are {tuple(values.shape)}, people {given}; give (Q,) of both, or None for people.")
    if values.isinf().any():
        raise ValueError("A value is infinite; give finite values, or nan for a query that is not judged.")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; give 1 or more.")
    judged = ~values.isnan()
    found = values[judged].double().cpu().numpy()
    if people is None:
        return found, np.ones(len(found))
    _, places = np.unique(people[judged].cpu().numpy(), return_inverse=True)
    sums, counts = np.bincount(places, weights=found), np.bincount(places)
    return sums.astype(np.float64), counts.astype(np.float64)


def _blocks(resamples: int, people: int) -> list[int]:
    """Rows of each block of draws."""
    most = max(1, _HELD // people)
    return [min(most, resamples - start) for start in range(0, resamples, most)]
