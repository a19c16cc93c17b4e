"""An amount that requests share."""

from collections.abc import Iterator
from contextlib import contextmanager

from passerby.serve.busy import Busy


class Room:
    """What all requests together may hold, such as bytes; for one event loop.

    Args:
        most: how much.
    """

    def __init__(self, most: int) -> None:
        self.free = most

    @contextmanager
    def taken(self, amount: int, *, full: str) -> Iterator[None]:
        """Hold a part of it.

        Args:
            amount: how much, 0 or more.
            full: what a client is told where there is too little.

        Raises:
            Busy: if less is free; nobody waits.
        """
        if amount > self.free:
            raise Busy(full)
        self.free -= amount
        try:
            yield
        finally:
            self.free += amount
