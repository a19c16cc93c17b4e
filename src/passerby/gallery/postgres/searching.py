"""The records most like a query: candidates by their 16-bit copies, then the cosines of the vectors themselves."""

from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from psycopg import sql

from passerby.gallery.contract import Hit, Way
from passerby.gallery.cosines import cosines
from passerby.gallery.postgres.by_bits import Candidate, by_bits
from passerby.gallery.postgres.conditions import Conditions, conditions
from passerby.gallery.postgres.graphs import Graph, graphs
from passerby.gallery.postgres.near import OFF, near
from passerby.gallery.postgres.rows import COLUMNS, record_of, vector_of
from passerby.gallery.postgres.schema import Meta
from passerby.gallery.postgres.written import written
from passerby.gallery.record import Vector
from passerby.gallery.where import EVERYTHING, Where

SMALL = 20_000
"""A gallery of so few records is always searched exactly."""
IN_A_ROW, SCATTERED = 50.0, 25.0
"""So is what a filter keeps, if the planner thinks that it is at most so many times the square root of all.

To look at m of n records takes some m microseconds where the filter is of cameras or a time, since the copies of these
lie one after another in `records_where`, and twice as long or more elsewhere. A graph is followed until some 150 pass:
150 n / m records at some 16 microseconds. The two are equal at m = sqrt(2,400 n).
"""
BY_BITS = 120.0
"""Up to so many times the square root of all, what a filter of cameras or a time keeps is searched by its bits.

They lie one after another in `records_bits`, a sixteenth of the copies, and cost less than half the time.
"""
FOUND = 0.97
"""That is, if bits were measured to find such a share of this gallery's closest (checking.py).

Else all is compared; where copies are projected, the graph is asked.
"""
MOST_BY_BITS = 200
"""More answers than these are not searched by bits: each takes SURE more candidates, which lie scattered."""
MOST_BY_GRAPH = 1_000
"""More answers than these are always searched exactly."""
ROUNDING = 1e-5
"""How far the server's cosine of whole vectors may be from ours: it sums in float32."""


def search(connection: psycopg.Connection, query: Vector, k: int, *, where: Where, way: Way, meta: Meta) -> list[Hit]:
    """The k records most like one query.

    Args:
        connection: in a transaction.
        query: (D,) of length 1.
        k: how many.
        where: which may be found.
        way: exact, or approximate.
        meta: of the gallery.

    Returns:
        The hits, closest first, equally close ones by id.
    """
    filtered = conditions(where)
    if way == "approximate" and k <= MOST_BY_GRAPH:
        wanted = _wanted(k, meta)
        parts = _parts(connection, where, filtered, bits=k <= MOST_BY_BITS, meta=meta)
        if parts is not None:
            if parts:
                found = _by_graphs(connection, query, wanted, filtered=filtered, parts=parts, meta=meta)
            else:
                found = by_bits(connection, near(query[None], meta.near)[0], wanted, filtered=filtered)
            if len(found) == wanted:
                return _closest(connection, query, k, found, off=OFF if meta.near == meta.dim else 2)
    return _exact(connection, query, k, filtered=filtered, meta=meta)


def _parts(
    connection: psycopg.Connection, where: Where, filtered: Conditions, *, bits: bool, meta: Meta
) -> list[Graph] | None:
    """The graphs to search; none where bits are better, and None where all that passes shall be looked at."""
    if where.ids is not None or where.pids is not None:
        return None
    row = connection.execute(
        "SELECT max(seq) - min(seq), (SELECT middle IS NOT NULL AND bits_recall >= %s FROM meta) FROM records", (FOUND,)
    ).fetchone()
    assert row is not None
    if row[0] is None or row[0] < SMALL:
        return None
    parts = graphs(connection)
    if not parts:
        return None
    if where != EVERYTHING:
        condition, given = filtered
        plan = connection.execute(
            sql.SQL("EXPLAIN (FORMAT JSON) SELECT FROM records WHERE ") + condition, given, prepare=False
        ).fetchone()
        assert plan is not None
        passing, root = plan[0][0]["Plan"]["Plan Rows"], row[0] ** 0.5
        in_a_row = not where.labels and (
            where.cameras is not None or where.since is not None or where.until is not None
        )
        if passing <= (IN_A_ROW if in_a_row else SCATTERED) * root:
            return None
        if bits and in_a_row and passing <= BY_BITS * root:
            if row[1]:
                return []
            if meta.near == meta.dim:  # else all vectors would be read as they were given, which takes seconds
                return None
    return parts


def _wanted(k: int, meta: Meta) -> int:
    """How many candidates to look at more closely."""
    wanted = 2 * k + 50
    if meta.near < meta.dim:
        wanted *= 4
    return wanted


