"""The page and its files, held in memory."""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from passerby.serve.problem import Refused

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
FIRST = "index.html"


class _File(NamedTuple):
    content: bytes
    media: str
    tag: str


def page(folder: Traversable | None = None) -> APIRouter:
    """Routes of the page: `/` is its index.html, `/static/NAME` the rest. What a browser has already is not sent again.

    Args:
        folder: with the files; those of the package by default.

    Raises:
        ValueError: if a file is of an unknown kind.
    """
    held = dict(_files(files("passerby.serve") / "page" if folder is None else folder))
    routes = APIRouter(include_in_schema=False)

    @routes.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return _answer(request, held.get(FIRST))

    @routes.api_route("/static/{name:path}", methods=["GET", "HEAD"])
    async def static(request: Request, name: str) -> Response:
        return _answer(request, held.get(name))

    return routes


def _files(folder: Traversable, prefix: str = "") -> list[tuple[str, _File]]:
    found: list[tuple[str, _File]] = []
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            found += _files(one, f"{prefix}{one.name}/") if one.name != "__pycache__" else []
            continue
        ending = one.name[one.name.rfind(".") :]
        if ending in (".py", ".md"):
            continue
        if ending not in TYPES:
            raise ValueError(f"{one.name} is of an unknown kind; the page serves {', '.join(TYPES)}.")
        content = one.read_bytes()
        found.append(
            (prefix + one.name, _File(content, TYPES[ending], f'"{hashlib.sha256(content).hexdigest()[:32]}"'))
        )
    return found


def _answer(request: Request, file: _File | None) -> Response:
    if file is None:
        raise Refused(404, f"Nothing is at {request.url.path[:200]}.")
    # asked again each time, so that a new version of the server is seen at once
    headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if file.tag in known:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media, headers=headers)
