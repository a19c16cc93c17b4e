"""How many crops of a tile are surely closer than a target, and which ones approximate keys leave open."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from passerby.search.counting import packed
from passerby.search.counting.approximate import Tile
from passerby.search.counting.sides import Floats, Ints

FEW = 32
"""Targets of a query up to which each is held against all keys; with more, sorting the keys first takes less time."""
ROWS = 16
"""Queries, and targets, that are worth a thread."""
_LARGEST = float(np.nextafter(np.finfo(np.float32).max, np.float32(0)))  # there is one beyond it


class Between(NamedTuple):
    """Where targets stand among the crops of a tile.

    Args:
        low: (M,) how many crops are surely closer than each target.
        high: (M,) how many are not surely farther.
        places: gives, for some targets, the places in the tile of those that are counted in `high` alone, one target
            after the other; until the tile is written over.
    """

    low: Ints
    high: Ints
    places: Callable[[Ints], Ints]


def between(
    tile: Tile,
    left_out: tuple[Ints, Ints],
    block: Ints,
    wanted: Floats,
    doubts: Floats,
    *,
    most: int | None = None,
) -> Between:
    """Look for targets among approximate keys, which are written over.

    Args:
        tile: approximate keys.
        left_out: (P,) which queries of the block leave out (P,) which crops of the tile.
        block: (M,) for which query of the block each target is, ascending.
        wanted: (M,) float64 keys of the targets.
        doubts: (M,) how far these can be from exact arithmetic.
        most: open pairs of a query above which their places will hardly be asked for; then these take longer.
    """
    if tile.keys.device.type == "cpu" and len(block) <= FEW * len(tile.keys):
        width = tile.keys.shape[1]
        return _counted(tile, left_out, block, wanted, doubts, width if most is None else min(most, width))
    ordered = packed.packed(tile, *left_out)
    low, high = packed.between(ordered, block, wanted, doubts)

    def places(which: Ints) -> Ints:
        lengths = high[which] - low[which]
        numbers = np.arange(lengths.sum()) + np.repeat(low[which] - (np.cumsum(lengths) - lengths), lengths)
        return packed.places(ordered, np.repeat(block[which], lengths), numbers)

    return Between(low, high, places)


def _counted(
    tile: Tile, left_out: tuple[Ints, Ints], block: Ints, wanted: Floats, doubts: Floats, most: int
) -> Between:
    # Numba takes a while to load.
    from passerby.search.counting.compiled import shared
    from passerby.search.counting.compiled_counts import collect, count

    tile.keys[torch.from_numpy(left_out[0]), torch.from_numpy(left_out[1])] = torch.inf
    reach = tile.errors[block] + doubts
    lows, highs = _float32(wanted - reach, -np.inf), _float32(wanted + reach, np.inf)
    low, high, begins = (np.zeros(len(block), dtype=np.int64) for _ in range(3))
    firsts = np.searchsorted(block, np.arange(len(tile.keys) + 1))
    given = tile.keys.numpy(), _float32(tile.spreads, np.inf), tile.shares, tile.room.numpy()
    shared(count, len(tile.keys), *given, most, firsts, lows, highs, low, high, begins, least=ROWS)

    def places(which: Ints) -> Ints:
        ends = np.concatenate(([0], np.cumsum(high[which] - low[which])))
        found = np.empty(ends[-1], dtype=np.int64)
        some = block[which], lows[which], highs[which], begins[which], ends
        shared(collect, len(which), *given, *some, found, least=ROWS)
        return found

    return Between(low, high, places)


def _float32(bounds: Floats, beyond: float) -> npt.NDArray[np.float32]:
    """Bounds as float32, rounded to the outside, since they were rounded in float64 too; finite."""
    near = np.clip(bounds, -_LARGEST, _LARGEST).astype(np.float32)
    return np.nextafter(near, np.float32(beyond))
