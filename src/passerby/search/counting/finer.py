"""Keys whose error is far below float64's, for vectors that are nearly the same."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from passerby.search.counting.sides import ROUNDING, Floats, Sides

INVERSE_BITS = 24
"""Bits of the first part of a length's inverse, so that its products with float32 numbers are exact."""


class Parts(NamedTuple):
    """Vectors, each the sum of two of float64, of which the second is much the shorter one.

    Args:
        first: (N, D) so few bits that products of first parts are summed up without any error.
        second: (N, D).
        lengths: (N,) of the vectors.
        rests: (N,) of the second parts.
        missing: (N,) at least the length of what both parts leave out.
        halves: (2, N) half the squared lengths: a number, and a small one that is added to it.
    """

    first: Floats
    second: Floats
    lengths: Floats
    rests: Floats
    missing: Floats
    halves: Floats


def parts(vectors: npt.NDArray[np.float32], *, unit: bool = False) -> Parts:
    """Cut vectors in two.

    Args:
        vectors: (N, D) finite.
        unit: True to divide each by its length, which is not 0.
    """
    whole = vectors.astype(np.float64)
    dim = whole.shape[1]
    missing = np.zeros(len(whole))
    if unit:
        mantissas, exponents = np.frexp(1 / np.sqrt(_products(whole, whole)))
        inverse = np.ldexp(np.rint(np.ldexp(mantissas, INVERSE_BITS)), exponents - INVERSE_BITS)
        given, whole = whole, whole * inverse[:, None]
    # Products of numbers of so many bits, D of them, are whole numbers of one step below 2 ** 53.
    bits = (53 - (dim - 1).bit_length()) // 2
    steps = np.ldexp(np.float64(1), np.frexp(np.abs(whole).max(axis=1))[1] - bits)[:, None]
    first = np.rint(whole / steps) * steps
    second = whole - first
    if unit:
        # The inverse was cut; what is missing of the squared length 1 tells by how much, as a series.
        left = (1 - _products(first, first)) - _products(second, whole + first)
        second += given * (inverse * left * (1 / 2 + left * (3 / 8 + left * 5 / 16)))[:, None]
    lengths, rests = (np.sqrt(_products(side, side)) for side in (whole, second))
    if unit:
        missing = error_of_sums(dim) * (rests + 2.0**-22)
    halves = np.stack((_products(first, first), _products(second, whole + first))) / 2
    return Parts(first, second, lengths, rests, missing, halves)


def error_of_sums(dim: int) -> float:
    """How far sums of D products in float64 can be from the true ones, as a share; generously."""
    return (2 * dim + 32) * ROUNDING


def _products(one: Floats, other: Floats) -> Floats:
    found: Floats = np.einsum("ij,ij->i", one, other)
    return found


class Keys(NamedTuple):
    """Keys, each the sum of two numbers, and how far these can be from exact arithmetic.

    Args:
        high: any shape.
        low: the same; its own rounding, by 4 * ROUNDING * low at most, is not in the errors.
        errors: the same; 0 only where high and low are exact.
    """

    high: Floats
    low: Floats
    errors: Floats


def of_all(queries: Parts, crops: Parts, metric: str) -> Keys:
    """(B, U) keys of all pairs; the crops are of unit length under cosine."""
    sides = [torch.from_numpy(side) for side in (queries.first, queries.second, crops.first, crops.second)]
    high = torch.mm(sides[0], sides[2].T)
    low = torch.mm(sides[0], sides[3].T).addmm_(sides[1], (sides[2] + sides[3]).T)
    wide = Parts(*(side[..., None] for side in queries))
    return _keys(high.numpy(), low.numpy(), wide, crops, metric)


def of_pairs(queries: Parts, crops: Parts, metric: str) -> Keys:
    """(P,) keys of pairs; the crops are of unit length under cosine."""
    high = _products(queries.first, crops.first)
    low = _products(queries.first, crops.second) + _products(queries.second, crops.first + crops.second)
    return _keys(high, low, queries, crops, metric)


def _keys(high: Floats, low: Floats, queries: Parts, crops: Parts, metric: str) -> Keys:
    share = error_of_sums(crops.first.shape[-1])
    errors = share * ((queries.lengths + queries.rests) * crops.rests + queries.rests * (crops.lengths + crops.rests))
    errors += queries.lengths * crops.missing * 1.01
    if metric != "euclidean":
        return Keys(-high, -low, errors)
    half = crops.halves[0]
    total = half - high
    back = total - half
    lost = (half - (total - back)) - (high + back)
    return Keys(total, lost + (crops.halves[1] - low), errors + share * crops.rests * crops.lengths)


def compared(one: Keys, other: Keys, least: Floats | float) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Which key is smaller (-1: the one, 0: neither, 1: the other), and where that is surely so.

    Args:
        one: keys.
        other: keys to hold against them, of the same shape.
        least: by how much keys differ at least where they are not equal, see `apart`.
    """
    high, low = one.high - other.high, one.low - other.low
    ahead = high + low
    errors = one.errors + other.errors
    most = errors + 8 * ROUNDING * (np.abs(high) + np.abs(one.low) + np.abs(other.low))
    far = np.abs(ahead) > most
    same = ((errors == 0) & (high == 0) & (low == 0)) | (~far & (2 * most < least))
    return np.where(same, 0, np.sign(ahead)).astype(np.int8), far | same


def apart(ours: Sides, theirs: Sides) -> Floats:
    """(Q,) by how much keys of each query differ at least where they are not equal; 0 where that is not known.

    Of multiples of one step, products and squares are multiples of its square. Cosines are roots of fractions whose
    denominators, counted in these, are below the squared lengths.
    """
    step = min(ours.step, theirs.step)
    least = np.full(len(ours.query_lengths), 0.49 * step * step)
    if ours.metric == "cosine":
        longest = max(float(side.lengths.max(initial=step)) for side in (ours, theirs))
        least *= (step / longest) ** 4 / ours.query_lengths
    return least
