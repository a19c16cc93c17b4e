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
    that of the exact sum. Cosines are roots; their squares are compared as fractions.

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
    left = near * near * square_other * unit_other * unit_other * step
    right = near_other * near_other * square * unit * unit * step_other
    return _sign(right - left) if near > 0 else _sign(left - right)


def _exact_sum(terms: _Floats) -> tuple[int, int]:
    """The exact sum as a fraction: a few float64 numbers, each of which is what is left of it, rounded."""
    left = terms.tolist()
    numerator, denominator = 0, 1
    while part := math.fsum(left):
        left.append(-part)
        top, bottom = part.as_integer_ratio()
        common = max(bottom, denominator)  # both are powers of two
        numerator, denominator = numerator * (common // denominator) + top * (common // bottom), common
    return numerator, denominator


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)
