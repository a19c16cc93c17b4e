"""Routes that look who asks, from where, and with what, before a body is read."""

import ipaddress
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from passerby.serve.inside import Inside, inside
from passerby.serve.ledger import ROLES, Asker, Role
from passerby.serve.limits import Limits
from passerby.serve.problem import Refused
from passerby.serve.upload import bounded

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="passerby"'}
JSON, PICTURES = "application/json", "multipart/form-data"
PLAIN = {"Accept-Encoding": "identity"}


class Guarded(APIRoute):
    """A route that says in its OpenAPI which role it needs (`x-role`) and how many pictures it takes (`x-pictures`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's function, with its guard before it."""
        answer = super().get_route_handler()
        told = self.openapi_extra or {}
        role: Role = told["x-role"]
        pictures: str | None = told.get("x-pictures")
        media = None if self.body_field is None else PICTURES if pictures else JSON

        async def guarded(request: Request) -> Response:
            here = inside(request)
            check_origin(request.headers)
            who = await admitted(request, here)
            if ROLES.index(who.role) < ROLES.index(role):
                raise Refused(403, f"This needs a key with the role {role}; {who.name} has {who.role}.")
            request.state.who = who
            if media is None:
                return await answer(request)
            _check_media(request.headers, media)
            most = here.limits.body if pictures else here.limits.text
            declared = _declared(request.headers)
            with here.uploads.taken(_room(declared, most) if pictures else 0, full=_FULL):
                receive = bounded(request.receive, most=most, limits=here.limits, declared=declared)
                request = Request(request.scope, receive)
                if pictures:
                    await _parse(request, here.limits, files=getattr(here.limits, pictures))
                return await answer(request)

        return guarded


async def who_asks(request: Request) -> Asker:
    """Who asks, as the guard has found."""
    who: Asker = request.state.who
    return who


Who = Annotated[Asker, Depends(who_asks)]


async def _here(request: Request) -> Inside:
    return inside(request)


Here = Annotated[Inside, Depends(_here)]


async def admitted(request: Request, here: Inside) -> Asker:
    """Whose key a request has, or who may go without one.

    Args:
        request: the request's head.
        here: with the keys.

    Raises:
        Refused: if the key is wrong or missing (401), or the server is without keys and asked under a foreign name,
            as a page does that has bent its own name to this machine (421).
    """
    bearer = _bearer(request.headers)
    who = await here.clerks.run(here.ledger.who, bearer)
    if who is None:
        missing = bearer is None
        told = "This needs a key: Authorization: Bearer KEY." if missing else "The key is wrong, or was taken back."
        raise Refused(401, told, CHALLENGE | ({} if missing else {"WWW-Authenticate": _WRONG}))
    own = is_own_host(request.headers)
    # a server without keys takes any bearer, so that one proves nothing
    if not (own and here.loopback) and (bearer is None or await here.clerks.run(here.ledger.keyless)):
        if not here.loopback:
            raise Refused(401, "This server is reached from other machines and has no keys; add one.", CHALLENGE)
        host = request.headers.get("host", "")
        raise Refused(421, f"Without keys this server answers to localhost only, not to {host[:100]!r}.")
    return who


def is_own_host(headers: Headers) -> bool:
    """Whether a request names this machine as its host, by a name that is every machine's own."""
    host = headers.get("host", "")
    return _plain(host) and is_loopback(urlsplit(f"//{host}").hostname)


def check_origin(headers: Headers) -> None:
    """Refuse what a page of another origin sends; there are no cookies, but there may be no keys either.

    Raises:
        Refused: if the browser says that it comes from elsewhere (403).
    """
    origin, host = headers.get("origin"), headers.get("host", "")
    foreign = origin is not None and (not _plain(origin) or urlsplit(origin).netloc.lower() != host.lower())
    if foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Refused(403, "Pages of other origins are not answered.")


def is_loopback(host: str | None) -> bool:
    """Whether a name or an address is that of this machine alone."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


_FULL = "The server holds as many bytes of pictures as it may; send these again in a moment."
_WRONG = 'Bearer realm="passerby", error="invalid_token"'


def _bearer(headers: Headers) -> str | None:
    given = headers.get("authorization")
    if given is None:
        return None
    scheme, _, key = given.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused(401, "Authorization must be Bearer KEY.", CHALLENGE)
    return key.strip()


def _plain(text: str) -> bool:
    """Whether `urlsplit` takes it."""
    try:
        urlsplit(text if "//" in text else f"//{text}").port  # noqa: B018 - raises for what is no port
    except ValueError:
        return False
    return True


def _check_media(headers: Headers, media: str) -> None:
    given = headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != media:
        raise Refused(415, f"Content-Type is {given[:100]!r}; this takes {media}.")
    codings = [one.strip() for given in headers.getlist("content-encoding") for one in given.split(",")]
    for coding in codings:
        if coding.lower() not in ("", "identity"):
            raise Refused(415, f"Content-Encoding is {coding[:100]!r}; send the request as it is.", PLAIN)


def _room(declared: int | None, most: int) -> int:
    """Bytes that are kept free for a body; what is too long is told so, and needs none."""
    if declared is None:  # it may become as long as any
        return most
    return declared if declared <= most else 0


async def _parse(request: Request, limits: Limits, *, files: int) -> None:
    """Parse a form here, with these bounds; the route finds it parsed."""
    try:
        await request.form(max_files=files, max_fields=4, max_part_size=limits.text)
    except UnicodeError:
        raise Refused(400, "The text cannot be read by the charset of Content-Type; give UTF-8.") from None


def _declared(headers: Headers) -> int | None:
    given = headers.get("content-length", "")
    # of a longer number the first digits will do: it is more than is ever accepted
    return int(given.lstrip("0")[:19] or "0") if given.isascii() and given.isdigit() else None
