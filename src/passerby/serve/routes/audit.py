"""The audit, and the export of all records."""

import asyncio
import base64
import json
import logging
import threading
from collections.abc import AsyncGenerator, Iterator
from itertools import islice
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from passerby.gallery.record import Record
from passerby.serve.guarded import Guarded, Here, Who
from passerby.serve.inside import Inside
from passerby.serve.ledger import Asker
from passerby.serve.moment import iso
from passerby.serve.needs import needs
from passerby.serve.told import Audit, Line, fields
from passerby.serve.told_times import told_times

routes = APIRouter(route_class=Guarded, tags=["administration"])
MOST = 1000
AT_ONCE = 100
"""Records that are written at once."""
log = logging.getLogger("passerby.serve")
NDJSON = {200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}


@routes.get("/audit", response_model=Audit, **needs("admin"))
async def audit(
    here: Here,
    who: Who,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Audit:
    """Who did what, the latest first."""
    lines = await here.clerk(here.ledger.noted, limit=limit, before=before)
    await here.note(who, "read audit", len(lines))
    return Audit(
        lines=[
            Line(
                number=one.number,
                time=iso(one.time),
                who=one.who,
                what=one.what,
                details=told_times(one.details),
                answers=one.answers,
            )
            for one in lines
        ],
        next=lines[-1].number if len(lines) == limit else None,
    )


_OF_EXPORT = needs("admin")


@routes.get(
    "/export",
    response_class=StreamingResponse,
    responses=NDJSON | _OF_EXPORT["responses"],
    openapi_extra=_OF_EXPORT["openapi_extra"],
)
async def export(here: Here, who: Who) -> StreamingResponse:
    """All records, one JSON object a line, by id; `embedding` is base64 of little-endian float32.

    An export that breaks off was not completed: its body ends without HTTP's end. A few run at once, each for an hour
    at most; `passerby gallery export` has no such limits.
    """
    return _Export(here, who)


class _Export(StreamingResponse):
    """One of a bounded number, whose lines end with it, also where the client goes in the middle."""

    def __init__(self, here: Inside, who: Asker) -> None:
        super().__init__(_lines(here), media_type="application/x-ndjson")
        self._here, self._who = here, who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        here = self._here
        full = f"{here.limits.exports} exports run, and no more do at once; ask again when one has ended."
        with here.exports.taken(1, full=full):
            await here.note(self._who, "export", await here.ask(here.gallery.count))
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        lines, most = self.body_iterator, self._here.limits.export
        try:
            async with asyncio.timeout(most) as limit:
                await super().stream_response(send)
        except TimeoutError:
            if not limit.expired():
                raise
            log.warning("An export of %s took longer than %.0f seconds and was broken off.", self._who.name, most)
            raise ClientDisconnect from None  # the answer is left without its end
        finally:
            if isinstance(lines, AsyncGenerator):
                await lines.aclose()


async def _lines(here: Inside) -> AsyncGenerator[bytes, None]:
    records, turn = here.gallery.records(), threading.Lock()
    try:
        while piece := await here.ask(_piece, records, turn):
            yield piece
    finally:  # also where the client has gone: a thread may still be at it, and a cursor must not stay open
        asyncio.get_running_loop().run_in_executor(None, _close, records, turn)


def _piece(records: Iterator[Record], turn: threading.Lock) -> bytes:
    with turn:
        return b"".join(_line(record) for record in islice(records, AT_ONCE))


def _line(record: Record) -> bytes:
    told = fields(record)
    del told["thumbnail"]
    told["embedding"] = base64.b64encode(np.asarray(record.embedding, dtype="<f4").tobytes()).decode()
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _close(records: Iterator[Record], turn: threading.Lock) -> None:
    with turn:
        close = getattr(records, "close", None)
        if close is not None:
            close()
