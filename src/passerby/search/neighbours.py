"""The nearest crops of each query: exact, in blocks, ties in the gallery's order.

faiss's flat index is not used: it decides in float32 and gives equal crops in any order, so that its lists are others;
where it is quicker, and where far slower, benchmarks/neighbours.py says.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from passerby.search._candidates import Searched, candidates, is_full, searched
from passerby.search._rescore import Copies, exact
from passerby.search.distance import check, lengths

Skip = Callable[[slice], Tensor]
"""For a slice of the queries: (B, G) bool, True where a crop is left out of the query's list."""
MEMORY = 64 * 2**20
"""Bytes that may be held beside the vectors and the lists by default."""
ROWS, COLUMNS = 1024, 4096
"""Queries in a block, at most, and crops in a tile, at least, where memory allows: products are quick then."""
LEAST_COLUMNS = 256
"""Crops in a tile where memory is short."""
CROWD = 1024
"""Candidates of a query beside 4 for each neighbour that are so many that products in float64 are quicker."""
USUAL = (1e-11, 1e11)
"""Lengths that float32 adds up to its full precision, and that every metric accepts."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The k nearest crops of each query, nearest first.

    Args:
        distances: (Q, k) float32; infinity where fewer than k crops were left.
        indices: (Q, k) int64 rows of the gallery; -1 where fewer than k crops were left.
    """

    distances: Tensor
    indices: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Both sides on the device, with lengths in float64 on the CPU; the rough ones were added up in float32."""

    queries: Tensor
    gallery: Tensor
    metric: str
    query_norms: Tensor
    norms: Tensor | None
    rough_norms: Tensor
    copies: Copies


class _Tile(NamedTuple):
    """Queries in a block, crops in a tile, crops in one of float64, and queries that may each have all crops in it."""

    rows: int
    columns: int
    wide_columns: int
    few: int


def neighbours(
    queries: Tensor,
    gallery: Tensor,
    k: int,
    *,
    metric: str = "cosine",
    skip: Skip | None = None,
    block: int | None = None,
    memory: int | None = None,
    device: torch.device | str = "cpu",
) -> Neighbours:
    """The k nearest crops of each query; crops of equal distance keep the gallery's order.

    The lists are those of exact arithmetic on the numbers as they are, and the distances those of float64, rounded to
    float32: the same for every block size, device and number of threads. Products in float32 rule out what the bound of
    their error allows to (`_candidates.share`), and the rest is computed again (`_rescore.exact`). Where that would be
    too many crops (distances that agree to a few digits), or PyTorch is set to multiply in TF32 or bfloat16, products
    are taken in float64, at some three times the cost.

    Args:
        queries: (Q, D) float32, finite.
        gallery: (G, D) float32, finite; copied only where it is not on the device.
        k: how many, 1 .. G.
        metric: one of `distance.METRICS`.
        skip: which crops are left out of which query's list (junk, the query itself); all are in it by default.
        block: queries in a block; by default as many as the memory allows, at most ROWS.
        memory: bytes that may be held beside the vectors and the lists; by default MEMORY, or what `block` takes. For a
            query with very many crops that are equally near, 200 bytes for each of these come on top.
        device: where the products are computed; the result is on the CPU.

    Raises:
        ValueError: if k or block is out of range, the memory is too little (what is needed is said), `skip` gives
            another shape, or see `distance.blocks`.
    """
    odd = any(side.ndim != 2 or side.dtype != torch.float32 for side in (queries, gallery))
    check(queries if odd else queries[:0], gallery if odd else gallery[:0], metric=metric)
    if not len(gallery):
        raise ValueError("The gallery has no crops; give one or more.")
    if not 1 <= k <= len(gallery):
        raise ValueError(f"k is {k}; the gallery has {len(gallery)} crops: give 1 .. {len(gallery)}.")
    if block is not None and block < 1:
        raise ValueError(f"block is {block}; give 1 query or more.")
    tile = _tile(queries, gallery, k, block=block, memory=memory, skips=skip is not None)
    sides, usual = _ready(queries, gallery, k, metric, device)
    fast = searched(sides.gallery, sides.rough_norms, metric, torch.float32) if usual else None
    found = Neighbours(torch.full((len(queries), k), math.inf), torch.full((len(queries), k), -1))
    for start in range(0, len(queries), tile.rows):
        part = torch.arange(start, min(start + tile.rows, len(queries)))
        out = None if skip is None else _left_out(skip, part, len(gallery)).to(device)
        left = _search(found, sides, fast, part, out, tile.columns, CROWD) if fast else torch.arange(len(part))
        if len(left):
            _search_slowly(found, sides, part[left], _of(out, left), tile)
    return found


def _tile(queries: Tensor, gallery: Tensor, k: int, *, block: int | None, memory: int | None, skips: bool) -> _Tile:
    """How much is looked at together, by the memory that it takes."""
    total, dim = gallery.shape
    # A query takes itself, in float64 too, and what is held of its candidates; a key with what is found out of it, 8.
    query, key = 16 * dim + 300 * k + (total if skips else 0), 8
    wide, narrow = min(total, COLUMNS), min(total, LEAST_COLUMNS)
    if memory is None:
        memory = MEMORY if block is None else max(MEMORY, block * (query + key * wide))
    rows = block or max(1, min(ROWS, len(queries), memory // (query + key * wide)))
    if block is None and len(queries):
        rows = math.ceil(len(queries) / math.ceil(len(queries) / rows))  # no small block at the end
    least = rows * (query + key * narrow)
    if memory < least:
        many = f"a block of {rows} queries" if rows > 1 else "one query"
        raise ValueError(f"memory is {memory} bytes; {many} against {total} crops takes {least}: give that or more.")
    columns = min(total, (memory - rows * query) // (key * rows))
    wide_columns = max(64, min(columns, memory // (32 * max(1, dim))))
    return _Tile(rows, columns, wide_columns, max(1, memory // (200 * total)))


def _ready(queries: Tensor, gallery: Tensor, k: int, metric: str, device: torch.device | str) -> tuple[_Sides, bool]:
    """Both sides, and whether products in float32 can be made use of."""
    query_norms, there = lengths(queries), gallery.to(device)
    # Where many crops come to be looked at in float64, all lengths are; else what float32 adds up is enough.
    norms = lengths(gallery) if len(queries) * k > len(gallery) // 4 else None
    rough = torch.linalg.vector_norm(there, dim=1).cpu().double() if norms is None else norms
    both = torch.cat((query_norms, rough))
    if not _are_usual(both).all():
        check(queries, gallery, metric=metric)
        norms = lengths(gallery)
        both = torch.cat((query_norms, norms))
    usual = is_full(gallery.shape[1]) and bool(((both == 0) | _are_usual(both)).all())
    return _Sides(queries.to(device), there, metric, query_norms, norms, rough, Copies(there)), usual


def _are_usual(norms: Tensor) -> Tensor:
    return (norms >= USUAL[0]) & (norms <= USUAL[1])


def _search_slowly(found: Neighbours, sides: _Sides, queries: Tensor, out: Tensor | None, tile: _Tile) -> None:
    """Fill the lists of some queries by products in float64, few at a time where even these leave too much open."""
    given = searched(sides.gallery, lengths(sides.gallery), sides.metric, torch.float64)
    left = _search(found, sides, given, queries, out, tile.wide_columns, CROWD)
    for few in torch.split(left, tile.few) if len(left) else ():
        _search(found, sides, given, queries[few], _of(out, few), tile.wide_columns, None)


def _search(
    found: Neighbours,
    sides: _Sides,
    given: Searched,
    queries: Tensor,
    out: Tensor | None,
    columns: int,
    crowd: int | None,
) -> Tensor:
    """Fill the lists of some queries, and say which of these have more candidates than a crowd."""
    asked, k = sides.queries[queries.to(sides.queries.device)], found.indices.shape[1]
    limit = None if crowd is None else 4 * k + crowd
    near = candidates(given, asked, sides.query_norms[queries], k, left_out=out, columns=columns, limit=limit)
    rows, crops = near.rows, near.columns
    if crowd is None:
        kept = sides.copies.first(rows, crops, k)
        rows, crops = rows[kept], crops[kept]
    lines, columns_of = torch.from_numpy(rows), torch.from_numpy(crops)
    done = exact(
        asked, sides.gallery, lines, columns_of, metric=sides.metric, norms=sides.norms, copies=sides.copies, first=k
    )
    counts = torch.bincount(lines, minlength=len(queries))
    places = torch.arange(len(lines)) - (counts.cumsum(0) - counts)[lines]
    listed = places < k
    lines, places = queries[lines[listed]], places[listed]
    found.distances[lines, places] = done.distances[listed]
    found.indices[lines, places] = columns_of[done.order[listed]]
    return torch.from_numpy(near.crowded)


def _of(out: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if out is None else out[rows.to(out.device)]


def _left_out(skip: Skip, part: Tensor, total: int) -> Tensor:
    out, shape = skip(slice(int(part[0]), int(part[-1]) + 1)), (len(part), total)
    if out.dtype != torch.bool or out.shape != shape:
        raise ValueError(
            f"skip gave {out.dtype} of shape {tuple(out.shape)}; give bool of shape {shape}, "
            "one row for each query of the slice."
        )
    return out
