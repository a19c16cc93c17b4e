"""What searches read, asked of the disk before it is needed."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

READ = (
    "SELECT pg_relation_filepath(pg_class.oid) FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid, "
    "(SELECT reltoastrelid AS whole FROM pg_class WHERE oid = 'passerby.records'::regclass) AS records "
    "WHERE pg_class.oid IN ('passerby.records'::regclass, whole) OR indrelid = whole "
    "OR indrelid = 'passerby.records'::regclass AND relname ~ '^(graph_.*|records_(bits|pkey|where))$' "
    "ORDER BY pg_class.oid = whole, relname !~ '^graph_', relname"
)
"""The files of graphs first, and those of the vectors as they were given last, of which a search reads few."""
SHARE = 0.5
"""Of the memory that is free; the rest is left to other programs."""
STEP = 32 * 2**20
"""Bytes that are asked for at a time."""
PAUSE_S = 0.05
"""From one such request to the next, so that what a search asks for meanwhile does not wait behind all of it."""


def files(connection: psycopg.Connection, data: Path) -> list[Path]:
    """Where the tables and indexes lie which searches read.

    Args:
        connection: in a transaction.
        data: the folder of the server's files.
    """
    return [data / path for (path,) in connection.execute(READ).fetchall()]


def warm(found: Sequence[Path], *, stopped: Callable[[], bool] = lambda: False) -> int:
    """Have the system read a gallery's files into its memory, where they lie on this machine.

    Until they are there, a search waits for the disk at every step through a graph. Nothing is read where the system
    does not do so on request, and no more than fits into half of the memory that is free.

    Args:
        found: the first file of each; where it has more than 1 GB, others stand beside it.
        stopped: says whether to stop.

    Returns:
        How many bytes were asked for.
    """
    room = int(SHARE * _free())
    asked = 0
    for first in found:
        part, number = first, 0
        while part.is_file():
            with part.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                for start in range(0, size, STEP):
                    step = min(STEP, size - start)
                    if stopped() or asked + step > room:
                        return asked
                    os.posix_fadvise(file.fileno(), start, step, os.POSIX_FADV_WILLNEED)
                    asked += step
                    time.sleep(PAUSE_S)
            number += 1
            part = Path(f"{first}.{number}")
    return asked


def _free() -> int:
    """Bytes of memory that programs may still take; 0 where the system does not say, or does not read on request."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    free = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)
    return free if hasattr(os, "posix_fadvise") else 0
