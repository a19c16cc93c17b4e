"""Records into the tables, all of them or none."""

import json
import struct
from collections.abc import Iterable, Iterator, Sequence

import psycopg

from passerby.gallery.contract import Added
from passerby.gallery.postgres.bits import SOME, bits, late, middle
from passerby.gallery.postgres.near import Half, near
from passerby.gallery.record import Record, Vector

CHUNK = 1_000
"""Records that are made bytes at a time."""
COLUMNS = "id, camid, trackid, pid, time, labels, path, box, bits, near, vec"
BLOCK_BYTES = 2**18
"""So much is sent at a time."""
NULL = b"\xff\xff\xff\xff"
"""The length of a value that is not there."""
FLOAT8 = 701
"""PostgreSQL's number of the type float8."""


def add(connection: psycopg.Connection, records: Sequence[Record], vectors: Vector, *, near_dim: int) -> Added:
    """Add records, or replace those of the same ids.

    All go in the order of their ids, so that two who add the same ones wait for each other and do not lock each other
    out.

    Args:
        connection: in no transaction.
        records: N, checked.
        vectors: (N, D), theirs.
        near_dim: dimensions of the copy that is searched.

    Returns:
        How many were new.
    """
    order = sorted(range(len(records)), key=lambda row: records[row].id)
    records, vectors = [records[row] for row in order], vectors[order]
    cut = middle(connection, near(vectors[:SOME], near_dim))
    with connection.transaction():
        added = _add(connection, records, vectors, near_dim, cut)
        if cut is None:
            late(connection, [record.id for record in records])
    return added


def _add(
    connection: psycopg.Connection, records: Sequence[Record], vectors: Vector, near_dim: int, cut: Half | None
) -> Added:
    """The same within a transaction, with the mean that bits are cut at."""
    if not _known(connection, records):
        try:
            with connection.transaction():
                _copy(connection, f"records ({COLUMNS})", _rows(records, vectors, near_dim, cut))
                _copy(connection, "thumbnails (id, jpeg)", _thumbnails(records))
            return Added(new=len(records), replaced=0)
        except psycopg.errors.UniqueViolation:
            pass  # somebody else added one of them meanwhile
    return _replace(connection, records, _rows(records, vectors, near_dim, cut), near_dim)


def _known(connection: psycopg.Connection, records: Sequence[Record]) -> bool:
    """Whether one of them is there already."""
    ids = "{" + ",".join(record.id for record in records) + "}"
    row = connection.execute("SELECT EXISTS (SELECT FROM records WHERE id = ANY(%s::uuid[]))", (ids,)).fetchone()
    assert row is not None
    return bool(row[0])


def _replace(connection: psycopg.Connection, records: Sequence[Record], rows: Iterable[bytes], near_dim: int) -> Added:
    """Copy into a table of this connection alone, and move from there."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS incoming (id uuid, camid int, trackid int, pid int, time float8, "
        f"labels jsonb, path text, box float8[], bits bit({near_dim}), near halfvec, vec vector) "
        "ON COMMIT DELETE ROWS; TRUNCATE incoming".encode()
    )
    _copy(connection, f"incoming ({COLUMNS})", rows)
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", ")[1:])
    # xmax is 0 in a row that was not there before
    counted = connection.execute(
        f"WITH moved AS (INSERT INTO records ({COLUMNS}) SELECT {COLUMNS} FROM incoming ORDER BY id "
        f"ON CONFLICT (id) DO UPDATE SET {changes}, seq = excluded.seq RETURNING xmax = 0 AS new) "
        "SELECT count(*) FILTER (WHERE new), count(*) FILTER (WHERE NOT new) FROM moved".encode()
    ).fetchone()
    assert counted is not None
    connection.execute("DELETE FROM thumbnails USING incoming WHERE thumbnails.id = incoming.id")
    _copy(connection, "thumbnails (id, jpeg)", _thumbnails(records))
    return Added(new=counted[0], replaced=counted[1])


def _copy(connection: psycopg.Connection, into: str, rows: Iterable[bytes]) -> None:
    """Rows in the binary form of COPY into a table."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT binary)".encode()) as copy:
        waiting, size = [b"PGCOPY\n\xff\r\n\0" + bytes(8)], 0
        for row in rows:
            waiting.append(row)
            size += len(row)
            if size > BLOCK_BYTES:
                copy.write(b"".join(waiting))
                waiting, size = [], 0
        copy.write(b"".join([*waiting, b"\xff\xff"]))


def _rows(records: Sequence[Record], vectors: Vector, near_dim: int, cut: Half | None) -> Iterator[bytes]:
    """Rows of `records`: for each value its length and its bytes, the largest first."""
    vec_head, half_head = struct.pack(">hh", vectors.shape[1], 0), struct.pack(">hh", near_dim, 0)
    said: dict[tuple[tuple[str, str], ...], bytes] = {}
    for start in range(0, len(records), CHUNK):
        some = vectors[start : start + CHUNK]
        copies = near(some, near_dim)
        vecs, halves, above = some.astype(">f4"), copies.astype(">f2"), bits(copies, cut)
        for record, vec, half, sides in zip(records[start : start + CHUNK], vecs, halves, above, strict=True):
            box = record.box
            labels = tuple(record.labels.items())
            if labels not in said:
                said[labels] = b"\x01" + json.dumps(dict(labels)).encode()
            yield _row(
                bytes.fromhex(record.id),
                _int(record.camid),
                _int(record.trackid),
                _int(record.pid),
                None if record.time is None else struct.pack(">d", record.time),
                said[labels],
                None if record.path is None else record.path.encode(),
                # one dimension, no nulls, of float8, four long, counted from 1; each side is 8 bytes
                None if box is None else struct.pack(">iiIii", 1, 0, FLOAT8, 4, 1) + b"".join(map(_side, box)),
                None if sides is None else struct.pack(">i", near_dim) + sides,
                half_head + half.tobytes(),
                vec_head + vec.tobytes(),
            )


def _thumbnails(records: Sequence[Record]) -> Iterator[bytes]:
    """Rows of `thumbnails`."""
    return (_row(bytes.fromhex(record.id), record.thumbnail) for record in records if record.thumbnail is not None)


def _row(*values: bytes | None) -> bytes:
    parts = [struct.pack(">h", len(values))]
    for value in values:
        parts += (NULL,) if value is None else (struct.pack(">i", len(value)), value)
    return b"".join(parts)


def _int(value: int | None) -> bytes | None:
    return None if value is None else struct.pack(">i", value)


def _side(value: float) -> bytes:
    return struct.pack(">id", 8, value)
