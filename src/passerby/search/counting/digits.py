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
"""Vectors that are worked on at a time; they stay in the cache."""
ROUNDING = 2.0**-24
"""Half a unit of float32."""
TINY = torch.finfo(torch.float32).tiny
"""The least number that float32 holds to its full precision."""
LEAST_STEP = 1e-30
"""What a unit of the first digit is worth at least, so that one of the last digit has a finite inverse."""


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
    dim = vectors.shape[1]
    number = len(vectors) if rows is None else len(rows)
    found = memory(number, count * dim, kind=np.int8)
    steps, lengths = torch.empty(number), torch.empty(number)
    rests = torch.empty(count, number)
    places = [slice(k * dim, (k + 1) * dim) for k in (reversed(range(count)) if last_first else range(count))]
    near, scaled = torch.empty(CHUNK, dim), torch.empty(CHUNK, dim)
    for start in range(0, number, CHUNK):
        part = slice(start, min(start + CHUNK, number))
        left, whole = near[: part.stop - start], scaled[: part.stop - start]
        if rows is None:
            left.copy_(vectors[part])
        else:
            torch.index_select(vectors, 0, rows[part], out=left)
        if centre is not None:
            left.sub_(centre)
        lengths[part] = torch.linalg.vector_norm(left, dim=1)
        step = (torch.maximum(left.amax(dim=1), left.amin(dim=1).neg_()) / DIGIT).clamp_(min=LEAST_STEP)
        steps[part] = step
        # In units of the last digit. All that is rounded off is BASE / 2 and so no more than DIGIT before rounding.
        step = step / BASE ** (count - 1)
        left.mul_((1 / step)[:, None])
        for k, place in enumerate(places):
            unit = BASE ** (count - 1 - k)
            torch.mul(left, 1 / unit, out=whole).round_()
            found[part, place] = whole
            left.sub_(whole, alpha=unit)
            rests[k, part] = torch.linalg.vector_norm(left, dim=1).mul_(step)
    # Sums of D squares err by D roundings at most; subtraction, products and steps by a few roundings of each number.
    more = 1 + 2 * (dim + 8) * ROUNDING
    slack = 12 * ROUNDING * (lengths.double() * more)
    tiny = (dim * TINY) ** 0.5  # squares below TINY may be lost
    return Digits(found, count, steps, lengths.double() * more + slack + tiny, rests.double() * more + slack + tiny)
