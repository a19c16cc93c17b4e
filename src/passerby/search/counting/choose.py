"""Which approximate keys cost least in the end."""

import math
import time
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch

from passerby.search._candidates import is_full
from passerby.search.counting.approximate import Approximate, by_digits, by_float32, most_digits
from passerby.search.counting.pieces import Pieces
from passerby.search.counting.sides import CHUNK, Floats, Ints, Sides, doubt
from passerby.search.counting.targets import Targets

TRIED = (32, 1024)
"""Queries and crops with which the kinds of keys are tried."""
PAIR = 35
"""What a pair costs in float64, in those of the float32 product of many; measured, as the next three."""
CUT = 80
"""What cutting a vector into one digit costs, in float32 products of it."""
FLOAT32 = 1.05
"""What the sums of float32 cost, in bare products."""
TIES = 0.005
"""The share of ties from which on all crops are put in order."""
ENTRY = 6000
"""What it costs to hold a target and a crop against each other, likewise, for vectors of one dimension."""
ALL = (8, 13000)
"""What it costs to put all crops in order, for each: in products, and likewise."""
COUNTED = 0.08
"""What it costs to count among keys, likewise, for vectors of 2,048 dimensions."""


class Level(NamedTuple):
    """One kind of keys, and what a key costs in those of a bare float32 product."""

    approximate: Approximate
    cost: float


class _Tried(NamedTuple):
    """Keys of one query's targets, ascending, and which of the crops that are tried are none."""

    keys: Floats
    others: Ints


def levels(given: Targets, crops: Sides, rows: Ints, cut: Pieces, *, device: torch.device | str) -> tuple[Level, ...]:
    """Kinds of approximate keys, each more precise than the one before; the counts are the same with any.

    The more precise, the longer products take and the fewer pairs lie within the error of a target; a query for which
    these are too many goes on to the next kind. Which kinds are worth it is tried on some queries and crops; none is
    where so much is left open that it costs less to put all crops in order.

    Args:
        given: the targets.
        crops: queries and crops.
        rows: (N,) the crops that are looked at, ascending.
        cut: how much is looked at at once, and how many digits there is memory for.
        device: where the products are computed.
    """
    most = (cut.queries, cut.crops)
    costs = _costs(crops, cut, device)
    digits = len(costs) - 1 if costs[0] + CUT / len(crops.queries) < costs[-1] else 0
    costs = costs[len(costs) - 1 - digits :]
    asked, looked, some, found = _sample(given, crops, rows)
    tried = _kinds(some, np.arange(len(looked)), digits, (len(asked), len(looked)), device)
    shares, crowds = np.stack([_open(kind, some, found) for kind in tried]).swapaxes(0, 1)
    chosen = min(_chains(len(costs)), key=lambda chain: _cost(chain, costs, shares, len(crops.queries)))
    dim, last = crops.crops.shape[1], chosen[-1]
    if PAIR * shares[last].mean() + ENTRY / dim * crowds[last].mean() > ALL[0] + ALL[1] / dim:
        return ()
    digits = max((kind + 1 for kind in chosen if kind < len(costs) - 1), default=0)
    made = _kinds(crops, rows, digits, most, device)
    return tuple(Level(made[kind if kind < digits else digits], costs[kind]) for kind in chosen)


def ties(given: Targets, crops: Sides, rows: Ints) -> float:
    """The share of the crops that are as close to a query as one of its targets, to the precision of float64.

    Args:
        given: the targets.
        crops: queries and crops.
        rows: (N,) the crops that are looked at, ascending.
    """
    asked, looked, some, found = _sample(given, crops, rows)
    wide = some.queries.double()
    parts = [torch.mm(wide, part.double().T) for part in torch.split(some.crops, CHUNK)]
    keys = torch.cat(parts, dim=1).numpy() * some.scale + some.offset
    places = np.arange(len(looked))
    doubts = [
        np.full(len(looked), 2 * doubt(some, np.full(len(looked), row), places).max()) for row in range(len(asked))
    ]
    return float(np.mean([_near(row, error, one)[0] for row, error, one in zip(keys, doubts, found, strict=True)]))


def _sample(given: Targets, crops: Sides, rows: Ints) -> tuple[Ints, Ints, Sides, list[_Tried]]:
    """Some queries and crops: their rows, themselves, and the queries' targets."""
    asked, looked = _spread(np.unique(given.queries), TRIED[0]), _spread(rows, TRIED[1])
    return asked, looked, _some(crops, asked, looked), [_tried(given, crops, query, looked) for query in asked.tolist()]


