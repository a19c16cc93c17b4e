"""A server from its start to its graceful end."""

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from passerby import run
from passerby.gallery.contract import Gallery, Unavailable
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.rate import RATE
from passerby.serve.app import app
from passerby.serve.connection import Connection
from passerby.serve.embedder import embedder
from passerby.serve.guarded import is_loopback
from passerby.serve.inside import Inside
from passerby.serve.marks import forget_deleted
from passerby.serve.retention import keep
from passerby.serve.state import State, open_state
from passerby.types import ModelId

if TYPE_CHECKING:
    from passerby.calibration.calibration import Calibration

CALIBRATION = "calibration.json"
"""Where a run keeps its calibration."""
GRACE = 30
"""Seconds that running requests have when the server is stopped."""
CONNECTIONS = 2_000
"""That may be open at once, also those that ask nothing."""
HEAD = 32_768
"""Bytes that the head of a request may have."""
OFTEN, SOON = 600.0, 30.0
"""Seconds from one run of retention to the next, and after one that failed."""
log = logging.getLogger("passerby.serve")


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a server is that is ready.

    Args:
        address: `http://HOST:PORT`.
        records: in the gallery.
        made: whether there was no gallery, and an empty one has been made.
        calibrated: whether answers carry probabilities.
        keyless: whether everybody on this machine may do everything.
    """

    address: str
    records: int
    made: bool
    calibrated: bool
    keyless: bool


def serve(
    gallery: str,
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    state: str | None = None,
    retention: float | None = None,
    rate: float = RATE,
    device: str = "cpu",
    on_ready: Callable[[Started], None] | None = None,
) -> None:
    """Serve a gallery until the process is told to stop: running requests end, and an embedded database is stopped.

    Args:
        gallery: its URL, see `open_gallery`; an empty one is made where there is none.
        folder: of the run whose network embeds what is uploaded.
        host: name or address to listen on; without keys, of this machine only.
        port: 0 for any that is free.
        state: URL where keys, audit and marks are kept; None for the gallery's own database.
        retention: seconds after which records are deleted; None to keep them.
        rate: how often somebody who is absent may be given a false answer, by default.
        device: where the network runs.
        on_ready: called when requests are answered.

    Raises:
        FileNotFoundError: if there is no such run.
        OtherModel: if the gallery, or the calibration, is of another model than the run.
        Unavailable: if a database cannot be reached.
        OSError: if the address cannot be listened on.
        ValueError: if an argument is out of range, or other machines could reach a server without keys.
    """
    made_of = embedder(run.load(folder), device=device)
    calibration = _calibration(folder)
    with ExitStack() as stack:
        opened, made = _opened(gallery, made_of.model, made_of.dim)
        stack.callback(opened.close)
        ledger = open_state(gallery if state is None else state)
        stack.callback(ledger.close)
        near = all(is_loopback(address) for address in _addresses(host, port))
        keyless = ledger.keyless()
        if keyless and not near:
            raise ValueError(
                f"Without keys everybody may do everything, so {host} is refused; listen on 127.0.0.1, or make a key "
                "first: passerby keys GALLERY add NAME --role admin"
            )
        listening = stack.enter_context(_listening(host, port))
        inside = Inside(
            gallery=opened,
            embedder=made_of,
            ledger=ledger,
            calibration=calibration,
            rate=rate,
            loopback=near,
            forget=lambda: forget_deleted(ledger.database, opened),
        )
        stack.callback(inside.close)
        started = Started(
            address=_address(host, listening),
            records=opened.count(),
            made=made,
            calibrated=calibration is not None,
            keyless=keyless,
        )
        meanwhile = None if retention is None else _retaining(inside, ledger, retention)
        config = _config(app(inside, meanwhile=meanwhile))
        _Server(config, lambda: None if on_ready is None else on_ready(started)).run(sockets=[listening])


def _calibration(folder: Path) -> "Calibration | None":
    file = folder / CALIBRATION
    if not file.is_file():
        return None
    from passerby.calibration import calibration_file  # it imports much

    return calibration_file.read(file)


def _config(served: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        served,
        http=Connection,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        server_header=False,
        h11_max_incomplete_event_size=HEAD,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _opened(url: str, model: ModelId, dim: int) -> tuple[Gallery, bool]:
    """The gallery, and whether it was made."""
    try:
        return open_gallery(url), False
    except FileNotFoundError:
        return open_gallery(url, model=model, dim=dim), True


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise ValueError(f"host is {host[:100]!r}, which is no name or address of this machine.") from None


def _listening(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # two servers may both be bound to a port; only one of them can listen
        bound.listen(2048)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise OSError(f"Port {port} of {host} is in use; choose another by --port.") from None
        raise OSError(f"Port {port} of {host} cannot be listened on: {error.strerror}.") from None
    return bound


def _address(host: str, listening: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def _retaining(inside: Inside, ledger: State, age: float) -> Callable[[], Awaitable[None]]:
    retained = inside.measures.retained  # which /metrics tells from now on

    async def retaining() -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                # in a thread of no pool: it may take longer than a request may
                kept = await loop.run_in_executor(None, lambda: keep(inside.gallery, ledger, age))
            except Exception as error:  # whatever it is: nothing may be kept for longer because retention has ended
                unknown = not isinstance(error, Unavailable)
                log.error("Retention failed and is tried again in %.0f seconds: %s", SOON, error, exc_info=unknown)
                await asyncio.sleep(SOON)
                continue
            inside.measures.expired.inc(kept.deleted)
            retained.set_to_current_time()
            await asyncio.sleep(OFTEN)

    return retaining
