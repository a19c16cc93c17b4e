"""Threads for work that would hold the server up, with a bound on what waits for them."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from passerby.serve.busy import Busy

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """Some threads and a bounded queue.

    Args:
        name: of the threads.
        threads: how many, 1 or more.
        waiting: calls that may run or wait at once.
        seconds: that a call may take, its waiting included.
    """

    def __init__(self, name: str, *, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"passerby-{name}")
        self._name, self._waiting, self._seconds = name, waiting, seconds
        self._lock, self._there, self._closed = threading.Lock(), 0, False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function gives, called in one of the threads.

        Raises:
            Busy: if too many calls wait.
            TimeoutError: if it takes too long; a call that has begun goes on to its end.
        """
        with self._lock:
            if self._closed or self._there >= self._waiting:
                raise Busy(f"{self._there} calls wait for a thread ({self._name}); ask again in a moment.")
            self._there += 1
            future = self._pool.submit(function, *args, **kwargs)
        future.add_done_callback(self._ended)  # counted until it ends, not until its caller has had enough
        async with asyncio.timeout(self._seconds):
            return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let the calls that run end, give up those that wait."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ended(self, future: Future[T]) -> None:
        with self._lock:
            self._there -= 1
