"""Which records somebody has marked right or wrong for a case: a case is one person who is looked for."""

from collections.abc import Iterator, Sequence

import psycopg

from passerby.gallery.contract import Gallery
from passerby.gallery.is_id import is_id
from passerby.gallery.postgres.database import Database
from passerby.serve.ledger import Marked, TooManyMarks

LONGEST_CASE = 100
"""Characters of a case's name."""
MOST_OF_CASE, MOST = 5_000, 100_000
"""Marks that are kept of one case, and of all: whoever may search may mark, and all are listed at once."""
LOCK = 0x6D61726B
"""Held while a mark is made, so that two at once do not both take the last place."""
AT_ONCE = 500
"""Records that are looked up at once."""
COLUMNS = '"case", record, "right", who, extract(epoch FROM time)::float8'


def mark(database: Database, case: str, record: str, *, right: bool, who: str) -> Marked:
    """Mark a record, instead of what was marked before.

    Args:
        database: with the tables of `state`.
        case: which person is looked for, 1 .. LONGEST_CASE printable characters.
        record: id of a record; whether there is one is not looked at.
        right: whether the record shows that person.
        who: says so.

    Raises:
        ValueError: if the case's name or the id is not accepted.
        TooManyMarks: if it would be one more than MOST_OF_CASE of the case, or than MOST of all.
    """
    if not 1 <= len(case) <= LONGEST_CASE or not case.isprintable():
        raise ValueError(f"The case is called {case[:40]!r}; give 1 .. {LONGEST_CASE} printable characters.")
    if not is_id(record):
        raise ValueError(f"The record is {record[:40]!r}; give its 32 hexadecimal digits.")
    with database.connection() as connection:
        _check_room(connection, case, record)
        row = connection.execute(
            'INSERT INTO passerby_state.marks ("case", record, "right", who) VALUES (%s, %s, %s, %s)'
            ' ON CONFLICT ("case", record) DO UPDATE'
            ' SET "right" = excluded."right", who = excluded.who, time = excluded.time'
            f" RETURNING {COLUMNS}",
            (case, record, right, who),
        ).fetchone()
    assert row is not None  # RETURNING gives the row that is there now
    return Marked(*row)


def unmark(database: Database, case: str, record: str) -> bool:
    """Take a mark away; whether there was one."""
    with database.connection() as connection:
        found = connection.execute(
            'DELETE FROM passerby_state.marks WHERE "case" = %s AND record = %s', (case, record)
        ).rowcount
    return found > 0


def marks(database: Database, case: str | None = None) -> list[Marked]:
    """The marks of a case, the latest last; those of all cases, case by case, for None."""
    with database.connection() as connection:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM passerby_state.marks"
            ' WHERE %(case)s::text IS NULL OR "case" = %(case)s ORDER BY "case", time, record',
            {"case": case},
        ).fetchall()
    return [Marked(*row) for row in rows]


def forget(database: Database, records: Sequence[str]) -> int:
    """Take away all marks of some records, and say how many they were."""
    with database.connection() as connection:
        return int(
            connection.execute("DELETE FROM passerby_state.marks WHERE record = ANY(%s)", (list(records),)).rowcount
        )


def forget_all(database: Database) -> None:
    """Take away all marks."""
    with database.connection() as connection:
        connection.execute("DELETE FROM passerby_state.marks")


def forget_deleted(database: Database, gallery: Gallery) -> int:
    """Take away the marks of records that the gallery no longer has, and say how many they were."""
    return sum(forget(database, gone) for gone in _gone(database, gallery) if gone)


def _check_room(connection: psycopg.Connection, case: str, record: str) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    row = connection.execute(
        'SELECT EXISTS (SELECT FROM passerby_state.marks WHERE "case" = %(case)s AND record = %(record)s),'
        ' (SELECT count(*) FROM passerby_state.marks WHERE "case" = %(case)s),'
        " (SELECT count(*) FROM passerby_state.marks)",
        {"case": case, "record": record},
    ).fetchone()
    assert row is not None  # it is one row always
    there, of_case, of_all = row
    if there:
        return
    if of_case >= MOST_OF_CASE:
        raise TooManyMarks(
            f"The case {case!r} has {of_case:,} marks, and no more are kept; take some away, or begin another case."
        )
    if of_all >= MOST:
        raise TooManyMarks(f"There are {of_all:,} marks of all cases, and no more are kept; take some away.")


def _gone(database: Database, gallery: Gallery) -> Iterator[list[str]]:
    after = ""
    while True:
        with database.connection() as connection:
            rows = connection.execute(
                "SELECT DISTINCT record FROM passerby_state.marks WHERE record > %s ORDER BY record LIMIT %s",
                (after, AT_ONCE),
            ).fetchall()
        if not rows:
            return
        marked = [row[0] for row in rows]
        there = {record.id for record in gallery.get(marked)}
        yield [record for record in marked if record not in there]
        after = marked[-1]
