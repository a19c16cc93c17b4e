"""Loops over numbers that NumPy and PyTorch would go over many times: compiled by Numba when they are first called.

Import this where it is called and not before: Numba takes half a second to load.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt
import torch

_Work = TypeVar("_Work", bound=Callable[..., Any])
_Array = npt.NDArray[Any]
_FASTER = frozenset({"contract"})
"""A product and a sum may be rounded once instead of twice, which is never farther from the true sum."""
_ANY_ORDER = frozenset({"reassoc", "contract"})
"""Further, sums may be taken in any order."""
_NO_NAN = frozenset({"nnan", "nsz"})
CHUNK = 256
"""Keys that are looked at at a time; they stay in the cache. One integer has a bit for each of up to 63 chunks."""
FEW = 32
"""Keys that are looked through where one of them is sought; a part of the others."""


def compiled(work: _Work, *, flags: frozenset[str] = _FASTER) -> _Work:
    """A function, compiled when it is first called; what was compiled is kept for the next program where it can be.

    Args:
        work: a function on arrays and numbers, which lets other threads go on meanwhile.
        flags: what LLVM may take for granted in its arithmetic.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": set(flags), "error_model": "numpy"}
    try:
        made: _Work = numba.njit(cache=True, **options)(work)
    except RuntimeError:  # there is no folder to keep it in
        made = numba.njit(**options)(work)
    return made


def shared(work: Callable[..., None], number: int, *given: object, least: int) -> None:
    """Call `work(start, end, *given)` for all of 0 .. number, in as many threads as PyTorch uses.

    Args:
        work: a compiled function.
        number: how much there is to do.
        least: how much of it is worth a thread.
        given: what else it is given.
    """
    parts = max(1, min(torch.get_num_threads(), number // least))
    if parts == 1:
        work(0, number, *given)
        return
    ends = [number * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as threads:
        for done in [threads.submit(work, *ends[part : part + 2], *given) for part in range(parts)]:
            done.result()


def _sum(total: np.float32, number: np.float32) -> np.float32:
    return total + number


def _larger(one: np.float32, other: np.float32) -> np.float32:
    return one if one > other else other


def _smaller(one: np.float32, other: np.float32) -> np.float32:
    return one if one < other else other


def _products(
    start: int, end: int, queries: _Array, crops: _Array, asked: _Array, looked: _Array, found: _Array
) -> None:
    """Inner products of pairs of rows, in float64."""
    for pair in range(start, end):
        query, crop = queries[asked[pair]], crops[looked[pair]]
        total = 0.0
        for place in range(queries.shape[1]):
            total += np.float64(query[place]) * np.float64(crop[place])
        found[pair] = total


def _cut(
    start: int,
    end: int,
    vectors: _Array,
    rows: _Array,
    centre: _Array,
    limits: tuple[np.float32, np.float32, np.float32],
    places: _Array,
    found: _Array,
    steps: _Array,
    lengths: _Array,
    rests: _Array,
) -> None:
    """Some vectors, less a centre, as digits, lengths and the lengths of what each digit leaves; see `digits.digits`.

    Squares are summed up in steps, of which a number has 127 at most and, if it is not 0, 1e-15 at least.
    """
    dim = vectors.shape[1]
    largest, base, least = limits
    left = np.empty(dim, np.float32)
    for row in range(start, end):
        vector = vectors[rows[row]]
        most = np.float32(0)
        if len(centre):
            for place in range(dim):
                left[place] = vector[place] - centre[place]
                most = _larger(most, abs(left[place]))
        else:
            for place in range(dim):
                left[place] = vector[place]
                most = _larger(most, abs(left[place]))
        step = max(most / largest, least)
        inverse, unit = np.float32(1) / step, np.float64(step)
        length = np.float32(0)
        for place in range(dim):
            left[place] *= inverse
            length = _sum(length, left[place] * left[place])
        steps[row], lengths[row] = step, np.sqrt(np.float64(length)) * unit
        for digit in range(len(places)):
            into = found[row, places[digit] : places[digit] + dim]
            by = base if digit else np.float32(1)
            unit /= by
            rest = np.float32(0)
            for place in range(dim):
                number = left[place] * by
                whole = np.rint(number)
                number -= whole
                into[place] = np.int8(whole)
                left[place] = number
                rest = _sum(rest, number * number)
            rests[digit, row] = np.sqrt(np.float64(rest)) * unit


def _keys(
    start: int,
    end: int,
    sums: _Array,
    more: _Array,
    level: int,
    base: np.float32,
    factor: _Array,
    steps: _Array,
    beside: _Array,
    above: _Array,
    found: _Array,
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


def _count(
    start: int,
    end: int,
    keys: _Array,
    firsts: _Array,
    lows: _Array,
    highs: _Array,
    below: _Array,
    not_above: _Array,
    where: _Array,
) -> None:
    """How many keys of a row are below either bound of its targets, and in which chunks any are between."""
    width = keys.shape[1]
    for row in range(start, end):
        for chunk in range(0, width, CHUNK):
            part = keys[row, chunk : min(chunk + CHUNK, width)]
            least = part[0]
            for place in range(len(part)):
                least = _smaller(least, part[place])
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
    keys: _Array,
    rows: _Array,
    lows: _Array,
    highs: _Array,
    where: _Array,
    firsts: _Array,
    found: _Array,
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


_sum = compiled(_sum, flags=_ANY_ORDER)
_larger = compiled(_larger, flags=_NO_NAN)
_smaller = compiled(_smaller, flags=_NO_NAN)
products = compiled(_products, flags=_ANY_ORDER)
cut = compiled(_cut)
keys = compiled(_keys)
count = compiled(_count)
collect = compiled(_collect)
