"""Pairs of a query and a crop in the order of exact arithmetic: in float64, and exactly where that leaves it open."""

import hashlib
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby.search.distance import lengths

CHUNK_BYTES = 2**18
"""Vectors widened to float64 at a time on a CPU; they stay in its cache."""
DEVICE_PAIRS = 2**22
"""Numbers widened to float64 at a time on another device."""
FEW = 4096
"""Pairs for which what is compiled is not worth loading."""
PAIRS = 256
"""Pairs that are worth a thread, where there are more."""
UNIT = 2**298
"""Products of two float32 numbers are multiples of 1 / UNIT; UNIT times their sums is far from float64's end."""
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Exact(NamedTuple):
    """P pairs in order: query after query, the closest crop first, crops at the same distance in the gallery's order.

    Args:
        order: (P,) int64 places of the pairs as they were given.
        distances: (P,) float32, of the pairs in this order; nan for those that nobody asked for.
    """

    order: Tensor
    distances: Tensor


class Copies:
    """Which crops of a gallery are the same to the bit, found out for those that are asked for."""

    def __init__(self, gallery: Tensor) -> None:
        self._gallery = gallery
        self._numbers = np.full(len(gallery), -1)
        self._first: dict[bytes, int] = {}

    def numbers(self, columns: Rows) -> Rows:
        """(P,) a number for each of (P,) crops: the same for crops that are the same, where 0 and -0 are, too."""
        unknown = np.unique(columns[self._numbers[columns] < 0])
        for start in range(0, len(unknown), 64):
            part = unknown[start : start + 64]
            vectors = self._gallery[torch.from_numpy(part).to(self._gallery.device)].cpu().numpy() + np.float32(0)
            for column, vector in zip(part.tolist(), vectors, strict=True):
                name = hashlib.blake2b(vector.tobytes(), digest_size=16).digest()
                self._numbers[column] = self._first.setdefault(name, column)
        found: Rows = self._numbers[columns]
        return found

    def first(self, rows: Rows, columns: Rows, k: int) -> npt.NDArray[np.bool_]:
        """(P,) whether fewer than k copies of a pair's crop stand before it in the gallery, in pairs of the same query.

        Args:
            rows: (P,) which query.
            columns: (P,) which crop.
            k: how many crops are wanted; a crop behind as many copies of itself is not among them.
        """
        numbers = self.numbers(columns)
        order = np.lexsort((columns, numbers, rows))
        new = np.diff(rows[order], prepend=-1) != 0
        new |= np.diff(numbers[order], prepend=-1) != 0
        starts = np.flatnonzero(new)
        places = np.arange(len(order)) - starts[np.cumsum(new) - 1]
        kept = np.empty(len(order), dtype=np.bool_)
        kept[order] = places < k
        return kept


