"""Who did what, when, and with how many answers: a table that is only ever added to."""

import json
from collections.abc import Mapping

from passerby.gallery.postgres.database import Database
from passerby.serve.ledger import Noted

KINDS = (
    *("search", "search by record", "list", "view", "view thumbnail", "export"),
    *("mark", "unmark", "list marks", "manifest", "timeline"),
    *("add", "index begun", "index", "delete", "drop", "retention due", "retention"),
    *("key made", "key revoked", "read audit"),
)
"""What lines are called."""
LONGEST_DETAILS = 2**18
"""Characters that the details of one line may take: they name what was asked, and never hold a picture."""
LONGEST = 200
"""Characters of who and what."""
MOST_LINES = 10_000
"""Lines that are read at once."""


def note(database: Database, who: str, what: str, *, details: Mapping[str, object], answers: int) -> None:
    """Write a line; when this returns it survives a crash.

    Args:
        database: with the tables of `state`.
        who: name of a key, or what else acted.
        what: one word or two, such as "search" or "retention".
        details: what JSON can hold: which filters, which records.
        answers: how many records were shown, added or deleted; 0 or more.

    Raises:
        ValueError: if a text is too long or holds what cannot be kept, the details are no JSON, or answers is below 0.
    """
    for name, text in (("who", who), ("what", what)):
        if not 1 <= len(text) <= LONGEST or not text.isprintable():
            raise ValueError(f"{name} is {text[:40]!r}; give 1 .. {LONGEST} printable characters.")
    if not 0 <= answers < 2**31:
        raise ValueError(f"answers is {answers}; give how many they were, 0 or more.")
    try:
        told = json.dumps(dict(details), allow_nan=False)
    except TypeError as error:
        raise ValueError(f"The details of {what!r} are no JSON ({error}); name what was asked.") from None
    if len(told) > LONGEST_DETAILS:
        raise ValueError(f"The details of {what!r} take {len(told):,} characters; give {LONGEST_DETAILS:,} or fewer.")
    with database.connection() as connection:
        connection.execute(
            "INSERT INTO passerby_state.audit (who, what, answers, details) VALUES (%s, %s, %s, %s)",
            (who, what, answers, told),
        )


def noted(
    database: Database,
    *,
    limit: int = 100,
    before: int | None = None,
    since: float | None = None,
    who: str | None = None,
    what: str | None = None,
) -> list[Noted]:
    """Lines, the latest first.

    Args:
        database: with the tables of `state`.
        limit: how many, 1 .. MOST_LINES.
        before: number of the last line of the page before; None for the first page.
        since: seconds since 1970-01-01 UTC, included; None for all.
        who: of this one only; None for all.
        what: of this kind only, such as "search"; None for all.

    Raises:
        ValueError: if limit or before is out of range.
    """
    if before is not None and not 0 <= before < 2**63:
        raise ValueError(f"before is {before}; give the number of a line.")
    if not 1 <= limit <= MOST_LINES:
        raise ValueError(f"limit is {limit}; give 1 .. {MOST_LINES} lines.")
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT number, extract(epoch FROM time)::float8, who, what, details, answers FROM passerby_state.audit"
            " WHERE (%(before)s::bigint IS NULL OR number < %(before)s)"
            " AND (%(since)s::float8 IS NULL OR extract(epoch FROM time)::float8 >= %(since)s)"
            " AND (%(who)s::text IS NULL OR who = %(who)s)"
            " AND (%(what)s::text IS NULL OR what = %(what)s)"
            " ORDER BY number DESC LIMIT %(limit)s",
            {"before": before, "since": since, "who": who, "what": what, "limit": limit},
        ).fetchall()
    return [Noted(*row) for row in rows]
