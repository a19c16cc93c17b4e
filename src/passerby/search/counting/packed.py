"""Keys of many crops in order, each with its crop, in one whole number: sorting is the fastest way to count."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from passerby.search.counting.approximate import Tile
from passerby.search.counting.sides import Floats, Ints

MARGIN = 2
"""Steps that cutting a key to whole steps may cost: one, and what float32 rounds off."""
LEAST_BITS = 9
"""Bits of a crop's place: those of its key are then no more than float32 tells apart."""
SMALLEST = 1e-28
"""Keys below this are not told from each other by their steps, but later."""
_LAST = torch.iinfo(torch.int32).max


class Packed(NamedTuple):
    """The crops of a tile in the order of their keys, for each of a block of queries.

    Args:
        numbers: (B, T) int32 ascending: steps of the key, then the crop's place in the tile in `bits` bits.
        per_key: (B,) float64 steps of a key of 1.
        errors: (B,) float64 how far a key can be from exact arithmetic.
        bits: see above.
    """

    numbers: Tensor
    per_key: Floats
    errors: Floats
    bits: int


def packed(tile: Tile, block: Ints, places: Ints) -> Packed:
    """Sort a tile, which is written over.

    Args:
        tile: approximate keys.
        block: (P,) which queries of the block ...
        places: (P,) ... leave out which crops of the tile: those come last.
    """
    keys = tile.keys
    bits = max(LEAST_BITS, (keys.shape[1] - 1).bit_length())
    most = 2 ** (31 - bits) - 2 * MARGIN
    largest = torch.maximum(keys.amax(dim=1), keys.amin(dim=1).neg_()).clamp_(min=SMALLEST)
    factor = most / largest
    numbers = tile.room.copy_(keys.mul_(factor[:, None]))
    numbers.bitwise_left_shift_(bits).add_(torch.arange(keys.shape[1], dtype=torch.int32, device=keys.device))
    where = [torch.from_numpy(side).to(keys.device) for side in (block, places)]
    numbers[where[0], where[1]] = _LAST
    return Packed(_sorted(numbers), factor.double().cpu().numpy(), tile.errors + tile.spreads, bits)


def _sorted(numbers: Tensor) -> Tensor:
    if numbers.device.type != "cpu":
        return numbers.sort(dim=1).values
    # NumPy sorts whole numbers many times as fast as PyTorch does on a CPU, and lets other threads go on meanwhile.
    parts = np.array_split(numbers.numpy(), torch.get_num_threads())
    if len(parts) == 1:
        parts[0].sort(axis=1)
        return numbers
    with ThreadPoolExecutor(len(parts)) as threads:
        for done in [threads.submit(part.sort, axis=1) for part in parts]:
            done.result()
    return numbers


def between(given: Packed, block: Ints, wanted: Floats, doubts: Floats) -> tuple[Ints, Ints]:
    """How many crops are surely closer than a key, and how many are not surely farther.

    Args:
        given: sorted crops.
        block: (M,) for which query of the block.
        wanted: (M,) float64 keys.
        doubts: (M,) how far these can be from exact arithmetic.
    """
    last = (_LAST >> given.bits) - 1
    reach = given.errors[block] + doubts
    steps = given.per_key[block]
    counts = np.bincount(block, minlength=len(given.numbers))
    columns = np.arange(len(block)) - np.repeat(np.cumsum(counts) - counts, counts)
    bounds = np.zeros((len(given.numbers), 2 * int(counts.max())), dtype=np.int64)
    for side, key in ((0, (wanted - reach) * steps - MARGIN), (1, (wanted + reach) * steps + MARGIN)):
        bounds[block, 2 * columns + side] = np.clip(np.floor(key), -last, last).astype(np.int64) << given.bits
    there = torch.from_numpy(bounds).to(given.numbers.device, torch.int32)
    found = torch.searchsorted(given.numbers, there).cpu().numpy()
    return found[block, 2 * columns], found[block, 2 * columns + 1]


def places(given: Packed, block: Ints, numbers: Ints) -> Ints:
    """(P,) places in the tile of the crops that stand at some numbers of the order of some queries."""
    taken = given.numbers[torch.from_numpy(block), torch.from_numpy(numbers)].cpu().numpy().astype(np.int64)
    return taken & ((1 << given.bits) - 1)
