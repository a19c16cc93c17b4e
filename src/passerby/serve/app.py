"""The app of a server: its routes, their description, and what surrounds them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Security
from fastapi.security import HTTPBearer

from passerby.serve.inside import Inside
from passerby.serve.problem import tell_problems
from passerby.serve.routes import about, adding, audit, deleting, health, marks, records, search
from passerby.serve.routes.page import page
from passerby.serve.safety import API, Safety
from passerby.serve.told import Problem

KEY = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="A key of `passerby keys`; a server without keys answers this machine only, to everybody.",
)


def app(inside: Inside, *, meanwhile: Callable[[], Any] | None = None) -> FastAPI:
    """The app that answers with a gallery and a network. Its threads end with its lifespan.

    Args:
        inside: what the routes work with.
        meanwhile: an async function that runs as long as the app does, such as retention; None for nothing.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(inside.close)
            if meanwhile is not None:
                stack.push_async_callback(_stop, asyncio.create_task(meanwhile()))
            yield

    made = FastAPI(
        title="passerby",
        version=version("passerby"),
        description="Search a gallery of sightings for a person. Errors are application/problem+json.",
        lifespan=lifespan,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # Swagger's page would load its scripts from the network
        redoc_url=None,
        redirect_slashes=False,
    )
    made.state.inside = inside
    tell_problems(made)
    api = APIRouter(prefix=API, dependencies=[Security(KEY)])
    for part in (about, search, records, adding, deleting, marks, audit):
        api.include_router(part.routes)
    made.include_router(api)
    made.include_router(health.routes)
    made.include_router(page())
    described = made.openapi

    def openapi() -> dict[str, Any]:
        told = described()
        told["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return told

    made.openapi = openapi  # type: ignore[method-assign]
    made.add_middleware(Safety, inside=inside)
    return made


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
