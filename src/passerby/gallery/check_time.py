"""Which times a gallery takes."""

from passerby.types import EARLIEST, LATEST


def check_time(name: str, seconds: float) -> None:
    """Refuse what is no time of the years 1 .. 9999, as milliseconds are not.

    Args:
        name: what it is called, for the error.
        seconds: since 1970-01-01 UTC.

    Raises:
        ValueError: if it lies outside of EARLIEST .. LATEST, or is no number.
    """
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError(
            f"{name} is {str(seconds)[:40]}, which is no time of the years 1 .. 9999; give seconds since 1970-01-01 "
            "UTC, not milliseconds."
        )
