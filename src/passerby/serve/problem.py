"""Every error as problem+json (RFC 9457)."""

import errno
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from passerby.gallery.by_record import NoSuchRecord
from passerby.gallery.contract import OtherModel, Unavailable
from passerby.serve.busy import Busy
from passerby.serve.ledger import TooManyMarks
from passerby.serve.not_json import WANTED, not_json

MEDIA = "application/problem+json"
RETRY = {"Retry-After": "2"}
"""What a client is told that asked while a queue was full or the store away: seconds."""
OURS = "Value error, "
"""What pydantic says before the words of a check of ours."""
UNREAD = "There was an error parsing the body"
"""What FastAPI says of a body of which it cannot tell what is wrong."""
SHOWN = 20
"""Mistakes of one request that are told."""


class Refused(HTTPException):
    """A request that is answered with an error.

    Args:
        status: of HTTP, 400 .. 599.
        detail: one sentence: what was given, what is accepted, what to do.
        headers: of the answer.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, errors: list[dict[str, str]] | None = None
) -> JSONResponse:
    """An error as an answer.

    Args:
        status: of HTTP.
        detail: what a person is told.
        headers: more of them.
        errors: single mistakes of a request, each with `where` and `message`.
    """
    body: dict[str, Any] = {"type": "about:blank", "title": _title(status), "status": status, "detail": _clean(detail)}
    if errors:
        body["errors"] = [{name: _clean(text) for name, text in one.items()} for one in errors]
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA)


def tell_problems(app: FastAPI) -> None:
    """Let an app answer with problem+json whatever goes wrong in a way that is known."""
    kinds: dict[type[Exception], Callable[[Request, Any], Awaitable[JSONResponse]]] = {
        HTTPException: _http,
        RequestValidationError: _invalid,
        OtherModel: _other_model,
        TooManyMarks: _too_many,
        NoSuchRecord: _missing,
        Unavailable: _unavailable,
        Busy: _unavailable,
        TimeoutError: _late,
        OSError: _system,
    }
    for kind, handler in kinds.items():
        app.add_exception_handler(kind, handler)


async def _http(request: Request, error: HTTPException) -> JSONResponse:
    detail = str(error.detail)
    if detail == _title(error.status_code):  # what routing says by itself
        detail = {
            404: f"Nothing is at {request.url.path[:200]}.",
            405: f"{request.method[:20]} is not offered at {request.url.path[:200]}.",
        }.get(error.status_code, detail)
    if detail == UNREAD:
        detail = f"The body cannot be read: it is no UTF-8, or lists lie in lists too deep; {WANTED}."
    return problem(error.status_code, detail, headers=error.headers)


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    errors = [_mistake(one, error.body) for one in error.errors()[:SHOWN]]
    return problem(422, "; ".join(f"{one['where']}: {one['message']}" for one in errors), errors=errors)


def _mistake(one: Mapping[str, Any], body: object) -> dict[str, str]:
    where, message = one["loc"], str(one["msg"]).removeprefix(OURS)
    if one["type"] == "json_invalid" and isinstance(body, str):
        where, message = where[:1], not_json(body, otherwise=str(one["ctx"]["error"]))
    return {"where": ".".join(map(str, where))[:200], "message": message[:500]}


async def _other_model(request: Request, error: OtherModel) -> JSONResponse:
    return problem(409, str(error))


async def _too_many(request: Request, error: TooManyMarks) -> JSONResponse:
    return problem(409, str(error))


async def _missing(request: Request, error: NoSuchRecord) -> JSONResponse:
    return problem(404, str(error))


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    return problem(503, str(error), headers=RETRY)


async def _late(request: Request, error: TimeoutError) -> JSONResponse:
    return problem(504, "The answer took too long and was given up; ask for less, or again later.")


async def _system(request: Request, error: OSError) -> JSONResponse:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return problem(507, "The server's disk is full; nothing was kept of this request.")
    raise error


def _clean(text: str) -> str:
    """What came from outside may hold halves of characters, which no answer can."""
    return text.encode("utf-8", "replace").decode()


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
