"""How much memory ranking will take, told from numbers alone, before anything is embedded or ranked."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from passerby.evaluation.rules import Rules
from passerby.search.counting.pieces import needed, pieces
from passerby.types import JUNK, Crop

NOTED, LISTED, REST = 280, 110, 4 * 10**6
"""Bytes that the judge notes of each crop and of each pair of a query and a crop of the same person, and all else;
measured."""
FEW = 8
"""Bytes for each pair of vectors that expansion and re-ranking hold at most, however few there are."""
EXPANDING, MOVED = 64 * 2**20, 1100
"""About what expansion holds beside the vectors that it makes: at once, and of each crop; measured."""
RERANKING, NEAR, SHARED = 90 * 10**6, 170, 22
"""About what re-ranking holds beside a copy of the vectors: at once, of each neighbour of a vector, and of each
neighbour's neighbour; measured."""
NEIGHBOURS = 12
"""Neighbours of a vector that re-ranking holds beside those that were asked for."""
WORDS = {
    (): "ranking",
    ("expansion",): "expanding and ranking",
    ("reranking",): "re-ranking",
    ("expansion", "reranking"): "expanding and re-ranking",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The most memory that ranking takes at one time; as text what a person reads before it begins.

    Args:
        steps: of the rules.
        queries: number of queries.
        crops: number of crops in the gallery.
        added: crops that are added to it later.
        dim: length of a vector.
        vectors: bytes of the vectors that are ranked.
        beside: bytes beside them: at most, or where there are steps, about; vectors that are neighbours of very many
            others, or the same as very many, take more.
        counting: of a budget, the bytes that are left for `score`; None where there is no budget.
    """

    steps: tuple[str, ...]
    queries: int
    crops: int
    added: int
    dim: int
    vectors: int
    beside: int
    counting: int | None

    def __str__(self) -> str:
        more = f" and {self.added:,} more," if self.added else ""
        return (
            f"{WORDS[self.steps].capitalize()} {self.queries:,} queries in {self.crops:,} crops{more} of {self.dim:,} "
            f"dimensions: {'about' if self.steps else 'at most'} {_size(self.beside)} beside the vectors "
            f"({_size(self.vectors)})."
        )


def peak(
    query: Sequence[Crop],
    gallery: Sequence[Crop],
    dim: int,
    rules: Rules,
    *,
    memory: int | None = None,
    added: int = 0,
    at_once: int = 0,
    by_camera: bool = False,
) -> Peak:
    """What ranking takes at most at one time, beside the vectors that are given to it.

    Args:
        query: the crops that stand for the queries, 1 or more.
        gallery: the crops that stand for the gallery's entries, 1 or more.
        dim: length of a vector.
        rules: `post_processing` and `reranking` are looked at.
        memory: bytes that may be held beside the vectors; the default is that of `search.counting`.
        added: crops that are added to the gallery.
        at_once: how many of these are looked at at once.
        by_camera: whether the gallery of each camera is ranked by itself too.

    Raises:
        ValueError: if the budget is too small, with what is needed.
    """
    aside = _notes(query, gallery)
    moved = 4 * dim * (len(query) + len(gallery)) if "expansion" in rules.steps else 0
    post = _post_processing(len(query), len(gallery), dim, rules)
    some = min(added, at_once)
    ranked = [] if "reranking" in rules.steps else _ranked(gallery, dim, added=some, by_camera=by_camera)
    least = [moved + aside + copied + needed(len(query), crops, dim) for copied, crops in ranked]
    _check(max([post, *least]), query, gallery, dim, rules, memory)
    counting = None if memory is None else memory - moved - aside
    held = [
        moved
        + aside
        + copied
        + pieces(len(query), crops, dim, memory=None if counting is None else counting - copied).memory
        for copied, crops in ranked
    ]
    return Peak(
        steps=rules.steps,
        queries=len(query),
        crops=len(gallery),
        added=added,
        dim=dim,
        vectors=4 * dim * (len(query) + len(gallery) + some),
        beside=max([post, *held]),
        counting=counting,
    )


def _check(
    least: int, query: Sequence[Crop], gallery: Sequence[Crop], dim: int, rules: Rules, memory: int | None
) -> None:
    if memory is None or memory >= least:
        return
    leave = f", or leave {' and '.join(rules.steps)} out" if rules.steps else ""
    raise ValueError(
        f"memory is {memory:,} bytes; {WORDS[rules.steps]} {len(query):,} queries in {len(gallery):,} crops of {dim:,} "
        f"dimensions needs {'about ' if rules.steps else ''}{least:,} beside the vectors: give that much or "
        f"more{leave}."
    )


def _ranked(gallery: Sequence[Crop], dim: int, *, added: int, by_camera: bool) -> list[tuple[int, int]]:
    """For each list of crops that are ranked at once: bytes of those that are copied for it, and how many they are."""
    counts = Counter(crop.camid for crop in gallery if crop.camid is not None) if by_camera else {}
    of_cameras = [(4 * dim * count, count) for count in counts.values()]
    kept = sum(crop.pid != JUNK for crop in gallery)
    return [(copied, crops) for copied, crops in ((0, kept), (0, added), *of_cameras) if crops]


def _notes(query: Sequence[Crop], gallery: Sequence[Crop]) -> int:
    people = Counter(crop.pid for crop in gallery)
    return REST + NOTED * (len(query) + len(gallery)) + LISTED * sum(people[crop.pid] for crop in query)


def _post_processing(queries: int, gallery: int, dim: int, rules: Rules) -> int:
    """About what expansion and re-ranking hold, the vectors that expansion makes among it."""
    total = queries + gallery
    vectors, most = 4 * dim * total, FEW * total**2
    expanding = vectors + min(EXPANDING, most) + MOVED * gallery if "expansion" in rules.steps else 0
    if "reranking" not in rules.steps:
        return expanding
    k1, k2 = rules.reranking.k1, rules.reranking.k2
    each = NEAR * (max(k1, k2) + NEIGHBOURS) + SHARED * k1 * k2
    reranking = vectors + min(RERANKING, most) + each * total
    return max(expanding, reranking + (vectors if expanding else 0))


def _size(number: int) -> str:
    """Bytes in GB, or where they are few in MB, rounded up."""
    unit, name = (10**9, "GB") if number >= 10**7 else (10**6, "MB")
    return f"{math.ceil(100 * number / unit) / 100:,.2f} {name}"