def exact(
    queries: Tensor,
    gallery: Tensor,
    rows: Tensor,
    columns: Tensor,
    *,
    metric: str,
    norms: Tensor | None = None,
    copies: Copies | None = None,
    first: int | None = None,
) -> Exact:
    """Put pairs in the order that their distances have in exact arithmetic on the float32 numbers as they are.

    Float64 says which of two crops is closer unless their distances are nearer to each other than its error can be: a
    product of two float32 numbers is exact in float64, and D of them summed up in any order err by at most D units of
    2**-53 of the product of the two lengths. Crops that this leaves open are the same to the bit, or are compared in
    whole numbers. So nothing depends on how the pairs are cut, on the device or on the number of threads. A distance is
    that of float64, right to its last digits however small, and then rounded to float32.

    Args:
        queries: (Q, D) float32, finite, checked by `distance.check`.
        gallery: (G, D) float32, likewise, on the same device.
        rows: (P,) int64 on the CPU, which query, ascending.
        columns: (P,) int64 on the CPU, which crop.
        metric: one of `distance.METRICS`.
        norms: (G,) float64 on the CPU, `distance.lengths` of the gallery; by default those of the crops asked for are
            worked out.
        copies: those of the gallery, where several calls are to share what was found out about them.
        first: how many of each query's crops are wanted, in order and with distances; those behind them are in no
            certain order. All by default.
    """
    where, what = rows.numpy(), columns.numpy()
    keys, doubts = _keys(queries, gallery, where, what, metric, norms)
    order = np.lexsort((what, keys, where))
    wanted = np.arange(len(where)) - np.searchsorted(where, where) < (len(where) if first is None else first)
    near = (np.diff(where) == 0) & (np.diff(keys[order]) <= doubts[order][1:] + doubts[order][:-1])
    starts = np.maximum.accumulate(np.where(np.append(True, ~near)[: len(where)], np.arange(len(where)), 0))
    open_ones = np.flatnonzero(np.bincount(starts, minlength=len(where))[starts] > 1)
    open_ones = open_ones[wanted[starts[open_ones]]]
    if len(open_ones):
        numbers = (copies or Copies(gallery)).numbers(what[order[open_ones]])
        ranks = np.zeros(len(order), dtype=np.int64)
        for part in _mixed(starts[open_ones], numbers):
            query = queries[where[open_ones[part.start]]]
            ranks[open_ones[part]] = _ranks(query, gallery, what[order[open_ones[part]]], numbers[part], metric)
        # A stretch of pairs, each of which is near the next, counts as equally far but for what was found out here.
        order = order[np.lexsort((what[order], ranks, keys[order][starts], where))]
    distances = np.full(len(order), np.nan, np.float32)
    chosen = order[wanted]
    distances[wanted] = _distances(queries, gallery, where[chosen], what[chosen], keys[chosen], doubts[chosen], metric)
    return Exact(torch.from_numpy(order), torch.from_numpy(distances))


def _keys(
    queries: Tensor, gallery: Tensor, rows: Rows, columns: Rows, metric: str, norms: Tensor | None
) -> tuple[Floats, Floats]:
    """Distances of pairs, squared if Euclidean, and by how much each may be wrong."""
    products = _products(queries, gallery, rows, columns)
    own = lengths(queries).numpy()[rows]
    if norms is None:
        named, places = np.unique(columns, return_inverse=True)
        parts = torch.split(torch.from_numpy(named).to(gallery.device), 512)
        others = torch.cat([lengths(gallery[part]) for part in parts]).numpy()[places]
    else:
        others = norms.numpy()[columns]
    # D roundings of the sum, D of each squared length; 32 more than cover all other steps.
    share = (3 * gallery.shape[1] + 32) * 2.0**-53
    if metric == "cosine":
        return 1 - products / (own * others), np.full(len(rows), share)
    if metric == "dot":
        return -products, share * own * others
    squares = own * own + others * others
    return squares - 2 * products, share * squares


def _products(queries: Tensor, gallery: Tensor, rows: Rows, columns: Rows) -> Floats:
    if gallery.device.type == "cpu":
        return _products_on_cpu(queries, gallery, rows, columns)
    return _products_on_device(queries, gallery, rows, columns)


