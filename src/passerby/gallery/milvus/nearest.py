"""The records most like a query, of those that pass."""

from collections.abc import Mapping, Sequence

import numpy as np

from passerby.gallery.contract import Hit, Way
from passerby.gallery.cosines import cosines
from passerby.gallery.milvus.collection import AT_ONCE, PART, Collection, Row
from passerby.gallery.milvus.pages import pages
from passerby.gallery.milvus.rows import FIELDS, to_record
from passerby.gallery.record import Vector

_MORE = 8
"""Answers asked for beyond k, so that a tie at the end is seen."""
_NEAR = 2e-6
"""Similarities of float32 that differ by less may be in the wrong order."""
_FEW = 500
"""Records that are read and compared here, rather than asked of an index that may miss some."""
_EFFORT = 128
_SMALL, _SMALL_EFFORT = 20_000, 2_000
"""Where so few pass, so much effort costs little; rows that were deleted still take a part of it."""
_MOST_EFFORT = 32_768


def nearest(
    collection: Collection, queries: Vector, k: int, *, passing: str, way: Way, index: str, dim: int
) -> list[list[Hit]]:
    """The k records most like each query, closest first, equally close ones by id.

    Milvus says which; similarity and order are then computed here in float64. With an index that may miss some, the
    effort grows as the filter keeps fewer; and where few pass, or fewer than k come although k pass, they are all read
    and compared here, as they are for `exact`.

    Args:
        collection: of records.
        queries: (Q, D) float32 of length 1.
        k: how many.
        passing: the expression of the records that may be found; "" for all.
        way: exact or approximate.
        index: of the collection, as Milvus calls it.
        dim: D.

    Returns:
        (Q, <= k).
    """
    if not len(queries):
        return []
    passed = 0 if index == "FLAT" else collection.count(passing)
    if index != "FLAT" and (way == "exact" or passed <= max(k, _FEW)):
        return _all_read(collection, queries, k, passing, dim)
    effort = _EFFORT if index == "FLAT" else _effort(collection, k, passing, passed)
    found: list[list[Row]] = []
    block = max(1, PART // (4 * dim * (k + _MORE)))
    for start in range(0, len(queries), block):
        found += _asked(collection, queries[start : start + block], k, passing, index, effort, dim)
    answers = [_hits(rows, query, k) for rows, query in zip(found, queries, strict=True)]
    short = [row for row, hits in enumerate(answers) if len(hits) < min(k, passed)]
    if short:
        for row, hits in zip(short, _all_read(collection, queries[short], k, passing, dim), strict=True):
            answers[row] = hits
    return answers


def _effort(collection: Collection, k: int, passing: str, passed: int) -> int:
    """How many neighbours an index shall look at: more, where most of them do not pass."""
    effort = max(_EFFORT, 2 * (k + _MORE))
    if passing:
        effort = effort * max(passed, collection.count("")) // passed
    return min(max(effort, _SMALL_EFFORT if passed <= _SMALL else 0), _MOST_EFFORT)


def _asked(
    collection: Collection, queries: Vector, k: int, passing: str, index: str, effort: int, dim: int
) -> list[list[Row]]:
    """Rows for each query: k or fewer and all that may tie with the last of them, as far as Milvus gives so many."""
    limit = min(k + _MORE, AT_ONCE)
    fields: Sequence[str] = FIELDS if 4 * dim * limit <= 4 * PART else ("id",)
    found = collection.nearest(queries, limit, passing, fields, _search(index, max(effort, limit)))
    for number, rows in enumerate(found):
        more = limit
        while len(rows) >= more < AT_ONCE and rows[-1]["distance"] > rows[k - 1]["distance"] - _NEAR:
            more = min(2 * more, AT_ONCE)
            search = _search(index, max(effort, more))
            (rows,) = collection.nearest(queries[number : number + 1], more, passing, ["id"], search)
        if rows and "rest" not in rows[0]:
            rows = _read(collection, [str(row["id"]) for row in rows], dim)
        found[number] = rows
    return found


def _read(collection: Collection, ids: Sequence[str], dim: int) -> list[Row]:
    """Whole rows by id."""
    size = max(1, min(1_000, PART // (4 * dim)))
    rows: list[Row] = []
    for start in range(0, len(ids), size):
        named = ", ".join(f'"{one}"' for one in ids[start : start + size])
        rows += collection.rows(f"id in [{named}]", FIELDS)
    return rows


def _search(index: str, effort: int) -> Mapping[str, int]:
    """The effort in the words of an index."""
    if index.startswith("HNSW"):
        return {"ef": min(effort, _MOST_EFFORT)}
    if index.startswith("IVF"):
        return {"nprobe": max(8, min(effort // 8, 1_024))}
    return {"search_list": min(effort, _MOST_EFFORT)} if index == "DISKANN" else {}


def _all_read(collection: Collection, queries: Vector, k: int, passing: str, dim: int) -> list[list[Hit]]:
    """Every row that passes read and compared here."""
    best: list[list[tuple[float, str]]] = [[] for _ in queries]
    for page in pages(collection, passing, ["embedding"], size=max(1, min(4_000, PART // (4 * dim)))):
        vectors = np.asarray([row["embedding"] for row in page], np.float32)
        for number, query in enumerate(queries):
            scores = cosines(vectors, query)
            kept = best[number] + [(-score, str(row["id"])) for score, row in zip(scores, page, strict=True)]
            best[number] = sorted(kept)[:k]
    answers = []
    for query, pairs in zip(queries, best, strict=True):
        answers.append(_hits(_read(collection, [one for _, one in pairs], dim), query, k))
    return answers


def _hits(rows: Sequence[Row], query: Vector, k: int) -> list[Hit]:
    """Rows as answers, sorted."""
    if not rows:
        return []
    records = [to_record(row) for row in rows]
    scores = cosines(np.stack([record.embedding for record in records]), query)
    hits = [Hit(record, score) for record, score in zip(records, scores, strict=True)]
    return sorted(hits, key=lambda hit: (-hit.similarity, hit.record.id))[:k]
