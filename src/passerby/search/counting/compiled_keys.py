"""Keys from sums of products of digits.

Import this where it is called and not before: Numba takes half a second to load.
"""

import numpy as np

from passerby.search.counting.compiled import Array, compiled

CHUNK = 256
"""Keys that are worked out at a time; they stay in the cache."""


def _keys(
    start: int,
    end: int,
    sums: Array,
    more: Array,
    level: int,
    base: np.float32,
    factor: Array,
    steps: Array,
    beside: Array,
    above: Array,
    found: Array,
) -> None:
    """Keys from sums of products of digits; see `approximate.by_digits`."""
    width = sums.shape[1]
    room = np.empty(CHUNK, np.float32)  # `found` may be the memory of `more`
    share = np.float32(1) / base
    for row in range(start, end):
        step, about = steps[row], beside[row]
        for first in range(0, width, CHUNK):
            last = min(first + CHUNK, width)
            size = last - first
            one, rate = sums[row, first:last], factor[first:last]
            scale, offset = above[0, first:last], above[1, first:last]
            if level == 1:
                for place in range(size):
                    number = np.float32(one[place]) * rate[place] * step
                    room[place] = number + (about * scale[place] + offset[place])
            else:
                other = more[row, first:last]
                for place in range(size):
                    number = np.float32(one[place]) + np.float32(other[place]) * share
                    room[place] = number * rate[place] * step + (about * scale[place] + offset[place])
            into = found[row, first:last]
            for place in range(size):
                into[place] = room[place]


keys = compiled(_keys)