def _products_on_device(queries: Tensor, gallery: Tensor, rows: Rows, columns: Rows) -> Floats:
    found = torch.empty(len(rows), dtype=torch.float64)
    size = max(1, DEVICE_PAIRS // max(1, gallery.shape[1]))
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        one, other = (
            side[torch.from_numpy(places[part]).to(side.device)].double()
            for side, places in ((queries, rows), (gallery, columns))
        )
        found[part] = torch.linalg.vecdot(one, other).cpu()
    return found.numpy()


def _products_on_cpu(queries: Tensor, gallery: Tensor, rows: Rows, columns: Rows) -> Floats:
    asked, crops = queries.numpy(), gallery.numpy()
    found = np.empty(len(rows))
    if len(rows) <= FEW:
        size = max(1, CHUNK_BYTES // (8 * max(1, crops.shape[1])))
        for start, stop in _equal(rows, slice(0, len(rows))):
            query = asked[rows[start]].astype(np.float64)
            for first in range(start, stop, size):
                part = slice(first, min(first + size, stop))
                np.vecdot(crops[columns[part]].astype(np.float64), query, out=found[part])
        return found
    # Numba takes a while to load.
    from passerby.search.counting.compiled import shared
    from passerby.search.counting.compiled_products import products

    # Crop by crop: they are read from memory once, and the queries, which are fewer, stay in a cache.
    order = np.sort(columns * len(rows) + np.arange(len(rows))) % len(rows)
    sums = np.empty(len(rows))
    shared(products, len(rows), asked, crops, rows[order], columns[order], sums, least=PAIRS)
    found[order] = sums
    return found


def _equal(rows: Rows, part: slice) -> Iterator[tuple[int, int]]:
    """Where stretches of one and the same row begin and end."""
    cuts = (np.flatnonzero(np.diff(rows[part])) + 1 + part.start).tolist()
    bounds = [part.start, *cuts, part.stop]
    return pairwise(bounds) if part.stop > part.start else iter(())


def _mixed(starts: Rows, numbers: Rows) -> list[slice]:
    """Stretches of the same start in which not all crops are the same."""
    parts = (slice(*edges) for edges in _equal(starts, slice(0, len(starts))))
    return [part for part in parts if (numbers[part] != numbers[part.start]).any()]


def _ranks(query: Tensor, gallery: Tensor, columns: Rows, numbers: Rows, metric: str) -> Rows:
    """(P,) places of some crops in the order of exact arithmetic, the same for crops that are equally far."""
    _, one, places = np.unique(numbers, return_index=True, return_inverse=True)
    found = _exact_keys(query, gallery, columns[one].tolist(), metric)
    ranks = {key: rank for rank, key in enumerate(sorted(set(found)))}
    return np.array([ranks[key] for key in found])[places]


def _distances(
    queries: Tensor, gallery: Tensor, rows: Rows, columns: Rows, keys: Floats, doubts: Floats, metric: str
) -> npt.NDArray[np.float32]:
    """Distances rounded to float32; where the error of a key could change that, of the exact key."""
    low, high = (_finished(side, metric).astype(np.float32) for side in (keys - doubts, keys + doubts))
    unsure = np.flatnonzero(low != high)
    for start, stop in _equal(rows[unsure], slice(0, len(unsure))):
        places = unsure[start:stop]
        exact_keys = _exact_keys(queries[rows[places[0]]], gallery, columns[places].tolist(), metric)
        low[places] = [_exact_distance(key, metric) for key in exact_keys]
    return low + np.float32(0)  # no -0


def _finished(keys: Floats, metric: str) -> Floats:
    return np.sqrt(keys.clip(min=0)) if metric == "euclidean" else keys


def _exact_keys(query: Tensor, gallery: Tensor, columns: list[int], metric: str) -> list[Fraction]:
    """In the order of the distances: minus the product, the squared distance, or minus the cosine times its size."""
    one = query.cpu().numpy().astype(np.float64)[None]
    own = sums(one * one)[0]
    found = []
    for start in range(0, len(columns), 64):
        there = torch.tensor(columns[start : start + 64], device=gallery.device)
        others = gallery[there].cpu().numpy().astype(np.float64)
        products = sums(one * others)
        if metric == "dot":
            found += [Fraction(-product, UNIT) for product in products]
            continue
        for product, square in zip(products, sums(others * others), strict=True):
            if metric == "euclidean":
                found.append(Fraction(own + square - 2 * product, UNIT))
            else:
                found.append(Fraction(-product * abs(product), own * square))
    return found


def _exact_distance(key: Fraction, metric: str) -> float:
    if metric == "dot":
        return float(key)
    if metric == "euclidean":
        return math.sqrt(key)
    cosine = math.sqrt(abs(key))
    # 1 - cosine of a cosine near 1 would lose its digits.
    return float(1 + key) / (1 + cosine) if key < 0 else 1 + cosine


def sums(terms: Floats) -> list[int]:
    """Exact sums of the rows of finite terms (N, D), each a product of two float32 numbers, as multiples of 1 / UNIT.

    The leading bits of all terms, cut off where float64 sums up D such pieces without any rounding, then the next ones.

    Source: Rump, Ogita and Oishi, Accurate floating-point summation, part I, algorithm 3.1.
    """
    found = [0] * len(terms)
    while largest := float(np.abs(terms).max(initial=0.0)):
        cut = math.ldexp(1, math.frexp(largest)[1] + terms.shape[1].bit_length() + 1)
        leading = (terms + cut) - cut
        pieces = (leading.sum(axis=1) * float(UNIT)).tolist()
        found = [total + int(piece) for total, piece in zip(found, pieces, strict=True)]
        terms = terms - leading
    return found
