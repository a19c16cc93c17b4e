"""One at a time changes the indexes of a gallery."""

import contextlib
import time
from collections.abc import Iterator

import psycopg

BUILDING = 7083216
"""Number of the lock that whoever builds holds."""


@contextlib.contextmanager
def building(connection: psycopg.Connection, *, wait: bool = False) -> Iterator[bool]:
    """Be the only one who builds; adding and searching go on.

    Args:
        connection: in no transaction.
        wait: for somebody else who is at it, instead of leaving it to them.

    Yields:
        Whether we are; False only if somebody else is at it.
    """
    while not connection.execute("SELECT 1 WHERE pg_try_advisory_lock(%s)", (BUILDING,)).fetchone():
        if not wait:
            yield False
            return
        # not pg_advisory_lock: who builds waits for every statement that began before, so for that one too
        time.sleep(0.1)
    try:
        yield True
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (BUILDING,))
