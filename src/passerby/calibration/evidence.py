"""How much a similarity speaks for the same person: the logarithm of a likelihood ratio, rising with similarity."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Kind = Literal["isotonic", "logistic"]

BINS = 48
"""Bins of equal mass, half of the mass from either kind, that are made monotone."""
CELLS = 4096
"""Steps of similarity, from the lowest to the highest, within which one is as good as another."""


class Evidence(NamedTuple):
    """A curve through knots: straight between them, level beyond the first and the last.

    Args:
        knots: (K,) similarities, ascending.
        values: (K,) natural logarithm of the likelihood ratio at each, never falling.
    """

    knots: Floats
    values: Floats

    def __call__(self, similarity: Floats) -> Floats:
        """The value at each similarity."""
        return np.interp(similarity, self.knots, self.values)


def isotonic(
    similarity: Floats, same: Flags, weight: Floats, *, least: tuple[float, float], bins: int = BINS
) -> Evidence:
    """The rising curve by pool-adjacent-violators over bins.

    Args:
        similarity: (n,).
        same: (n,) True for the kind that the evidence speaks for.
        weight: (n,) of each, 0 or more.
        least: share of either kind, (different, same), that is spread over the bins beside what was seen: half of what
            one independent observation would be, so that no bin is ever certain.
        bins: most bins.

    Raises:
        ValueError: if one of the two kinds has no weight.

    Source: Ayer et al., An empirical distribution function for sampling with incomplete information; Brümmer and
        du Preez, Application-independent evaluation of speaker detection (the prior falls out of it).
    """
    centre, for_, against = _cells(similarity, same, _shares(same, weight))
    both = for_ + against
    # a bin ends where the mass reaches the next step; a cell is never parted, nor are equal similarities
    place = np.minimum(((np.cumsum(both) - both) / 2 * bins * (1 + 1e-12)).astype(np.int64), bins - 1)
    used, place = np.unique(place, return_inverse=True)
    mass = np.bincount(place, both)
    knots = np.bincount(place, both * centre) / mass
    right = np.bincount(place, for_) + least[1] / len(used)
    wrong = np.bincount(place, against) + least[0] / len(used)
    rising = isotonic_regression(right / (right + wrong), weights=right + wrong).x
    return Evidence(knots, np.maximum.accumulate(logit(rising)))


def logistic(similarity: Floats, same: Flags, weight: Floats, *, least: tuple[float, float]) -> Evidence:
    """The straight line of logistic regression, over the similarities that there are.

    Args:
        similarity: as for `isotonic`.
        same: likewise.
        weight: likewise.
        least: share of either kind, (different, same), that is taken to be of the other, so that the line is never
            upright.

    Raises:
        ValueError: as for `isotonic`.
    """
    slope, offset = line(similarity, same, _shares(same, weight), least=least)
    ends = np.unique(np.array([similarity.min(), similarity.max()]))
    return Evidence(ends, slope * ends + offset)


def line(x: Floats, same: Flags, mass: Floats, *, least: tuple[float, float]) -> tuple[float, float]:
    """Slope, 0 or more, and offset of the log odds that fit best.

    Args:
        x: (n,).
        same: (n,).
        mass: (n,) weights.
        least: share of either kind, (different, same), that is taken to be of the other, against certainty.
    """
    centre, for_, against = _cells(x, same, mass)
    spread = max(float(centre[-1] - centre[0]), 1e-12)
    middle = float(np.average(centre, weights=for_ + against))
    at = (centre - middle) / spread
    for_, against = for_ * (1 - least[1]) + against * least[0], against * (1 - least[0]) + for_ * least[1]

    def loss(parameters: Floats) -> tuple[float, Floats]:
        score = parameters[0] * at + parameters[1]
        cost = for_ @ np.logaddexp(0, -score) + against @ np.logaddexp(0, score)
        slope = against * expit(score) - for_ * expit(-score)
        return float(cost), np.array([slope @ at, slope.sum()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)]).x
    return float(found[0] / spread), float(found[1] - found[0] * middle / spread)


FITS: dict[Kind, Callable[..., Evidence]] = {"isotonic": isotonic, "logistic": logistic}
"""Ways to fit a curve, by name."""


def _cells(similarity: Floats, same: Flags, mass: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean of each cell that holds mass, ascending, and its mass of either kind: for it, against it."""
    low, spread = float(similarity.min()), max(float(np.ptp(similarity)), 1e-12)
    cell = ((similarity - low) * (CELLS / spread)).astype(np.int64)
    both = np.bincount(cell, mass)
    held = both > 0
    for_: Floats = np.bincount(cell, mass * same)[held].astype(np.float64)
    centre = np.bincount(cell, mass * similarity)[held] / both[held]
    against: Floats = np.maximum(both[held] - for_, 0)
    return centre, for_, against


def _shares(same: Flags, weight: Floats) -> Floats:
    """Weights that sum to 1 for either kind."""
    totals = np.array([weight[~same].sum(), weight[same].sum()])
    if not (totals > 0).all():
        raise ValueError("Evidence needs both kinds: pairs of one person and pairs of two; one of them is missing.")
    shares: Floats = weight / totals[same.astype(np.int64)]
    return shares
