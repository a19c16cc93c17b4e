"""What a building of an index has left that was cut off."""

import contextlib
import time

import psycopg
from psycopg import sql

from passerby.gallery.postgres.building import building

PATIENCE_S = 2.0
"""How long closing a gallery waits for it: who reads in another process may keep an index for hours."""


def drop_cut_off(connection: psycopg.Connection) -> None:
    """Drop unfinished graphs, the unfinished new index where one was written anew, or the old one that it replaced.

    PostgreSQL puts every record that is added into these too, though nobody searches them.

    Args:
        connection: in no transaction, and the only one that builds.
    """
    rows = connection.execute(
        "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE indrelid = 'passerby.records'::regclass AND NOT indisvalid AND relname ~ '^graph_|_cc(new|old)[0-9]*$'"
    ).fetchall()
    for (name,) in rows:
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))


def leave_nothing(connection: psycopg.Connection) -> None:
    """The same on closing, as far as it is quickly done; the next who builds drops the rest.

    Args:
        connection: in no transaction; its settings are others afterwards.
    """
    end = time.monotonic() + PATIENCE_S
    while (left := end - time.monotonic()) > 0:  # what cut the building off may come once more
        with contextlib.suppress(psycopg.errors.QueryCanceled):
            connection.execute(f"SET statement_timeout = {max(1, int(1000 * left))}".encode())
            with building(connection) as alone:
                if alone:
                    drop_cut_off(connection)
            return
