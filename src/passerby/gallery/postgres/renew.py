"""What a search needs to know of the tables, made anew."""

import psycopg


def renew(connection: psycopg.Connection, *, wait: bool = False) -> None:
    """Renew the planner's figures, and note which pages hold nothing but what everybody may see.

    Without that note, what could be read from an index alone is looked up in the table too, at several times the cost.

    Args:
        connection: in no transaction.
        wait: for somebody who has locked the records, as who builds a graph does, instead of leaving it.
    """
    # The indexes are left to the server's own, slower clearing up: to take the deleted out of a graph takes minutes.
    skip = "" if wait else "SKIP_LOCKED, "
    connection.execute(f"VACUUM (ANALYZE, INDEX_CLEANUP off, {skip}PARALLEL 0) records".encode())
