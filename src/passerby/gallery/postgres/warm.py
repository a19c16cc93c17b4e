"""What searches read, brought into memory before it is needed."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import psycopg

from passerby.gallery.postgres.fill import fill

PLACES = (
    "SELECT pg_relation_filepath(pg_class.oid), CASE WHEN relname IN ('records_bits', 'records_pkey') THEN 0 "
    "WHEN starts_with(relname, 'graph_') THEN 1 WHEN relname = 'records' THEN 2 WHEN indrelid = whole THEN 3 "
    "WHEN relname = 'records_where' THEN 4 ELSE 5 END AS turn "
    "FROM (SELECT reltoastrelid AS whole FROM pg_class WHERE oid = 'passerby.records'::regclass) AS records, "
    "pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid "
    "WHERE pg_class.oid IN ('passerby.records'::regclass, whole) OR indrelid = whole OR indrelid = "
    "'passerby.records'::regclass AND indisvalid AND relname ~ '^(graph_.*|records_(bits|pkey|where))$' "
    "ORDER BY turn, relname"
)
"""The files that searches read: those first that each search reads all over, last the vectors as they were given."""
FIRST = 3
"""The turns below this one are read before the server's own memory is filled."""
OTHERS = (
    "SELECT FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend' "
    "AND pid <> pg_backend_pid() LIMIT 1"
)
"""Whether the server is at work for somebody else."""
SHARE = 0.5
"""Of the memory that is free; the rest is left to other programs."""
STEP = 4 * 2**20
"""Bytes that are read at a time: what a search asks of the disk meanwhile does not wait for more than that."""
PAUSES, PAUSE_S = 4.0, 0.02
"""While others are at work, so many times as long as a step took is waited after it, but no longer than that.

A quick disk is left to them most of the time, a slow one half of it: there nothing helps as much as that all is read.
"""
NICE = 10
"""Of the process that fills the server's memory: it gets a tenth of a processor that others need."""


def warm(connection: psycopg.Connection, data: Path, *, stopped: Callable[[], bool] = lambda: False) -> None:
    """Have a gallery's files read into the system's memory, and what every search reads into the server's too.

    Until they are there, a search waits for the disk at every step through a graph. No more is read than fits into half
    of the memory that is free, and it is read slowly while the server has other work.

    Args:
        connection: in no transaction. Close it afterwards: its settings are others, and it gives way to all others.
        data: the folder of the server's files, on this machine.
        stopped: says whether to stop; asked some times a second.
    """
    left = int(SHARE * _free())
    # one that is dropped meanwhile has no path
    found = [(path, turn) for path, turn in connection.execute(PLACES).fetchall() if path]
    first, later = ([data / path for path, turn in found if (turn < FIRST) is early] for early in (True, False))
    _give_way(connection.info.backend_pid, data)

    def busy() -> bool:
        return connection.execute(OTHERS).fetchone() is not None

    steps = chain(read(first, busy=busy), fill(connection), read(later, busy=busy))
    while left > 0 and not stopped():
        size = next(steps, None)
        if size is None:
            return
        left -= size


def read(paths: Sequence[Path], *, busy: Callable[[], bool] = lambda: False) -> Iterator[int]:
    """Read files, so that the system has them in memory; those that are gone are passed over.

    Asked to read ahead by itself (`posix_fadvise`), the system would read a part of each step and not say so.

    Args:
        paths: the first file of each; where it has more than 1 GB, others stand beside it.
        busy: says whether others need the disk.

    Yields:
        How many bytes were read, after each step.
    """
    buffer = bytearray(STEP)
    for first in paths:
        part, number = first, 0
        while part.is_file():
            with contextlib.suppress(FileNotFoundError), part.open("rb", buffering=0) as file:
                begun = time.perf_counter()
                while size := file.readinto(buffer):
                    took = time.perf_counter() - begun
                    yield size
                    if busy():
                        time.sleep(min(PAUSES * took, PAUSE_S))
                    begun = time.perf_counter()
            number += 1
            part = Path(f"{first}.{number}")


def _give_way(process: int, data: Path) -> None:
    """Put a process of the server behind all others, where it is one of this machine and may be."""
    with contextlib.suppress(OSError):
        if Path(f"/proc/{process}/cwd").samefile(data):
            os.setpriority(os.PRIO_PROCESS, process, NICE)


def _free() -> int:
    """Bytes of memory that programs may still take; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)
