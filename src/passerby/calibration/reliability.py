"""Whether probabilities are what they say: reliability diagram, expected calibration error, Brier score."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BINS = 15
"""Bins of equal mass."""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Bins of equal mass, in the order of probability, and what they say together.

    Args:
        said: mean probability of each bin.
        seen: share of the bin that was true.
        mass: share of all that is in the bin; these sum to 1.
        ece: expected calibration error: the mean over the bins, by mass, of the distance of said and seen.
        brier: mean squared distance of the probability and what was true, 1 or 0.
    """

    said: tuple[float, ...]
    seen: tuple[float, ...]
    mass: tuple[float, ...]
    ece: float
    brier: float


def reliability(
    probability: Floats, true: npt.NDArray[np.bool_], weight: Floats | None = None, *, bins: int = BINS
) -> Reliability:
    """How far probabilities are from the shares that were true.

    The cases are sorted by probability and cut into bins of equal weight; equal probabilities are never parted, so
    that a bin may be heavier than others and the order of the cases does not matter.

    Args:
        probability: (n,) in 0 .. 1.
        true: (n,) bool.
        weight: (n,) of each case, 0 or more; None for 1 each.
        bins: most bins, 1 or more.

    Raises:
        ValueError: if there is no weight, a shape differs, or a probability is out of range.

    Source: Guo et al., On calibration of modern neural networks, equation 3. Differs: bins of equal mass, not width.
    """
    weight = np.ones(len(probability)) if weight is None else weight
    if not probability.shape == true.shape == weight.shape or probability.ndim != 1:
        raise ValueError(
            f"probability, true and weight are {probability.shape}, {true.shape} and {weight.shape}; give (n,) of each."
        )
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.sum() > 0):
        raise ValueError("weight holds a negative or infinite number, or none above 0; give weights of 0 or more.")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError("A probability is not in 0 .. 1.")
    if bins < 1:
        raise ValueError(f"bins is {bins}; give 1 or more.")
    values, place = np.unique(probability, return_inverse=True)
    mass = np.bincount(place, weight) / weight.sum()
    hits = np.bincount(place, weight * true) / weight.sum()
    before = np.cumsum(mass) - mass
    bin_of = np.minimum((before * bins * (1 + 1e-12)).astype(np.int64), bins - 1)
    masses = np.bincount(bin_of, mass, bins)
    held = masses > 0
    said = np.bincount(bin_of, mass * values, bins)[held] / masses[held]
    seen = np.bincount(bin_of, hits, bins)[held] / masses[held]
    return Reliability(
        said=tuple(said.tolist()),
        seen=tuple(seen.tolist()),
        mass=tuple(masses[held].tolist()),
        ece=float((masses[held] * np.abs(said - seen)).sum()),
        brier=float(np.average((probability - true) ** 2, weights=weight)),
    )
