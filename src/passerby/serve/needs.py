"""What a route says of itself: its role, and the errors it may answer."""

from http import HTTPStatus
from typing import Any, Literal

from passerby.serve.ledger import Role
from passerby.serve.problem import MEDIA

ALWAYS = (400, 401, 403, 421, 422, 500, 503, 504)
WITH_BODY = (408, 413, 415, 507)
PROBLEM = {"$ref": "#/components/schemas/Problem"}


def needs(role: Role, *errors: int, body: Literal["files", "added", "json"] | None = None) -> dict[str, Any]:
    """Arguments of a route's decorator.

    Args:
        role: the least that may ask.
        body: which limit of `Limits` holds for its pictures, or `json` for text; None for a route without a body.
        errors: statuses of this route's own errors, beside those that all have.
    """
    told: dict[str, Any] = {"x-role": role}
    if body in ("files", "added"):
        told["x-pictures"] = body
    statuses = sorted({*ALWAYS, *errors, *(WITH_BODY if body else ())})
    return {"responses": {status: _told(status) for status in statuses}, "openapi_extra": told}


def _told(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": PROBLEM}}}