def _by_graphs(
    connection: psycopg.Connection, query: Vector, wanted: int, *, filtered: Conditions, parts: list[Graph], meta: Meta
) -> list[Candidate]:
    """Candidates of every graph, and of the records that are in none yet."""
    condition, given = filtered
    effort = min(1000, max(200, wanted))
    connection.execute(
        f"SET LOCAL enable_sort = off; SET LOCAL hnsw.iterative_scan = relaxed_order; "
        f"SET LOCAL hnsw.ef_search = {effort}; SET LOCAL hnsw.max_scan_tuples = {max(40_000, 20 * wanted)}; "
        "SET LOCAL hnsw.scan_mem_multiplier = 8; SET LOCAL max_parallel_workers_per_gather = 0".encode()
    )
    asked = written(near(query[None], meta.near)[0])
    pieces: list[sql.Composable] = []
    values: list[object] = []
    # The graph's order is taken, in the same words as its condition, or its index would not be used.
    by_graph = "(SELECT id, near <#> %s::halfvec AS far FROM records WHERE seq >= {low} AND seq < {high} AND "
    for part in parts:
        pieces.append(
            sql.SQL(by_graph).format(low=sql.Literal(part.low), high=sql.Literal(part.high))
            + condition
            + sql.SQL(" ORDER BY near <#> %s::halfvec LIMIT %s)")
        )
        values += [asked, *given, asked, wanted]
    pieces.append(
        sql.SQL("(SELECT id, (near <#> %s::halfvec) + 0 AS far FROM records WHERE seq >= {} AND ").format(
            sql.Literal(parts[-1].high)
        )
        + condition
        + sql.SQL(" ORDER BY far LIMIT %s)")
    )
    values += [asked, *given, wanted]
    statement = sql.SQL(" UNION ALL ").join(pieces) + sql.SQL(" ORDER BY far LIMIT %s")
    rows = connection.execute(statement, [*values, wanted], prepare=False).fetchall()
    connection.execute("SET LOCAL enable_sort = on; SET LOCAL max_parallel_workers_per_gather TO DEFAULT")
    return rows


def _exact(connection: psycopg.Connection, query: Vector, k: int, *, filtered: Conditions, meta: Meta) -> list[Hit]:
    """The k closest of all that pass.

    The k-th cosine of some candidates is at most the k-th of all. So what can still belong to the answer has a product
    of the copies not below that, less what a copy may be off; nearly always these are candidates already.
    """
    condition, given = filtered
    if meta.near == meta.dim:
        far, asked, off = "(near <#> %s::halfvec) + 0", written(near(query[None], meta.near)[0]), OFF
    else:
        far, asked, off = "(vec <=> %s::vector) - 1", written(query), ROUNDING
    select = sql.SQL(f"SELECT id, {far} AS far FROM records WHERE ") + condition
    wanted = 2 * k + 50
    rows = connection.execute(
        select + sql.SQL(" ORDER BY far, id LIMIT %s"), [asked, *given, wanted], prepare=False
    ).fetchall()
    hits = _closest(connection, query, k, rows, off=off)
    if len(rows) < wanted or len(hits) < k:
        return hits
    reach = off - hits[-1].similarity
    if rows[-1][1] > reach:
        return hits
    rows = connection.execute(
        sql.SQL("SELECT id, far FROM (") + select + sql.SQL(") AS all_of_them WHERE far <= %s ORDER BY far, id"),
        [asked, *given, reach],
        prepare=False,
    ).fetchall()
    return _closest(connection, query, k, rows, off=off)


def _closest(connection: psycopg.Connection, query: Vector, k: int, found: list[Candidate], *, off: float) -> list[Hit]:
    """The k of these records whose cosine is highest; `off` is how far a candidate's product may be from its cosine."""
    some = k + 16
    scored = _scored(connection, query, [id for id, _ in found[:some]])
    if len(scored) >= k:
        reach = off - scored[k - 1][0]
        rest = [id for id, far in found[some:] if far <= reach]
    else:
        rest = [id for id, _ in found[some:]]
    if rest:
        scored = sorted(scored + _scored(connection, query, rest), key=_order)
    return [Hit(record_of(row), cosine) for cosine, row in scored[:k]]


def _scored(connection: psycopg.Connection, query: Vector, ids: list[UUID]) -> list[tuple[float, tuple[Any, ...]]]:
    """Cosines and rows of records, closest first."""
    scored: list[tuple[float, tuple[Any, ...]]] = []
    for start in range(0, len(ids), 1_000):
        some = "{" + ",".join(id.hex for id in ids[start : start + 1_000]) + "}"
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM records WHERE id = ANY(%s::uuid[])".encode(), (some,), binary=True
        ).fetchall()
        if rows:
            scored += zip(cosines(np.stack([vector_of(row[8]) for row in rows]), query), rows, strict=True)
    return sorted(scored, key=_order)


def _order(scored: tuple[float, tuple[Any, ...]]) -> tuple[float, UUID]:
    return -scored[0], scored[1][0]
