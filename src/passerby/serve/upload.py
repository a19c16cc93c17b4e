"""The body of a request, read with a bound on its bytes and its time."""

import asyncio
import time

from starlette.types import Message, Receive

from passerby.serve.limits import Limits
from passerby.serve.problem import Refused

CLOSE = {"Connection": "close"}
DRAINED = 32_000_000
"""Bytes beyond the limit that are read and dropped, so that the client is done sending and sees why it is refused."""
DRAIN = 5.0
"""Seconds for that."""


def bounded(receive: Receive, *, most: int, limits: Limits, declared: int | None = None) -> Receive:
    """`receive`, ended where a body is too long or too slow, whatever its Content-Length says.

    Args:
        receive: gives the pieces of the body.
        most: bytes that are accepted.
        limits: seconds that a piece and the whole may take.
        declared: what Content-Length says; None where it says nothing.

    Returns:
        The same pieces. It raises `Refused`: 413 for too many bytes, 408 for too slow a client.
    """
    begun, there = time.monotonic(), 0

    async def receiving() -> Message:
        nonlocal there
        if declared is not None and declared > most:  # at once; the connection drops what comes of it all the same
            raise _too_long(most)
        left = min(limits.piece, limits.upload - (time.monotonic() - begun))
        try:
            async with asyncio.timeout(max(0.0, left)):
                message = await receive()
        except TimeoutError:
            detail = f"The request came too slowly: {there:,} bytes, then nothing for {left:.0f} seconds."
            raise Refused(408, detail, CLOSE) from None
        there += len(message.get("body", b""))
        if there > most:
            await _drop(receive, more=message.get("more_body", False))
            raise _too_long(most, CLOSE)
        return message

    return receiving


def _too_long(most: int, headers: dict[str, str] | None = None) -> Refused:
    return Refused(413, f"The request is longer than {most:,} bytes; send less at once.", headers)


async def _drop(receive: Receive, *, more: bool) -> None:
    dropped = 0
    try:
        async with asyncio.timeout(DRAIN):
            while more and dropped < DRAINED:
                message = await receive()
                dropped += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        pass
