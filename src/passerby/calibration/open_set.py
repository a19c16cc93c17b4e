"""Open-set numbers: how many are found when some who are searched for are not in the gallery."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Found = Callable[[Floats, Floats, float], npt.NDArray[np.bool_]]
NOTHING = -np.inf
"""Stands for a best answer that there is not."""


class AtRate(NamedTuple):
    """A number at a threshold that makes one kind of mistake at most at a rate.

    Args:
        rate: that may be made.
        threshold: the lowest similarity that is an answer; the next number above the first that is one too many.
        value: the number; nan where nobody is left to count.
    """

    rate: float
    threshold: float
    value: float


def dir_at_far(match: Floats, other: Floats, rates: Sequence[float]) -> tuple[AtRate, ...]:
    """Detection and identification rate at rank 1, at false-alarm rates.

    A false alarm is a query whose person is absent and whose best answer reaches the threshold. Found is a query whose
    best answer is right, more similar than any wrong one, and reaches it.

    Args:
        match: (Q,) similarity of the best right answer to each query; NOTHING where its person is absent.
        other: (Q,) the same of the best wrong answer; NOTHING where there is none.
        rates: false-alarm rates, 0 .. 1.

    Returns:
        One for each rate; nan as the value where everybody is absent, and as the threshold where nobody is.

    Raises:
        ValueError: if the shapes differ, a similarity is nan or +inf, or a rate is out of range.

    Source: Phillips, Grother and Micheals, Evaluation methods in face recognition (Handbook of Face Recognition).
    """
    return _at_rates(match, other, rates, found=lambda right, wrong, least: (right > wrong) & (right >= least))


def ttr_at_ftr(match: Floats, other: Floats, rates: Sequence[float]) -> tuple[AtRate, ...]:
    """True target rate at false target rates: is a query one of the gallery's people, whoever that may be?

    Args:
        match: as for `dir_at_far`.
        other: likewise.
        rates: false target rates: shares of the queries of absent people whose best answer reaches the threshold.

    Raises:
        ValueError: as for `dir_at_far`.

    Source: Zheng, Gong and Xiang, Towards open-world person re-identification by one-shot group-based verification.
    """
    return _at_rates(match, other, rates, found=lambda right, wrong, least: np.maximum(right, wrong) >= least)


def fnmr_at_fmr(genuine: Floats, impostor: Floats, rates: Sequence[float]) -> tuple[AtRate, ...]:
    """False non-match rate at false-match rates, of pairs.

    Args:
        genuine: (n,) similarity of pairs that show one person.
        impostor: (m,) similarity of pairs that show two.
        rates: false-match rates: shares of the pairs of two people that reach the threshold.

    Returns:
        The share of pairs of one person below each threshold; nan where a kind of pairs is missing.

    Raises:
        ValueError: as for `dir_at_far`.

    Source: ISO/IEC 19795-1, biometric performance testing and reporting.
    """
    _check(genuine, rates)
    _check(impostor, rates)
    limits = [_threshold(impostor, rate) for rate in rates]
    return tuple(
        AtRate(rate, least, _share(genuine < least) if len(impostor) else float("nan"))
        for rate, least in zip(rates, limits, strict=True)
    )


def _at_rates(match: Floats, other: Floats, rates: Sequence[float], *, found: Found) -> tuple[AtRate, ...]:
    _check(match, rates)
    _check(other, rates)
    if match.shape != other.shape:
        raise ValueError(f"match and other are {match.shape} and {other.shape}; give (Q,) of both.")
    absent = match == NOTHING
    limits = [_threshold(other[absent], rate) for rate in rates]
    return tuple(
        AtRate(rate, least, _share(found(match[~absent], other[~absent], least)) if absent.any() else float("nan"))
        for rate, least in zip(rates, limits, strict=True)
    )


def _threshold(values: Floats, rate: float) -> float:
    """The lowest number that at most this share of the values reaches; nan without values."""
    if not len(values):
        return float("nan")
    falling = -np.sort(-values)
    allowed = int(rate * len(values) * (1 + 1e-12))
    return float(np.nextafter(falling[allowed], np.inf)) if allowed < len(values) else NOTHING


def _share(which: npt.NDArray[np.bool_]) -> float:
    return float(which.mean()) if len(which) else float("nan")


def _check(values: Floats, rates: Sequence[float]) -> None:
    if values.ndim != 1 or np.isnan(values).any() or (values == np.inf).any():
        raise ValueError("Similarities are not (n,) numbers; give one for each, and -inf where there is no answer.")
    if not all(0 <= rate <= 1 for rate in rates):
        raise ValueError(f"rates are {list(rates)}; give shares, 0 .. 1.")
