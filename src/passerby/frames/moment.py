"""Points in time, as people write them."""

from datetime import datetime


def moment(text: str) -> float:
    """Seconds since 1970-01-01 UTC of a time in ISO 8601, such as 2026-01-01T08:00:00Z.

    Raises:
        ValueError: if it is none, or does not say how far from UTC it is.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time; write it as 2026-01-01T08:00:00Z.") from None
    if found.tzinfo is None:
        raise ValueError(f"{text[:40]} does not say which clock it is by; add Z for UTC, or +01:00 and its like.")
    return found.timestamp()
