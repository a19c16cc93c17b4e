"""How many keys of a row are below others, and which ones are near these.

Import this where it is called and not before: Numba takes half a second to load.
"""

import numpy as np

from passerby.search.counting.compiled import Array, compiled

CHUNK = 256
"""Keys whose least one is known: those of a chunk that are all too far are not looked at."""
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


def _range(keys: Array, spread: np.float32, shares: Array, lower: Array, upper: Array, least: Array) -> None:
    """What each key of a row is at least and at most, chunk by chunk, and the least of each chunk."""
    for chunk in range(len(least)):
        part = keys[chunk * CHUNK : (chunk + 1) * CHUNK]
        some, others, share = lower[chunk], upper[chunk], shares[chunk * CHUNK : (chunk + 1) * CHUNK]
        for place in range(len(part)):
            reach = spread * share[place]
            some[place] = part[place] - reach
            others[place] = part[place] + reach
        least[chunk] = _least(some)


def _both(lower: Array, upper: Array, chunk: int, low: np.float32, high: np.float32) -> tuple[np.int32, np.int32]:
    """How many keys of a chunk are surely below one bound, and not surely above another."""
    one, other = np.int32(0), np.int32(0)
    for place in range(CHUNK):
        one = np.int32(one + np.int32(upper[chunk, place] < low))
        other = np.int32(other + np.int32(lower[chunk, place] <= high))
    return one, other


def _put(
    lower: Array, upper: Array, chunk: int, low: np.float32, high: np.float32, into: Array, row: int, at: int
) -> int:
    """Write the places of a chunk's keys between two bounds into a row, from `at` on; where the next would stand."""
    near = np.empty(CHUNK, np.uint8)
    for place in range(CHUNK):
        near[place] = np.uint8((lower[chunk, place] <= high) & (upper[chunk, place] >= low))
    words = near.view(np.uint64)
    for word in range(len(words)):
        if words[word]:  # any of eight
            for place in range(8 * word, 8 * (word + 1)):
                if near[place]:
                    into[row, at] = chunk * CHUNK + place
                    at += 1
    return at


def _count(
    start: int,
    end: int,
    keys: Array,
    spreads: Array,
    shares: Array,
    room: Array,
    most: int,
    firsts: Array,
    lows: Array,
    highs: Array,
    below: Array,
    not_above: Array,
    begins: Array,
) -> None:
    """How many keys of a row are surely below the low bound of its targets, and how many not surely above the high one.

    The places of those between are written into the row's room while they are at hand: `begins` says where those of a
    target begin, and is -1 where the row had come to have more than `most` before all of them were written.
    """
    width = keys.shape[1]
    chunks = (width + CHUNK - 1) // CHUNK
    # Beyond the last key stands what is below nothing.
    lower, upper = np.full((chunks, CHUNK), np.float32(np.nan)), np.full((chunks, CHUNK), np.float32(np.nan))
    least = np.empty(chunks, np.float32)
    for row in range(start, end):
        if firsts[row] == firsts[row + 1]:
            continue
        _range(keys[row], spreads[row], shares, lower, upper, least)
        at = 0
        for target in range(firsts[row], firsts[row + 1]):
            low, high, total, total_other = lows[target], highs[target], np.int64(0), np.int64(0)
            begin = at if at <= most else -1
            for chunk in range(chunks):
                if high < least[chunk]:  # most crops are farther than most targets
                    continue
                one, other = _both(lower, upper, chunk, low, high)
                total += one
                total_other += other
                if one != other and begin >= 0:
                    if at + (other - one) > most:
                        at, begin = most + 1, -1
                    else:
                        at = _put(lower, upper, chunk, low, high, room, row, at)
            below[target], not_above[target], begins[target] = total, total_other, begin


def _collect(
    start: int,
    end: int,
    keys: Array,
    spreads: Array,
    shares: Array,
    room: Array,
    rows: Array,
    lows: Array,
    highs: Array,
    begins: Array,
    ends: Array,
    found: Array,
) -> None:
    """The places of the keys between the bounds of each target; those of the first one end at `ends[1]`, and so on."""
    chunks = (keys.shape[1] + CHUNK - 1) // CHUNK
    # Beyond the last key stands what is below nothing.
    lower, upper = np.full((chunks, CHUNK), np.float32(np.nan)), np.full((chunks, CHUNK), np.float32(np.nan))
    least = np.empty(chunks, np.float32)
    into = found.reshape((1, len(found)))
    for target in range(start, end):
        row, at = rows[target], ends[target]
        if begins[target] < 0:
            _range(keys[row], spreads[row], shares, lower, upper, least)
            for chunk in range(chunks):
                at = _put(lower, upper, chunk, lows[target], highs[target], into, 0, at)
        else:
            for place in range(ends[target + 1] - at):
                found[at + place] = room[row, begins[target] + place]


_least = compiled(_least)
_range = compiled(_range, flags=frozenset())  # to the bit the same wherever it is called
_both = compiled(_both)
_put = compiled(_put)
count = compiled(_count)
collect = compiled(_collect)
