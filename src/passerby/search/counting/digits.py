"""Vectors as sums of int8 vectors, whose products are exact."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from passerby.search.counting.memory import memory

DIGIT = 127
"""A digit is -127 .. 127."""
BASE = 2 * DIGIT
"""Steps of a digit; the next one shares out half a step to either side."""
CHUNK = 64
"""Vectors that are worth a thread."""
ROUNDING = 2.0**-24
"""Half a unit of float32."""
TINY = torch.finfo(torch.float32).tiny
"""The least number that float32 holds to its full precision."""
LEAST_STEP = 1e-30
"""What a unit of the first digit is worth at least, so that it has a finite inverse."""


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """N vectors, each about `steps * (d1 + d2 / BASE + ...)`, less a centre.

    Args:
        digits: (N, count * D) int8 -127 .. 127: d1, d2, ... side by side, or the last first.
        count: digits of a number.
        steps: (N,) float32 what a unit of the first digit is worth.
        lengths: (N,) float64, at least the length of each vector less the centre.
        rests: (count, N) float64, at least the length of what is missing after the first 1 .. count digits.
    """

    digits: Tensor
    count: int
    steps: Tensor
    lengths: Tensor
    rests: Tensor


def digits(
    vectors: Tensor, centre: Tensor | None, *, count: int, rows: Tensor | None = None, last_first: bool = False
) -> Digits:
    """Cut vectors into digits, each of which is -127 .. 127.

    Args:
        vectors: (G, D) float32 on the CPU, finite.
        centre: (D,) float32 that is subtracted from each; None for nothing.
        count: 1 or more.
        rows: (N,) which vectors; all by default.
        last_first: True to put the last digit first.
    """
    # Numba takes a while to load.
    from passerby.search.counting.compiled import shared
    from passerby.search.counting.compiled_cut import cut

    dim = vectors.shape[1]
    number = len(vectors) if rows is None else len(rows)
    found = memory(number, count * dim, kind=np.int8)
    steps, lengths, rests = np.empty(number, np.float32), np.empty(number), np.empty((count, number))
    places = np.arange(count) * dim
    shared(
        cut,
        number,
        vectors.numpy(),
        np.arange(number) if rows is None else rows.numpy(),
        np.empty(0, np.float32) if centre is None else centre.numpy(),
        (np.float32(DIGIT), np.float32(BASE), np.float32(LEAST_STEP)),
        places[::-1].copy() if last_first else places,  # laid out alike, so that it is compiled once
        found.numpy(),
        steps,
        lengths,
        rests,
        least=CHUNK,
    )
    # What `cut` works out errs by at most
    # - D roundings where D squares are summed up, in whatever order, and that of each square;
    # - five of each number: when the centre is taken off, when the step is inverted, when that is multiplied, when what
    #   a digit leaves is brought to the units of the next, and when that digit is taken off, which is exact unless both
    #   are rounded together. The step itself is what it is.
    # Squares too small for float32 are of numbers below 2**-63 steps. Beside them stands one of half a step or more,
    # next to whose roundings they are nothing: otherwise a step is LEAST_STEP, of which no number is so small a part.
    # A number is no more than 127 steps and a few roundings, and so is what the first digit leaves in its units.
    more = 1 + 2 * (dim + 8) * ROUNDING
    slack = 12 * ROUNDING * lengths * more
    tiny = 2 * dim**0.5 * TINY  # numbers below TINY may be taken for 0
    return Digits(
        found,
        count,
        torch.from_numpy(steps),
        *(torch.from_numpy(side * more + slack + tiny) for side in (lengths, rests)),
    )
