"""How many keys of a row are below others, and which ones are near these.

Import this where it is called and not before: Numba takes half a second to load.
"""

import numpy as np

from passerby.search.counting.compiled import Array, compiled

CHUNK = 256
"""Keys that are looked at at a time; they stay in the cache. One integer has a bit for each of up to 63 chunks."""
FEW = 32
"""Keys that are looked through where one of them is sought; a part of the others."""
_MAGNITUDE = np.int32(2**31 - 1)
"""All bits of a float32 but its sign; with those of a negative number turned over, whole numbers are in its order."""


def _least(part: Array) -> np.float32:
    """The smallest of some numbers; found by whole numbers in the same order, of which many are compared at a time."""
    bits = part.view(np.int32)
    least = np.int32(_MAGNITUDE)
    for place in range(len(bits)):
        least = min(least, np.int32(bits[place] ^ ((bits[place] >> np.int32(31)) & _MAGNITUDE)))
    found = np.empty(1, np.int32)
    found[0] = least ^ ((least >> np.int32(31)) & _MAGNITUDE)
    number: np.float32 = found.view(np.float32)[0]
    return number


def _count(
    start: int,
    end: int,
    keys: Array,
    firsts: Array,
    lows: Array,
    highs: Array,
    below: Array,
    not_above: Array,
    where: Array,
) -> None:
    """How many keys of a row are below either bound of its targets, and in which chunks any are between."""
    width = keys.shape[1]
    for row in range(start, end):
        for chunk in range(0, width, CHUNK):
            part = keys[row, chunk : min(chunk + CHUNK, width)]
            least = _least(part)
            for target in range(firsts[row + 1] - 1, firsts[row] - 1, -1):
                low, high = lows[target], highs[target]
                if high < least:  # most crops are farther than most targets
                    continue
                one, other = np.int32(0), np.int32(0)
                for place in range(len(part)):
                    one = np.int32(one + np.int32(part[place] < low))
                    other = np.int32(other + np.int32(part[place] <= high))
                below[target] += one
                not_above[target] += other
                if one != other:
                    where[target] |= 1 << (chunk // CHUNK)


def _collect(
    start: int,
    end: int,
    keys: Array,
    rows: Array,
    lows: Array,
    highs: Array,
    where: Array,
    firsts: Array,
    found: Array,
) -> None:
    """The places of the keys between the bounds of each target."""
    width = keys.shape[1]
    for target in range(start, end):
        low, high, at = lows[target], highs[target], firsts[target]
        for chunk in range(0, width, CHUNK):
            if where[target] >> (chunk // CHUNK) & 1:
                for first in range(chunk, min(chunk + CHUNK, width), FEW):
                    part = keys[rows[target], first : min(first + FEW, width)]
                    inside = np.int32(0)
                    for place in range(len(part)):
                        inside = np.int32(inside + np.int32((low <= part[place]) & (part[place] <= high)))
                    if inside:
                        for place in range(len(part)):
                            if low <= part[place] <= high:
                                found[at] = first + place
                                at += 1


_least = compiled(_least)
count = compiled(_count)
collect = compiled(_collect)
