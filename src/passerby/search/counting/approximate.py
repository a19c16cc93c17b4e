"""Keys of many pairs at once, each with a bound of its error that is proved, not guessed."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby.search._candidates import is_full
from passerby.search.counting.digits import BASE, DIGIT, ROUNDING, TINY, Digits, digits
from passerby.search.counting.memory import memory
from passerby.search.counting.sides import PAIRS, Floats, Ints, Sides

DEPTH = 512
"""Dimensions that float32 sums up before the sum is added to that of the others."""
LARGEST_SUM = 2**31 - 1
"""What sums of products of digits may reach: int32 ends there."""
ROWS = 16
"""Queries of a tile that are worth a thread."""
CENTRED = 0.05
"""Share of the vectors' mean square from which on their mean is worth subtracting."""


class Tile(NamedTuple):
    """Keys of some queries and a range of crops, and how far each can be from exact arithmetic.

    Args:
        keys: (B, T) float32; may be written to, and used again for the next tile.
        room: (B, T) int32, likewise.
        errors: (B,) float64, of the keys of any crop; to which is added
        spreads: (B,) float64, times
        shares: (T,) float32 0 .. 1 for each crop.
    """

    keys: Tensor
    room: Tensor
    errors: Floats
    spreads: Floats
    shares: npt.NDArray[np.float32]


Approximate = Callable[[Ints, slice], Tile]
"""Gives the keys of some rows of the queries, ascending, and a slice of the crops."""


def by_digits(given: Sides, rows: Ints, *, count: int, most: tuple[int, int]) -> tuple[Approximate, ...]:
    """Keys by products of int8 digits, which are summed up without any error; on the CPU.

    A vector is a centre, digits and a rest, so that an inner product is that of the digits, products with a rest, which
    are no larger than the product of the lengths, and what the centre adds, which is known for each vector.

    Args:
        given: queries and crops.
        rows: (N,) the crops that are looked at, ascending.
        count: digits of a number, 1 or 2; a third one would be lost in the float32 sum.
        most: the most queries and crops of a tile.

    Returns:
        Keys by the first digit alone, and by the first two.

    Raises:
        ValueError: if products of so many digits would not be exact.
    """
    # Numba takes a while to load.
    from passerby.search.counting.compiled import shared
    from passerby.search.counting.compiled_keys import keys as keys_of

    dim = given.crops.shape[1]
    if count > most_digits(dim):
        raise ValueError(f"count is {count}; products of {dim:,} dimensions are exact for {most_digits(dim)} or fewer.")
    centre = _centre(given, rows)
    ours = digits(given.queries, centre, count=count)
    theirs = digits(given.crops, centre, count=count, rows=torch.from_numpy(rows), last_first=True)
    scale, offset, about = given.scale[rows], given.offset[rows], np.zeros(len(given.queries))
    if centre is not None:
        about = _times(given.queries, np.arange(len(given.queries)), centre) - float(centre.double().square().sum())
        offset = offset + scale * _times(given.crops, rows, centre)
    factor = (scale * theirs.steps.double().numpy()).astype(np.float32)
    beside, above = about.astype(np.float32), np.stack((scale, offset)).astype(np.float32)
    sizes = [torch.from_numpy(np.abs(side)) for side in (scale, offset, about)]
    sums, found = (memory(most[0] * most[1], kind=np.int32) for _ in range(2))

    def by(level: int) -> Approximate:
        error = _error_of_digits(ours, theirs, *sizes, level=level)

        def tile(some: Ints, columns: slice) -> Tile:
            shape = (len(some), columns.stop - columns.start)
            into, more = sums[: shape[0] * shape[1]].view(shape), found[: shape[0] * shape[1]].view(shape)
            keys = more.view(torch.float32)  # each is worked out from what stands there
            asked = torch.from_numpy(some)
            left = _taken(ours.digits, some)
            for depth, there in zip(range(1, level + 1), (into, more), strict=False):
                right = theirs.digits[columns, (count - depth) * dim :]
                torch._int_mm(left[:, : depth * dim], right.T, out=there)
            both = into.numpy(), more.numpy(), level, np.float32(BASE)
            rates = factor[columns], ours.steps.numpy()[some], beside[some], above[:, columns].copy()
            shared(keys_of, len(some), *both, *rates, keys.numpy(), least=ROWS)
            return Tile(keys, into, *error(asked, columns))

        return tile

    return tuple(by(level) for level in range(1, count + 1))


def most_digits(dim: int) -> int:
    """How many digits int32 has room for in sums of their products; PyTorch multiplies single numbers wrongly."""
    return LARGEST_SUM // (dim * DIGIT * DIGIT) if dim > 1 else 0


