"""What a server keeps beside the gallery: keys, audit and marks, in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass

from passerby.gallery.postgres.database import Database, database
from passerby.serve import audit, keys, marks
from passerby.serve.ledger import Asker, Marked, Noted
from passerby.serve.state_steps import STEPS, VERSION_TABLE

LOCK = 0x70617373
"""Held while tables are made, so that two processes that open at once do not both make them."""


@dataclass(frozen=True, slots=True)
class State:
    """Keys, audit and marks; a `Ledger`. Every method may be called from several threads.

    Args:
        database: where their tables are.
    """

    database: Database

    def who(self, bearer: str | None) -> Asker | None:
        """See `keys.who`."""
        return keys.who(self.database, bearer)

    def keyless(self) -> bool:
        """See `keys.keyless`."""
        return keys.keyless(self.database)

    def note(self, who: str, what: str, *, details: Mapping[str, object], answers: int) -> None:
        """See `audit.note`."""
        audit.note(self.database, who, what, details=details, answers=answers)

    def noted(self, *, limit: int, before: int | None) -> list[Noted]:
        """See `audit.noted`."""
        return audit.noted(self.database, limit=limit, before=before)

    def mark(self, case: str, record: str, *, right: bool, who: str) -> Marked:
        """See `marks.mark`."""
        return marks.mark(self.database, case, record, right=right, who=who)

    def unmark(self, case: str, record: str) -> bool:
        """See `marks.unmark`."""
        return marks.unmark(self.database, case, record)

    def marks(self, case: str | None) -> list[Marked]:
        """See `marks.marks`."""
        return marks.marks(self.database, case)

    def ready(self) -> None:
        """Return if the store answers; raise Unavailable otherwise."""
        with self.database.connection() as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        """Let go of the store; an embedded server that nobody else uses is stopped."""
        self.database.close()


def open_state(url: str, *, make: bool = True) -> State:
    """Open the state that lies in a database, and make or bring up to date its tables.

    Args:
        url: a folder, for embedded PostgreSQL; `postgresql://...`, for a server. A gallery in PostgreSQL and its state
            share one.
        make: False to make no folder.

    Raises:
        FileNotFoundError: if there is no such folder, and none shall be made.
        Unavailable: if the store cannot be reached.
        ValueError: if the URL is neither, or a newer passerby has made the tables.
    """
    if url.startswith("milvus:"):
        raise ValueError(f"{url} keeps vectors alone; say by --state in which folder keys, audit and marks are kept.")
    opened = database(url, make=make)
    try:
        _bring_up_to_date(opened)
    except BaseException:
        opened.close()
        raise
    return State(opened)


def _bring_up_to_date(opened: Database) -> None:
    with opened.connection() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(VERSION_TABLE)
        row = connection.execute("SELECT version FROM passerby_state.version").fetchone()
        version = int(row[0]) if row else 0
        if version > len(STEPS):
            raise ValueError(
                f"Keys and audit are of version {version}, and this passerby knows {len(STEPS)}; update passerby."
            )
        for step in STEPS[version:]:
            connection.execute(step)
        connection.execute("UPDATE passerby_state.version SET version = %s WHERE version < %s", (len(STEPS),) * 2)
