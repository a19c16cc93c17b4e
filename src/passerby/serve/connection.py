"""A connection that is closed where a client is too slow with a request's head, or does not read its answer."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 15.0
"""Seconds from a connection, or from the end of the answer before, until the next head is there once it has begun."""

READ = 20.0
"""Seconds that a client may read nothing of an answer that is there; it must not hold a thread or a cursor for ever."""


class Connection(H11Protocol):
    """uvicorn's, which waits for ever where nothing, or half a head, has come, or nothing is read."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD, self._too_slow)

    def data_received(self, data: bytes) -> None:
        """Take what came; wait for the rest of a head."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE and not self._answered():
            self._cancel()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._cancel()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read; what it does not read must not be waited for on closing either."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(READ, self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no more for the client to read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _too_slow(self) -> None:
        self._deadline = None
        if (self.conn.their_state is h11.IDLE or self._answered()) and not self.transport.is_closing():
            self.transport.close()

    def _answered(self) -> bool:
        """Whether an answer has ended before its request: the rest of it is waited for no longer than for a head."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
