"""Keys of those who may use a server: each is shown once, and kept as a salted hash."""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

from passerby.gallery.postgres.database import Database
from passerby.serve.ledger import ROLES, Asker, Role

LONGEST_NAME = 100
"""Characters of a key's name."""
FORM = re.compile(r"passerby_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
"""A key: what is looked up, and 256 random bits. No words can be tried out against the hash of these, so it need not be
a slow one, and a request spends no time on it."""
NOBODY = (b"", b"", "", "search")


class Key(NamedTuple):
    """What is told of a key; times are seconds since 1970-01-01 UTC, `revoked` None while it is good."""

    id: str
    name: str
    role: Role
    made: float
    revoked: float | None


def make(database: Database, name: str, role: Role) -> str:
    """Make a key and give it: it is kept nowhere and cannot be shown again.

    Args:
        database: with the tables of `state`.
        name: who will use it, 1 .. LONGEST_NAME printable characters; no other good key has it.
        role: one of ROLES.

    Raises:
        ValueError: if the role or the name is not accepted, or a good key has that name.
    """
    if role not in ROLES:
        raise ValueError(f"role is {role!r}; give one of {', '.join(ROLES)}.")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise ValueError(f"The name of a key is {name[:40]!r}; give 1 .. {LONGEST_NAME} printable characters.")
    id, secret, salt = secrets.token_hex(6), secrets.token_urlsafe(32), secrets.token_bytes(16)
    with database.connection() as connection:
        made = connection.execute(
            "INSERT INTO passerby_state.keys (id, name, role, salt, hash) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (name) WHERE revoked IS NULL DO NOTHING RETURNING id",
            (id, name, role, salt, _hashed(salt, secret)),
        ).fetchone()
    if made is None:
        raise ValueError(f"There is a key of {name!r} already; give another name, or revoke that one first.")
    return f"passerby_{id}_{secret}"


def who(database: Database, bearer: str | None) -> Asker | None:
    """Whose key it is.

    Args:
        database: with the tables of `state`.
        bearer: what was given as a key; None for nothing.

    Returns:
        None for a wrong or revoked key, and for no key once one was ever made: taking back the last one opens nothing.
        An admin for no key as long as none was made.
    """
    if bearer is None:
        return Asker("anybody", "admin") if keyless(database) else None
    form = FORM.fullmatch(bearer)
    if form is None:
        return None
    with database.connection() as connection:
        row = connection.execute(
            "SELECT salt, hash, name, role FROM passerby_state.keys WHERE id = %s AND revoked IS NULL", (form[1],)
        ).fetchone()
    salt, hashed, name, role = row or NOBODY  # a key that is not there takes as long as a wrong one
    return Asker(name, role) if hmac.compare_digest(_hashed(bytes(salt), form[2]), bytes(hashed)) else None


def keyless(database: Database) -> bool:
    """Whether no key was ever made; a revoked one counts."""
    with database.connection() as connection:
        return connection.execute("SELECT FROM passerby_state.keys LIMIT 1").fetchone() is None


def listed(database: Database) -> list[Key]:
    """All keys, the revoked ones too, in the order in which they were made; never the keys themselves."""
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT id, name, role, extract(epoch FROM made)::float8, extract(epoch FROM revoked)::float8"
            " FROM passerby_state.keys ORDER BY made, id"
        ).fetchall()
    return [Key(*row) for row in rows]


def revoke(database: Database, name: str) -> Key:
    """Take back a good key, at once and for ever.

    Args:
        database: with the tables of `state`.
        name: its name, or its id.

    Raises:
        ValueError: if no good key has that name or id.
    """
    with database.connection() as connection:
        row = connection.execute(
            "UPDATE passerby_state.keys SET revoked = clock_timestamp() WHERE revoked IS NULL AND id = coalesce("
            " (SELECT id FROM passerby_state.keys WHERE name = %s AND revoked IS NULL), %s)"
            " RETURNING id, name, role, extract(epoch FROM made)::float8, extract(epoch FROM revoked)::float8",
            (name, name),
        ).fetchone()
    if row is None:
        raise ValueError(f"No key called {name[:40]!r} is good; `passerby keys GALLERY list` tells which are.")
    return Key(*row)


def _hashed(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode()).digest()
