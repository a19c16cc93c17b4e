"""What a gallery needs done from time to time, by a thread of its own."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from passerby.gallery.contract import Unavailable
from passerby.gallery.postgres.checking import check_bits
from passerby.gallery.postgres.cut_off import leave_nothing
from passerby.gallery.postgres.database import Database
from passerby.gallery.postgres.graphs import build
from passerby.gallery.postgres.packing import pack
from passerby.gallery.postgres.renew import renew
from passerby.gallery.postgres.warm import warm

QUIET_S = 3.0
"""So long after the last change it begins."""
LONGEST_S = 300.0
"""So long after the first one it begins even where changes never end."""
MANY = 10_000
"""Changes after which the planner's figures are made anew."""
NO_ROOM_S = 3_600.0
"""So long after a disk was full, what filled it is not tried again."""
WORKS = (build, check_bits, pack)
"""What is done then; each sees for itself whether there is anything to do."""


class Upkeep:
    """Renews the planner's figures, builds graphs, checks the search by bits and packs indexes.

    It does so when something was changed and then nothing for a while. Whoever opened the gallery before may have left
    something to do: that is looked for once this one is searched or changed. Who only reads begins none of it, since it
    would be cut off on closing; and while all records are read, what is built would wait for the end of that.

    Args:
        database: of the gallery.
        data: the folder of its files, where these are ours; what searches read is then read first of all.
    """

    def __init__(self, database: Database, *, data: Path | None = None) -> None:
        self._database = database
        self._data = data
        self._wake = threading.Condition()
        self._changes = self._under_way = 0
        self._first = self._last = time.monotonic()
        self._look = self._looked = False
        self._stopped = False
        self._not_before: dict[object, float] = {}
        self._at_work: psycopg.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="gallery-upkeep", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def change(self) -> Iterator[Callable[[int], None]]:
        """It is not quiet while records are added or deleted; give the function how many, in the end."""
        self.searched()
        with self.reading():
            yield self._changed

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Nor is it while all records are read."""
        with self._wake:
            self._under_way += 1
        try:
            yield
        finally:
            with self._wake:
                self._under_way -= 1
                self._last = time.monotonic()
                self._wake.notify()

    def searched(self) -> None:
        """Look, when it is quiet, for what was left to do; only the first call does anything."""
        if self._looked:
            return
        with self._wake:
            self._look = self._looked = True
            self._wake.notify()

    def _changed(self, number: int) -> None:
        with self._wake:
            if not self._changes:
                self._first = time.monotonic()
            self._changes += number

    def settle(self) -> None:
        """Do all of it now, and wait for it."""
        with self._wake:
            self._changes = 0
        with self._database.connection(statement_s=0, autocommit=True) as connection:
            renew(connection)
            for work in WORKS:
                work(connection, wait=True)

    def stop(self) -> None:
        """End the thread; what it is building is given up."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        while self._thread.is_alive():
            with self._wake:
                busy = self._at_work
            if busy is not None:
                with contextlib.suppress(psycopg.Error):
                    busy.cancel_safe(timeout=5)
            self._thread.join(0.1)

    def _run(self) -> None:
        """Wait for changes and quiet, then work."""
        if self._data is not None:
            self._warm(self._data)
        while self._wait():
            try:
                with self._database.connection(statement_s=0, autocommit=True) as connection:
                    with self._wake:
                        self._at_work = connection
                        changes, self._changes, self._look = self._changes, 0, False
                    try:
                        if changes and not self._stopped:
                            renew(connection)
                        self._do(connection)
                    finally:
                        with self._wake:
                            self._at_work = None
                        if self._stopped and not connection.broken:
                            leave_nothing(connection)
            except (Unavailable, psycopg.Error) as error:
                logging.getLogger(__name__).info("upkeep of the gallery: %s", error)
                with self._wake:
                    if not self._stopped:
                        self._wake.wait(QUIET_S)

    def _warm(self, data: Path) -> None:
        """Have in memory what searches read; where that fails, they wait for the disk."""
        with (
            contextlib.suppress(Unavailable, psycopg.Error, OSError),
            self._database.connection(autocommit=True) as connection,
        ):
            with self._wake:
                self._at_work = connection
            try:
                warm(connection, data, stopped=lambda: self._stopped or self._changes >= MANY)
            finally:
                with self._wake:
                    self._at_work = None
                if not connection.broken:
                    connection.close()  # which leaving then calls an error

    def _do(self, connection: psycopg.Connection) -> None:
        """All works, but for those that found no room a short while ago."""
        for work in WORKS:
            if self._stopped or time.monotonic() < self._not_before.get(work, -math.inf):
                continue
            try:
                work(connection)
            except psycopg.errors.DiskFull as error:
                self._not_before[work] = time.monotonic() + NO_ROOM_S
                logging.getLogger(__name__).warning("no room for the gallery's indexes: %s", error)

    def _wait(self) -> bool:
        """Wait until there is something to do; False if nothing is to be done any more."""
        with self._wake:
            while not self._stopped:
                now = time.monotonic()
                quiet = math.inf if self._under_way else self._last + QUIET_S
                due = min(quiet, self._first + LONGEST_S) if self._changes >= MANY else math.inf
                if self._look:
                    due = min(due, quiet)
                if now >= due:
                    return True
                self._wake.wait(None if due == math.inf else due - now)
            return False
