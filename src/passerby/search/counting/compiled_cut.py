"""Vectors cut into digits.

Import this where it is called and not before: Numba takes half a second to load.
"""

import numpy as np

from passerby.search.counting.compiled import ANY_ORDER, Array, compiled

_MAGNITUDE = np.int32(2**31 - 1)
"""All bits of a float32 but its sign; of numbers that are not NaN, these are in order as whole numbers are."""


def _largest(numbers: Array) -> np.float32:
    """The largest magnitude; found by whole numbers, of which many are compared at a time."""
    bits = numbers.view(np.int32)
    found = np.empty(1, np.int32)
    most = np.int32(0)
    for place in range(len(bits)):
        most = max(most, np.int32(bits[place] & _MAGNITUDE))
    found[0] = most
    number: np.float32 = found.view(np.float32)[0]
    return number


def _sum(total: np.float32, number: np.float32) -> np.float32:
    return total + number


def _scale(numbers: Array, factor: np.float32) -> np.float32:
    """Multiply in place; the sum of the squares."""
    total = np.float32(0)
    for place in range(len(numbers)):
        number = numbers[place] * factor
        numbers[place] = number
        total = _sum(total, number * number)
    return total


def _digit(left: Array, base: np.float32, into: Array) -> np.float32:
    """The next digit of each number, which leaves what is missing; the sum of the squares of that."""
    total = np.float32(0)
    for place in range(len(left)):
        number = left[place] * base
        whole = np.rint(number)
        number -= whole
        into[place] = np.int8(np.int32(whole))  # by way of int32 many are converted at a time
        left[place] = number
        total = _sum(total, number * number)
    return total


def _cut(
    start: int,
    end: int,
    vectors: Array,
    rows: Array,
    centre: Array,
    limits: tuple[np.float32, np.float32, np.float32],
    places: Array,
    found: Array,
    steps: Array,
    lengths: Array,
    rests: Array,
) -> None:
    """Some vectors, less a centre, as digits, lengths and the lengths of what each digit leaves; see `digits.digits`.

    Squares are summed up in steps, of which a number has 127 at most and, if it is not 0, 1e-15 at least.
    """
    dim = vectors.shape[1]
    largest, base, least = limits
    left = np.empty(dim, np.float32)
    for row in range(start, end):
        vector = vectors[rows[row]]
        if len(centre):
            for place in range(dim):
                left[place] = vector[place] - centre[place]
        else:
            for place in range(dim):
                left[place] = vector[place]
        step = max(_largest(left) / largest, least)
        unit = np.float64(step)
        steps[row] = step
        lengths[row] = np.sqrt(np.float64(_scale(left, np.float32(1) / step))) * unit
        for digit in range(len(places)):
            by = base if digit else np.float32(1)
            unit /= by
            rest = _digit(left, by, found[row, places[digit] : places[digit] + dim])
            rests[digit, row] = np.sqrt(np.float64(rest)) * unit


_largest = compiled(_largest)
_sum = compiled(_sum, flags=ANY_ORDER)  # sums alone may be taken in any order
_scale = compiled(_scale)
_digit = compiled(_digit)
cut = compiled(_cut)
