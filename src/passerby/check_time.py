"""Which times are taken."""

EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0
"""The first and the last second of the years 1 .. 9999, since 1970-01-01 UTC.

Milliseconds of any day from 1978-01-12 on lie beyond: taken for seconds they would be times that no filter finds and no
retention deletes.
"""


def check_time(name: str, seconds: float) -> None:
    """Refuse what is no time of the years 1 .. 9999, as milliseconds are not.

    Args:
        name: what it is called, for the error.
        seconds: since 1970-01-01 UTC.

    Raises:
        ValueError: if it lies outside of EARLIEST .. LATEST, or is no number.
    """
    if not EARLIEST <= seconds <= LATEST:
        shown = f"{seconds:.15g}" if isinstance(seconds, float) else str(seconds)[:40]
        raise ValueError(
            f"{name} is {shown}, which is no time of the years 1 .. 9999; give seconds since 1970-01-01 "
            "UTC, not milliseconds."
        )
