"""The indexes that a filter of cameras or a time is searched in, written anew where their pages are far from full."""

import psycopg
from psycopg import sql

from passerby.gallery.postgres.building import building
from passerby.gallery.postgres.cut_off import drop_cut_off

EACH = {"records_bits": 1 / 8, "records_where": 2.0}
"""Bytes that a dimension takes, by index; the rest is alike."""
REST = 60
"""Bytes of the rest: camera, time, track, id, and what PostgreSQL adds to each row of an index."""
LOOSE = 1.25
"""An index that is so many times as large as it need be is written anew."""
LEAST = 2_000
"""Pages below which it does not matter."""


def pack(connection: psycopg.Connection, *, least: int = LEAST, wait: bool = False) -> list[str]:
    """Write anew what has become much larger than its rows need; adding and searching go on.

    Records that come by time are put between those of other cameras, so that pages are split and stay half empty; and
    what was deleted leaves holes. A search reads the fewer pages the fuller they are.

    Args:
        connection: in no transaction. If it is cut off, the next call removes what is left.
        least: pages below which an index is left as it is.
        wait: for somebody else who builds, instead of leaving it to them.

    Returns:
        Names of the indexes that were written.

    Raises:
        psycopg.errors.DiskFull: if there is no room for another copy of an index; the old one stays.
    """
    with building(connection, wait=wait) as alone:
        if not alone:
            return []
        drop_cut_off(connection)
        loose = [name for name, each in EACH.items() if _is_loose(connection, name, each, least)]
        for name in loose:
            _write(connection, name)
        return loose


def _is_loose(connection: psycopg.Connection, name: str, each: float, least: int) -> bool:
    """Whether an index has many more pages than its rows need where PostgreSQL writes them one after another."""
    row = connection.execute(
        "SELECT pg_relation_size(to_regclass(%s)) / size, size, near FROM meta, "
        "(SELECT current_setting('block_size')::int AS size) AS block",
        (name,),
    ).fetchone()
    if row is None or row[0] is None or row[0] < least:
        return False
    pages, size, near = row
    counted = connection.execute("SELECT count(*) FROM records").fetchone()
    assert counted is not None
    width, room = REST + each * near, size - 44
    a_page = max(1, (room - max(room / 10, width)) // width)  # the row that would fill it begins the next one
    return bool(pages > LOOSE * counted[0] / a_page)


def _write(connection: psycopg.Connection, name: str) -> None:
    """Write an index anew beside the old one and put it in its place."""
    write = sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(sql.Identifier(name))
    connection.execute("SET maintenance_work_mem = '256MB'")
    connection.execute("SET max_parallel_maintenance_workers = 1")
    try:
        connection.execute(write)
    except psycopg.errors.DiskFull as error:
        drop_cut_off(connection)
        if "shared memory" not in str(error):
            raise
        # of the shared memory that several workers need, as in small containers
        connection.execute("SET max_parallel_maintenance_workers = 0")
        connection.execute(write)