def _centre(given: Sides, rows: Ints) -> Tensor | None:
    """(D,) the crops' mean, where taking it off makes them much shorter."""
    some = given.crops[torch.from_numpy(rows[:: max(1, len(rows) // 256)])]
    mean = some.mean(dim=0)
    return mean if float(mean.square().sum()) > CENTRED * float(some.square().sum(dim=1).mean()) else None


def _error_of_digits(
    ours: Digits, theirs: Digits, scale: Tensor, offset: Tensor, about: Tensor, *, level: int
) -> Callable[[Tensor, slice], tuple[Floats, Floats, npt.NDArray[np.float32]]]:
    """How far keys by the first digits can be from exact arithmetic: the errors, spreads and shares of a `Tile`.

    An inner product is that of the digits that are multiplied; what those leave of the crop, with our vector; what they
    leave of ours, with the crop; and the digits that are left out, with each other. The first and the last grow with
    the step of the crop's digits, which is much larger for some crops than for others: they are the spread, for the
    worst crop, and a crop's share is the largest share that it has of any of their lengths. The rest is much the same
    for all crops and stands for the worst one.
    """

    def parts(side: Digits) -> list[Tensor]:
        """At least the length of the vector, of what its second digit says, and so on, and of the rest."""
        between = [side.rests[k] + side.rests[k + 1] for k in range(level - 1)]
        return [side.lengths, *between, side.rests[level - 1]]

    left, right = parts(ours), [scale * length for length in parts(theirs)]

    def error(asked: Tensor, columns: slice) -> tuple[Floats, Floats, npt.NDArray[np.float32]]:
        most = [float(length[columns].max()) for length in right]
        spread = left[0][asked] * most[level]
        for one in range(1, level):
            for other in range(level - one, level):
                spread += left[one][asked] * most[other]  # two digits so far down that they are left out
        total = left[level][asked] * (most[0] + most[level])
        sizes = left[0][asked] * most[0] + float(offset[columns].max()) + about[asked] * float(scale[columns].max())
        # Four roundings more where the spread is multiplied with a share, and is added to the key or taken off.
        total += 16 * (level + 1) * ROUNDING * sizes + 4 * ROUNDING * (sizes + spread + total) + 16 * TINY
        shares = torch.stack([length[columns] / longest for length, longest in zip(right[1:], most[1:], strict=True)])
        # Rounded to float32, a share could be too small by half a unit.
        rounded = shares.amax(dim=0).mul_(1 + 2 * ROUNDING).float().clamp_(max=1)
        return total.numpy(), spread.numpy(), rounded.numpy()

    return error


def _times(vectors: Tensor, rows: Ints, centre: Tensor) -> Floats:
    """(N,) inner products of some vectors with the centre."""
    # Numba takes a while to load.
    from passerby.search.counting.compiled import shared
    from passerby.search.counting.compiled_products import products

    found = np.empty(len(rows))
    pairs = centre[None].numpy(), vectors.numpy(), np.zeros(len(rows), dtype=np.int64), rows
    shared(products, len(rows), *pairs, found, least=PAIRS)
    return found


def by_float32(given: Sides, rows: Ints, *, most: tuple[int, int], device: torch.device | str) -> Approximate:
    """Keys by float32 products of DEPTH dimensions at a time, whatever the order in which a library sums them up.

    Args:
        given: queries and crops.
        rows: (N,) the crops that are looked at, ascending.
        most: the most queries and crops of a tile.
        device: where the products are computed.
    """
    dim = given.crops.shape[1]
    depths = range(0, dim, DEPTH)
    rates, offsets, lengths = given.scale[rows], given.offset[rows], given.lengths[rows] * np.abs(given.scale[rows])
    scale, offset = (torch.from_numpy(side).float().to(device) for side in (rates, offsets))
    sums, found = (memory(most[0] * most[1], kind=np.float32).to(device) for _ in range(2))
    share = 1.01 * (min(dim, DEPTH) + len(depths) + 8) * ROUNDING

    def tile(some: Ints, columns: slice) -> Tile:
        shape = (len(some), columns.stop - columns.start)
        into, keys = (side[: shape[0] * shape[1]].view(shape) for side in (sums, found))
        left, right = _taken(given.queries, some).to(device), _taken(given.crops, rows[columns]).to(device)
        if not is_full(dim):
            # PyTorch was told to round the factors of float32 products further; then it is float64 that is precise.
            keys.copy_(torch.mm(left.double(), right.double().T))
        for depth in depths if is_full(dim) else ():
            there = slice(depth, depth + DEPTH)
            if depth:
                keys += torch.mm(left[:, there], right[:, there].T, out=into)
            else:
                torch.mm(left[:, there], right[:, there].T, out=keys)
        keys.mul_(scale[columns]).add_(offset[columns])
        least = 4 * dim * TINY * float(np.abs(rates[columns]).max())
        error = share * (given.query_lengths[some] * lengths[columns].max() + offsets[columns].max()) + least
        alike = np.zeros(len(some)), np.zeros(shape[1], np.float32)
        return Tile(keys, into.view(torch.int32), error, *alike)

    return tile


def _taken(vectors: Tensor, rows: Ints) -> Tensor:
    """Some rows, without a copy where they stand together."""
    if rows[-1] - rows[0] == len(rows) - 1:
        return vectors[rows[0] : rows[-1] + 1]
    return vectors[torch.from_numpy(rows)]
