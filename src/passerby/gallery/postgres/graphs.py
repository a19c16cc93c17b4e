"""The HNSW graphs of a gallery: which records are in one, and when one is built."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from passerby.gallery.postgres.building import building
from passerby.gallery.postgres.renew import renew

TAIL = 50_000
"""So many records may be in no graph before one is built: a search looks at each of them."""
LEVEL = 2
"""A new graph takes in those before it that are at most so many times as large, so that there are few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """One index over the records of an interval of arrival.

    Args:
        low: the first `seq` in it.
        high: the first one not in it.
        name: of the index.
        rows: how many records it had when it was built.
    """

    low: int
    high: int
    name: str
    rows: int


def graphs(connection: psycopg.Connection) -> list[Graph]:
    """Those that can be searched, by arrival; each begins where the one before ends.

    Args:
        connection: in a transaction.

    Returns:
        The graphs.
    """
    rows = connection.execute("SELECT low, high, name, rows FROM graphs ORDER BY low").fetchall()
    return [Graph(low=low, high=high, name=name, rows=count) for low, high, name, count in rows]


def build(connection: psycopg.Connection, *, tail: int = TAIL, wait: bool = False) -> bool:
    """Build a graph of the records that are in none, if there are `tail` of them; writing and searching go on.

    A graph is a partial index over an interval of `seq`, which counts arrivals: a record that is added or replaced is
    never in an old interval, so that adding does not wait for a graph to take it in.

    Args:
        connection: in no transaction. If it is cut off, the next call removes what is left.
        tail: how many there must be.
        wait: for somebody else who is at it, instead of leaving it to them.

    Returns:
        Whether one was built.
    """
    with building(connection, wait=wait) as alone:
        return alone and _build(connection, tail)


def _build(connection: psycopg.Connection, tail: int) -> bool:
    """The same, being the only one."""
    old = graphs(connection)
    _remove_others(connection, old)
    low = old[-1].high if old else 0
    high = (_one(connection, "SELECT max(seq) FROM records") or 0) + 1
    rows = _one(connection, "SELECT count(*) FROM records WHERE seq >= %s AND seq < %s", low, high)
    if rows < tail:
        return False
    merged = []
    while old and old[-1].rows <= LEVEL * rows:
        merged.append(old.pop())
        low = merged[-1].low
        rows += merged[-1].rows
    name = f"graph_{low}_{high}"
    _settings(connection, rows)
    create = sql.SQL(
        "CREATE INDEX CONCURRENTLY {} ON records USING hnsw (near halfvec_ip_ops) WITH (m = 16, ef_construction = 64) "
        "WHERE seq >= {} AND seq < {}"
    ).format(sql.Identifier(name), sql.Literal(low), sql.Literal(high))
    try:
        connection.execute(create)
    except psycopg.errors.DiskFull:  # of the shared memory that several workers need, as in small containers
        connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(name)))
        connection.execute("SET max_parallel_maintenance_workers = 0")
        connection.execute(create)
    with connection.transaction():
        for graph in merged:
            connection.execute("DELETE FROM graphs WHERE name = %s", (graph.name,))
        connection.execute("INSERT INTO graphs VALUES (%s, %s, %s, %s)", (low, high, name, rows))
    _remove_others(connection, graphs(connection))
    renew(connection, wait=True)  # nobody else builds now, and while this was built nobody could
    return True


def _settings(connection: psycopg.Connection, rows: int) -> None:
    """Memory for the whole graph, if a quarter of the machine's is enough: out of memory it is many times slower."""
    need = rows * (2 * _one(connection, "SELECT near FROM meta") + 1_200) // 2**20 + 64
    connection.execute(f"SET maintenance_work_mem = '{max(64, min(need, 4_000))}MB'".encode())
    connection.execute("SET max_parallel_maintenance_workers = 1")


def _remove_others(connection: psycopg.Connection, known: list[Graph]) -> None:
    """Drop graphs that nobody searches: replaced ones, and those whose building was cut off."""
    rows = connection.execute(
        "SELECT indexrelid::regclass::text, relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE indrelid = 'passerby.records'::regclass AND starts_with(relname, 'graph_')"
    ).fetchall()
    names = {graph.name for graph in known}
    for _, name in rows:
        if name not in names:
            connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))


def _one(connection: psycopg.Connection, statement: str, *values: object) -> int:
    """The one value of a statement."""
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]
