"""The server's own memory, filled with what searches read."""

from collections.abc import Iterator

import numpy as np
import psycopg
from psycopg import sql

from passerby.gallery.postgres.graphs import Graph, graphs

PAGE = 8_192
"""Bytes; the embedded server knows no other pages."""
SHARE = 0.75
"""Of the server's memory; the rest is left to what is read meanwhile."""
ENOUGH = 0.03
"""A graph is left once no more than such a share of the pages that a search looks at had to be read."""
MOST = 500
"""Searches of one graph."""
SETTINGS = {
    "hnsw.ef_search": 1_000,
    "hnsw.iterative_scan": "off",
    "enable_sort": "off",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "max_parallel_workers_per_gather": 0,
    "default_transaction_read_only": "on",
}
"""What PostgreSQL is told, so that it goes through those indexes that shall be read, and changes nothing."""


def fill(connection: psycopg.Connection) -> Iterator[int]:
    """Have the server read what every search reads, until a share of its memory is full.

    What the system holds in memory is not in the server's yet: the first search that meets a page has it copied, and
    those that follow a graph meet thousands. The pages of a graph cannot be asked for by number, so it is searched:
    for one answer, but as widely as pgvector does, by records of the gallery itself, until there is little new.
    A gallery that has no graph is small, and left alone.

    Args:
        connection: in no transaction; its settings are others afterwards.

    Yields:
        How many bytes were read, after each statement; one takes some tenths of a second.
    """
    parts = graphs(connection)
    if not parts:
        return
    row = connection.execute("SELECT setting::int FROM pg_settings WHERE name = 'shared_buffers'").fetchone()
    assert row is not None
    most = int(SHARE * row[0])
    connection.execute("; ".join(f"SET {name} = {value}" for name, value in SETTINGS.items()).encode())
    for pages in _steps(connection, parts, most // 4):
        yield PAGE * pages
        most -= pages
        if most <= 0:
            return


def _steps(connection: psycopg.Connection, parts: list[Graph], most: int) -> Iterator[int]:
    """Read a little at each step, nothing of more than `most` pages at once; how many pages were read."""
    for index, column in (("records_pkey", "id"), ("records_bits", "bits")):
        row = connection.execute("SELECT pg_relation_size(%s::regclass) / %s", (f"passerby.{index}", PAGE)).fetchone()
        if row is not None and row[0] <= most:
            yield _read(connection, sql.SQL("SELECT count({}) FROM records").format(sql.Identifier(column)))[0]
    rng = np.random.default_rng(0)
    for part in sorted(parts, key=lambda part: -part.rows):
        search = sql.SQL(
            "SELECT FROM records WHERE seq >= {low} AND seq < {high} "
            "ORDER BY near <#> (SELECT near FROM records WHERE seq >= %s ORDER BY seq LIMIT 1) LIMIT 1"
        ).format(low=sql.Literal(part.low), high=sql.Literal(part.high))
        for _ in range(MOST):
            read, there = _read(connection, search, int(rng.integers(part.low, part.high)))
            yield read
            if read <= ENOUGH * (read + there):
                break


def _read(connection: psycopg.Connection, statement: sql.Composed, *values: object) -> tuple[int, int]:
    """Carry out a statement; the pages that had to be read for it, and those that were there."""
    explained = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ") + statement
    row = connection.execute(explained, values, prepare=False).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return plan["Shared Read Blocks"], plan["Shared Hit Blocks"]
