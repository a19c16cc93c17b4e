"""Where an external PostgreSQL is."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

WANTED = {"connect_timeout": "10", "application_name": "passerby"}
"""Options of ours, where the URL does not give them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an external PostgreSQL is.

    Args:
        url: what may be shown: no password and no options in it.
        conninfo: how libpq connects.
    """

    url: str
    conninfo: str


def address(url: str) -> Address:
    """Read a URL.

    Args:
        url: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`.

    Returns:
        The address.

    Raises:
        ValueError: if it cannot be read; the message holds nothing of it.
    """
    try:
        given = conninfo_to_dict(url)
    except (psycopg.Error, UnicodeError, ValueError):
        # libpq's own message may quote the password
        raise ValueError(
            "The URL of the gallery cannot be read; give postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "with special signs in a password as %XX."
        ) from None
    ours = {name: value for name, value in WANTED.items() if name not in given}
    return Address(url=_shown(url), conninfo=make_conninfo(url, **ours))


def _shown(url: str) -> str:
    """The URL without password and options."""
    try:
        parts = urlsplit(url)
        where = parts.hostname or ""
        where += f":{parts.port}" if parts.port else ""
    except ValueError:
        return "postgresql://..."
    user = f"{parts.username}@" if parts.username else ""
    return f"postgresql://{user}{where}{parts.path}"
