"""Whether the server lives, whether it can answer, and what it has counted."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from passerby.serve.guarded import Here, admitted, is_loopback, is_own_host
from passerby.serve.inside import Inside
from passerby.serve.problem import Refused

routes = APIRouter(tags=["operation"])
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
FORWARDED = ("forwarded", "x-forwarded-for")


@routes.head("/healthz", include_in_schema=False)
@routes.get("/healthz", response_class=Response, responses=TEXT)
async def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


@routes.head("/readyz", include_in_schema=False)
@routes.get("/readyz", response_class=Response, responses=TEXT)
async def readyz(here: Here) -> Response:
    """Gallery and ledger answer; 503 where one does not."""
    await asyncio.gather(here.ask(here.gallery.ready), here.clerk(here.ledger.ready))
    return Response("ready\n", media_type="text/plain")


@routes.get("/metrics", response_class=Response, responses=TEXT)
async def metrics(request: Request, here: Here) -> Response:
    """Counts for Prometheus, for this machine or an admin's key."""
    await _check(request, here)
    here.measures.queue.set(here.batches.waiting())
    try:
        here.measures.records.set(await here.ask(here.gallery.count))
    except (OSError, TimeoutError):  # what the server has counted itself is worth the more then
        here.measures.records.set(float("nan"))
    return Response(here.measures.text(), media_type=PROMETHEUS)


async def _check(request: Request, here: Inside) -> None:
    # a proxy on this machine brings requests of others
    near = request.client is not None and is_loopback(request.client.host)
    if near and is_own_host(request.headers) and not any(name in request.headers for name in FORWARDED):
        return
    who = await admitted(request, here)
    if who.role != "admin":
        raise Refused(403, f"This needs a key with the role admin; {who.name} has {who.role}.")
