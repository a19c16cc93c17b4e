"""When Milvus is told to index what was added, instead of leaving it to its own time."""

import contextlib
import threading
import time
from collections.abc import Callable

from passerby.gallery.contract import Unavailable

QUIET_S = 10.0
"""So long after the last addition it is told."""
LONGEST_S = 120.0
"""So long after the first one it is told even where additions never end; more often would make many small parts."""


class Sealing:
    """Seals what was added, when nothing was added for a while.

    Milvus keeps new rows in an open part of the collection, until that is large or ten minutes old. By default it
    searches an open part by a coarse index that misses many, and nothing that a search may say changes that; only a
    part that was sealed gets the collection's own index.

    Args:
        seal: does it; its errors are left to the next time, since no row is lost by them.
    """

    def __init__(self, seal: Callable[[], None]) -> None:
        self._seal = seal
        self._wake = threading.Condition()
        self._first: float | None = None
        self._last = 0.0
        self._stopped = False
        self._thread: threading.Thread | None = None

    def added(self) -> None:
        """Something was added."""
        with self._wake:
            self._last = time.monotonic()
            if self._first is None:
                self._first = self._last
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="gallery-sealing", daemon=True)
                self._thread.start()
            self._wake.notify()

    def stop(self) -> None:
        """Seal what is left, and end the thread."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        if self._first is not None:
            with contextlib.suppress(Unavailable):
                self._seal()

    def _run(self) -> None:
        """Wait for quiet, then seal."""
        while self._wait():
            try:
                self._seal()
            except Unavailable:
                with self._wake:
                    self._first = self._last = time.monotonic()

    def _wait(self) -> bool:
        """Wait until there is something to seal; False if it is to end."""
        with self._wake:
            while not self._stopped:
                if self._first is None:
                    self._wake.wait()
                    continue
                now, due = time.monotonic(), min(self._last + QUIET_S, self._first + LONGEST_S)
                if now >= due:
                    self._first = None
                    return True
                self._wake.wait(due - now)
            return False
