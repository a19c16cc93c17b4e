"""What surrounds every answer: security headers, a limit on requests at once, counts, and no traceback."""

import logging
import secrets
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from passerby.serve.inside import Inside
from passerby.serve.problem import RETRY, problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
API = "/api/v1"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
log = logging.getLogger("passerby.serve")


class Safety:
    """Goes around the app of the routes.

    Args:
        app: answers.
        inside: with the limits and the counts.
    """

    def __init__(self, app: ASGIApp, *, inside: Inside) -> None:
        self._app, self._inside, self._running = app, inside, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        measures, started = self._inside.measures, time.perf_counter()
        status = 499  # the client went before there was an answer

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, api=scope["path"].startswith("/api/"))
            await send(message)

        self._running += 1
        measures.running.set(self._running)
        try:
            if self._running > self._inside.limits.requests:
                detail = f"{self._inside.limits.requests} requests are being answered; ask again in a moment."
                await problem(503, detail, headers=RETRY)(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        except ClientDisconnect:
            pass
        except Exception:
            mark = secrets.token_hex(8)
            log.exception("Error %s at %s %r", mark, scope["method"], scope["path"])
            if status != 499:  # half an answer: breaking it off tells the client more than ending it well
                raise
            detail = f"The server made a mistake; its log says more about error {mark}."
            await problem(500, detail)(scope, receive, sending)
        finally:
            self._running -= 1
            measures.running.set(self._running)
            route = _route(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            measures.requests.labels(method, route, str(status)).inc()
            measures.seconds.labels(route).observe(time.perf_counter() - started)


def _route(scope: Scope) -> str:
    """The route's path as it is described; the paths that clients make up are all one."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return "other"
    return f"{API}{path}" if scope["path"].startswith(API) and not path.startswith(API) else str(path)


def _add_headers(message: Message, *, api: bool) -> None:
    there = {name for name, _ in message["headers"]}
    more = HEADERS | ({"cache-control": "no-store"} if api else {})
    message["headers"] = [
        *message["headers"],
        *((name.encode(), value.encode()) for name, value in more.items() if name.encode() not in there),
    ]