def _costs(crops: Sides, cut: Pieces, device: torch.device | str) -> list[float]:
    """Of keys by one digit, by two, ..., by float32: what one costs in those of a bare float32 product."""
    dim = crops.crops.shape[1]
    counting = COUNTED * 2048 / dim
    most = min(cut.digits, most_digits(dim)) if torch.device(device).type == "cpu" and is_full(dim) else 0
    # A first digit takes one product of int8, a second one two more.
    return [counting + (2 * count - 1) * _int8_cost() for count in range(1, most + 1)] + [counting + FLOAT32]


def _tried(given: Targets, crops: Sides, query: int, looked: Ints) -> _Tried:
    mine = slice(*np.searchsorted(given.queries, (query, query + 1)).tolist())
    own = np.isin(looked, given.rows[mine]) if crops is given.sides else np.zeros(len(looked), dtype=np.bool_)
    return _Tried(np.sort(given.keys[mine]), np.flatnonzero(~own))


def _kinds(
    given: Sides, rows: Ints, digits: int, most: tuple[int, int], device: torch.device | str
) -> tuple[Approximate, ...]:
    """By one digit, by two, ..., by float32."""
    first = by_digits(given, rows, count=digits, most=most) if digits else ()
    return *first, by_float32(given, rows, most=most, device=device)


def _chains(kinds: int) -> Iterator[tuple[int, ...]]:
    for length in range(1, kinds + 1):
        yield from combinations(range(kinds), length)


def _cost(chain: tuple[int, ...], costs: list[float], shares: Floats, queries: int) -> float:
    """What a pair costs on average, in bare float32 products."""
    digits = max((kind + 1 for kind in chain if kind < len(costs) - 1), default=0)
    total = CUT * digits / queries
    for share in shares.T:
        for place, kind in enumerate(chain):
            total += costs[kind] / shares.shape[1]
            if place + 1 == len(chain) or PAIR * share[kind] < costs[chain[place + 1]]:
                total += PAIR * float(share[kind]) / shares.shape[1]
                break
    return total


def _spread(rows: Ints, most: int) -> Ints:
    return rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(np.int64))]


def _some(given: Sides, asked: Ints, looked: Ints) -> Sides:
    return Sides(
        given.metric,
        given.queries[torch.from_numpy(asked)],
        given.crops[torch.from_numpy(looked)],
        given.query_lengths[asked],
        given.lengths[looked],
        given.scale[looked],
        given.offset[looked],
        given.step,
        given.whole,
    )


def _open(kind: Approximate, some: Sides, tried: list[_Tried]) -> Floats:
    """(2, Q) share of the crops of each query that one kind of keys leaves open, and for how many targets."""
    tile = kind(np.arange(len(some.queries)), slice(0, len(some.crops)))
    found = tile.keys.cpu().double().numpy()
    errors = tile.errors[:, None] + tile.spreads[:, None] * tile.shares
    return np.array([_near(row, error, one) for row, error, one in zip(found, errors, tried, strict=True)]).T


def _near(keys: Floats, errors: Floats, tried: _Tried) -> tuple[float, float]:
    """The share of keys that lie about a target's, and about how many each lies on average."""
    if not len(tried.others):
        return 0.0, 0.0
    row, reach = keys[tried.others], errors[tried.others]
    about = np.searchsorted(tried.keys, row + reach, side="right") - np.searchsorted(tried.keys, row - reach)
    return float((about > 0).mean()), float(about.mean())


@cache
def _int8_cost() -> float:
    """What a product of int8 costs here, in those of float32; without instructions for it, it can be many.

    Infinite where it is not exact: processors without these instructions sum up two products in 16 bits.
    """
    made = torch.Generator().manual_seed(0)
    left, right = (torch.randint(-127, 128, (rows, 1024), generator=made).float() for rows in (128, 1024))
    small = left.to(torch.int8), right.to(torch.int8)
    whole, rounded = torch.empty(128, 1024, dtype=torch.int32), torch.empty(128, 1024)
    kinds: tuple[Callable[[], object], ...] = (
        lambda: torch._int_mm(small[0], small[1].T, out=whole),
        lambda: torch.mm(left, right.T, out=rounded),
    )
    taken = [min(_timed(kind)) for kind in kinds]
    # The sums stay below 2 ** 24, so that float32 has them exactly.
    return taken[0] / taken[1] if torch.equal(whole.float(), rounded) else math.inf


def _timed(work: Callable[[], object]) -> Iterator[float]:
    for _ in range(5):
        before = time.perf_counter()
        work()
        yield time.perf_counter() - before
