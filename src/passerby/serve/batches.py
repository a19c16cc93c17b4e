"""Pictures of requests that run at the same time, embedded together."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from passerby.serve.busy import Busy
from passerby.serve.embedder import Vectors


@dataclass(frozen=True, slots=True, eq=False)  # a queue that looks for one must not compare pictures
class _Job:
    pictures: Sequence[Tensor]
    future: Future[Vectors]


class Batches:
    """One thread that takes what waits, as many pictures as fit into a batch, and puts them through the network.

    Args:
        vectors: (N, D) of N pictures; called in that one thread.
        most: pictures that go through the network together, 1 or more; a request with more goes alone.
        waiting: pictures that may wait, `most` or more.
        on_batch: told the number of pictures of each batch, in that thread.
    """

    def __init__(
        self,
        vectors: Callable[[Sequence[Tensor]], Vectors],
        *,
        most: int = 32,
        waiting: int = 256,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        if not 1 <= most <= waiting:
            raise ValueError(f"most is {most} and waiting {waiting}; give 1 or more, and waiting no less than most.")
        self._vectors, self._most, self._waiting, self._on_batch = vectors, most, waiting, on_batch
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="passerby-embed", daemon=True)
        self._thread.start()

    async def vectors(self, pictures: Sequence[Tensor]) -> Vectors:
        """(N, D) of N pictures. A caller that is cancelled, as by a time-out, leaves the queue.

        Raises:
            Busy: if too many pictures wait.
        """
        job = _Job(pictures, Future())
        with self._changed:
            if self._closed or self._there() + len(pictures) > self._waiting:
                raise Busy(f"{self._there()} pictures wait for the network; ask again in a moment.")
            self._jobs.append(job)
            self._changed.notify()
        try:
            return await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
            with self._changed:
                if job in self._jobs:
                    self._jobs.remove(job)
            raise

    def waiting(self) -> int:
        """Pictures that wait now."""
        with self._changed:
            return self._there()

    def close(self) -> None:
        """End the thread; what waits is given up."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _there(self) -> int:
        return sum(len(job.pictures) for job in self._jobs)

    def _work(self) -> None:
        while (jobs := self._next()) is not None:
            running = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            if running:
                self._embed(running)
            # what the last batch held must not stay in memory until the next one comes
            del jobs, running

    def _next(self) -> list[_Job] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            if self._closed:
                for job in self._jobs:
                    job.future.cancel()
                return None
            jobs = [self._jobs.popleft()]
            while self._jobs and sum(len(job.pictures) for job in (*jobs, self._jobs[0])) <= self._most:
                jobs.append(self._jobs.popleft())
            return jobs

    def _embed(self, jobs: Sequence[_Job]) -> None:
        pictures = [picture for job in jobs for picture in job.pictures]
        try:
            rows = self._vectors(pictures)
            if self._on_batch is not None:
                self._on_batch(len(pictures))
            parts = np.split(rows, np.cumsum([len(job.pictures) for job in jobs])[:-1])
        except Exception as error:
            if len(jobs) > 1:  # one request's pictures must not fail another's
                for job in jobs:
                    self._embed([job])
            else:
                _settle(jobs[0].future, error)
            return
        for job, part in zip(jobs, parts, strict=True):
            _settle(job.future, part)


def _settle(future: Future[Vectors], outcome: Vectors | Exception) -> None:
    try:
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
    except (CancelledError, RuntimeError):  # given up in the meantime
        pass
