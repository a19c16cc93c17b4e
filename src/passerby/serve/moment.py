"""Times as they are written on HTTP: ISO 8601 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_START = datetime(1970, 1, 1, tzinfo=UTC)


def iso(seconds: float | None) -> str | None:
    """A time as `2026-01-01T08:00:00Z`; None where it is not known, or of no year 1 .. 9999.

    Args:
        seconds: since 1970-01-01 UTC; None where it is not known.
    """
    if seconds is None:
        return None
    try:
        moment = _START + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return moment.replace(tzinfo=None).isoformat() + "Z"


def seconds(text: object) -> float:
    """Seconds since 1970-01-01 UTC of a time as ISO 8601; one without a time zone is taken to be UTC.

    Raises:
        ValueError: if it is no such time.
    """
    try:
        if not isinstance(text, str) or len(text) < len("2026-01-01"):
            raise ValueError
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        found = (moment - _START).total_seconds()
        if iso(found) is None:  # in UTC it is of no year 1 .. 9999
            raise ValueError
        return found
    except (ValueError, OverflowError):
        raise ValueError("A time is written as 2026-01-01T08:00:00Z.") from None


Moment = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-01T08:00:00Z"]}),
]
"""Given as ISO 8601, kept as seconds since 1970-01-01 UTC."""
