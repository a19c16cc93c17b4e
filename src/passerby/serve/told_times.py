"""Times in the details of the audit, as they are shown."""

from collections.abc import Mapping

from passerby.serve.moment import iso

TIMES = ("before", "since", "until")
"""Names of what is kept as seconds since 1970-01-01 UTC."""


def told_times(details: Mapping[str, object]) -> dict[str, object]:
    """The details of a line with its times as ISO 8601; all else, and a time of no year 1 .. 9999, as it is.

    Args:
        details: of one line of the audit.
    """
    return {name: _told(name, value) for name, value in details.items()}


def _told(name: str, value: object) -> object:
    if name == "filters" and isinstance(value, Mapping):
        return told_times(value)
    if name in TIMES and isinstance(value, int | float):
        return iso(value) or value
    return value
