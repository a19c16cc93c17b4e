"""Which of two crops is closer to a query, in exact arithmetic."""

import math

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]


def order(
    query: npt.NDArray[np.float32], one: npt.NDArray[np.float32], other: npt.NDArray[np.float32], metric: str
) -> int:
    """-1 where `one` is closer to the query than `other`, 0 where both are equally close, 1 where it is farther.

    Products of two float32 numbers are exact in float64, and `math.fsum` rounds their sum once, so that its sign is
    that of the exact sum. Cosines are roots; their squares are compared in whole numbers.

    Args:
        query: (D,) finite.
        one: (D,) finite.
        other: (D,) finite.
        metric: one of `distance.METRICS`.
    """
    if np.array_equal(one, other):
        return 0
    q, a, b = (side.astype(np.float64) for side in (query, one, other))
    if metric == "cosine":
        return _order_of_cosines(q, a, b)
    terms = [q * b, -q * a]
    if metric == "euclidean":
        terms += [a * a / 2, -b * b / 2]
    return _sign(math.fsum(np.concatenate(terms).tolist()))


def _order_of_cosines(query: _Floats, one: _Floats, other: _Floats) -> int:
    (near, unit), (near_other, unit_other) = _exact_sum(query * one), _exact_sum(query * other)
    if _sign(near) != _sign(near_other):
        return -1 if near > near_other else 1
    (square, step), (square_other, step_other) = _exact_sum(one * one), _exact_sum(other * other)
    # near^2 / square is held against near_other^2 / square_other.
    left, right = near * near * square_other, near_other * near_other * square
    shift = (2 * unit + step_other) - (2 * unit_other + step)
    left, right = (left << shift, right) if shift > 0 else (left, right << -shift)
    return _sign(right - left) if near > 0 else _sign(left - right)


def _exact_sum(terms: _Floats) -> tuple[int, int]:
    """The exact sum as a whole number and the power of two that it counts."""
    mantissas, exponents = np.frexp(terms[terms != 0])
    if not len(mantissas):
        return 0, 0
    least = int(exponents.min()) - 53
    whole = (mantissas * 2.0**53).astype(np.int64).tolist()
    shifts = (exponents.astype(np.int64) - 53 - least).tolist()
    return sum(number << shift for number, shift in zip(whole, shifts, strict=True)), least


def _sign(number: float | int) -> int:
    return (number > 0) - (number < 0)
