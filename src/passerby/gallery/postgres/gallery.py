"""A gallery in PostgreSQL with pgvector."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from passerby.gallery.checked import (
    checked_dim,
    checked_filter,
    checked_model,
    checked_number,
    checked_queries,
    checked_records,
)
from passerby.gallery.contract import About, Added, Hit, Hour, Way
from passerby.gallery.postgres.adding import add
from passerby.gallery.postgres.conditions import conditions, known_ids
from passerby.gallery.postgres.database import Database, database
from passerby.gallery.postgres.known import cameras, check_known, labels
from passerby.gallery.postgres.rows import COLUMNS, record_of
from passerby.gallery.postgres.schema import MIGRATIONS, Meta, make_schema, migrate, read_meta
from passerby.gallery.postgres.searching import search
from passerby.gallery.postgres.upkeep import Upkeep
from passerby.gallery.record import Record
from passerby.gallery.where import EVERYTHING, Where
from passerby.types import ModelId

ADDING_S = 600.0
"""How long one `add` or `delete` may take."""
PAGE = 500
"""Rows that are fetched at a time where all are wanted."""


class PostgresGallery:
    """Records in PostgreSQL; `open_postgres` opens one. The contract is `gallery.contract.Gallery`.

    Every record has two vectors: float32 as it was given, and a 16-bit copy that is searched. Cosines are always
    those of the former. A copy of more than 1,024 dimensions is projected to these.

    `exact` looks at all copies that pass the filter, and proves that no other record can belong to the answer; where
    copies are projected, it looks at the whole vectors. `approximate` does the same in galleries below 20,000 records
    and where a filter keeps few (searching.py says how few). Where a filter of cameras or a time keeps more, but not
    most, it looks at one bit a dimension of all that pass (bits.py), if that was measured to find enough of this
    gallery's records (checking.py). Else it asks HNSW graphs, and looks at all that pass where these find too few.

    A graph is built by a thread of whichever process has the gallery open, once 50,000 records are in none and nothing
    was added for three seconds (or for five minutes always something); until then these are looked at one by one. Who
    has it open only to read begins none of this. `settle` builds at once.

    Args:
        database: which this gallery closes.
        meta: what it says of itself.
    """

    def __init__(self, database: Database, meta: Meta) -> None:
        self._database = database
        self._meta = meta
        self._about = About(url=database.url, model=meta.model, dim=meta.dim)
        self._upkeep = Upkeep(database, data=database.data)
        self._seen: set[tuple[str, str]] = set()

    @property
    def about(self) -> About:
        """What it holds."""
        return self._about

    def add(self, records: Sequence[Record]) -> Added:
        """As in the contract."""
        vectors = checked_records(records, self._meta.dim)
        if not records:
            self.ready()
            return Added(new=0, replaced=0)
        with self._upkeep.change() as changed:
            with self._database.connection(statement_s=ADDING_S) as connection:
                added = add(connection, records, vectors, near_dim=self._meta.near)
            changed(len(records))
        return added

    def search(
        self, queries: npt.NDArray[np.float32], k: int, *, where: Where = EVERYTHING, way: Way = "approximate"
    ) -> list[list[Hit]]:
        """As in the contract."""
        queries = checked_queries(queries, k, self._meta.dim)
        if way not in ("exact", "approximate"):
            raise ValueError(f"way is {way!r}; give 'exact' or 'approximate'.")
        self._upkeep.searched()
        with self._database.connection() as connection:
            check_known(connection, where, self._seen)
            found = [search(connection, query, k, where=where, way=way, meta=self._meta) for query in queries]
            if where.labels and not any(found):  # another process may have deleted the last one since
                self._seen.difference_update(where.labels.items())
                check_known(connection, where, self._seen)
        return found

    def get(self, ids: Sequence[str]) -> list[Record]:
        """As in the contract."""
        with self._database.connection() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM records WHERE id = ANY(%s::uuid[])".encode(), (known_ids(ids),), binary=True
            ).fetchall()
        found = {record.id: record for record in map(record_of, rows)}
        return [found[one] for one in ids if one in found]

    def thumbnail(self, id: str) -> bytes | None:
        """As in the contract."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT jpeg FROM thumbnails WHERE id = ANY(%s::uuid[])", (known_ids([id]),), binary=True
            ).fetchone()
        return None if row is None else bytes(row[0])

    def delete(self, where: Where) -> int:
        """As in the contract. Their room on the disk is used again after the server's own clearing up (autovacuum)."""
        condition, given = conditions(checked_filter(where))
        statement = sql.SQL(
            "WITH gone AS (DELETE FROM records WHERE {} RETURNING id), "
            "bare AS (DELETE FROM thumbnails USING gone WHERE thumbnails.id = gone.id) SELECT count(*) FROM gone"
        ).format(condition)
        with self._upkeep.change() as changed:
            with self._database.connection(statement_s=ADDING_S) as connection:
                number = _only(connection.execute(statement, given))
            self._seen.clear()
            changed(number)
        return number

    def count(self, where: Where = EVERYTHING) -> int:
        """As in the contract."""
        condition, given = conditions(where)
        with self._database.connection() as connection:
            return _only(connection.execute(sql.SQL("SELECT count(*) FROM records WHERE ") + condition, given))

    def records(self, where: Where = EVERYTHING, *, thumbnails: bool = False) -> Iterator[Record]:
        """As in the contract."""
        condition, given = conditions(where)
        jpeg = ", (SELECT jpeg FROM thumbnails WHERE thumbnails.id = records.id)" if thumbnails else ", NULL::bytea"
        statement = sql.SQL(f"SELECT {COLUMNS}{jpeg} FROM records WHERE {{}} ORDER BY id").format(condition)
        with (
            self._upkeep.reading(),
            self._database.connection(statement_s=ADDING_S) as connection,
            connection.cursor("records_by_id", binary=True) as cursor,
        ):
            cursor.itersize = PAGE
            cursor.execute(statement, given)
            for row in cursor:
                yield record_of(row, row[9])

    def sightings(self, where: Where = EVERYTHING, *, limit: int = 100, after: str | None = None) -> list[Record]:
        """As in the contract."""
        checked_number(limit, "limit")
        condition, given = conditions(where)
        timed = "time IS NOT NULL"
        untimed = "time IS NULL"
        passed: list[object] = []
        with self._database.connection() as connection:
            if after is not None:
                row = connection.execute(
                    "SELECT time, id FROM records WHERE id = ANY(%s::uuid[])", (known_ids([after]),)
                ).fetchone()
                if row is None:
                    raise ValueError(f"No record {after[:40]!r} to go on after; begin at the first page again.")
                time, id = row
                if time is None:
                    timed, untimed, passed = "FALSE", "time IS NULL AND id > %s", [id]
                else:
                    timed, passed = "time <= %s AND (time < %s OR id > %s)", [time, time, id]
            rows: list[tuple[Any, ...]] = []
            for part, order in ((timed, "time DESC NULLS LAST, id"), (untimed, "id")):
                if part == "FALSE" or len(rows) == limit:
                    continue
                statement = sql.SQL(
                    f"SELECT {COLUMNS} FROM records WHERE {{}} AND {part} ORDER BY {order} LIMIT %s"
                ).format(condition)
                values = passed if "%s" in part else []
                rows += connection.execute(statement, [*given, *values, limit - len(rows)], binary=True).fetchall()
        return [record_of(row) for row in rows]

    def cameras(self) -> dict[int, int]:
        """As in the contract."""
        with self._database.connection() as connection:
            return cameras(connection)

    def statistics(self, where: Where = EVERYTHING) -> list[Hour]:
        """As in the contract."""
        condition, given = conditions(where)
        statement = sql.SQL(
            # PostgreSQL refuses to divide a number so small that nothing is left of it.
            "SELECT camid, floor(CASE WHEN abs(time) < 1e-6 THEN sign(time) ELSE time END / 3600) * 3600 AS hour, "
            "count(*) FROM records WHERE {} "
            "GROUP BY camid, hour ORDER BY camid NULLS LAST, hour NULLS LAST"
        ).format(condition)
        with self._database.connection() as connection:
            rows = connection.execute(statement, given).fetchall()
        return [Hour(camid=camid, start=start, count=count) for camid, start, count in rows]

    def labels(self) -> dict[str, list[str]]:
        """As in the contract."""
        with self._database.connection() as connection:
            return labels(connection)

    def settle(self) -> None:
        """Do now what is else done in the background, and wait for it.

        Build the graph of what is in none, unless these are few; measure the search by bits; write loose indexes anew.

        Raises:
            Unavailable: if the database does not answer, or has no room.
        """
        self._upkeep.settle()

    def ready(self) -> None:
        """As in the contract."""
        with self._database.connection(statement_s=10) as connection:
            connection.execute("SELECT FROM meta")

    def close(self) -> None:
        """As in the contract; what is just being built is given up, and built by who searches or changes it next."""
        self._upkeep.stop()
        self._database.close()


def open_postgres(url: str, *, model: ModelId | None = None, dim: int | None = None) -> PostgresGallery:
    """Open a gallery, or make one.

    Args:
        url: a folder, or `postgresql://...`.
        model: which model's vectors are given and asked for; None to take those that it holds.
        dim: their dimensions; needed with `model` to make a gallery that is not there.

    Returns:
        The gallery; close it.

    Raises:
        FileNotFoundError: if there is none, and model and dim do not say what to make.
        OtherModel: if it holds vectors of another model or of other dimensions.
        Unavailable: if the server cannot be reached.
        ValueError: if the URL, the folder or the dimensions are wrong.
    """
    if dim is not None:
        checked_dim(dim)
    found = database(url, make=model is not None and dim is not None)
    try:
        with found.connection() as connection:
            meta = read_meta(connection)
            if meta is None:
                if model is None or dim is None:
                    how = "" if model is None else "; say also of how many dimensions one is to be"
                    raise FileNotFoundError(f"No gallery in {found.url}{how}.")
                make_schema(connection, model=model, dim=dim)
        if meta is None or meta.version != len(MIGRATIONS):
            with found.connection() as connection:
                meta = migrate(connection)
        assert meta is not None
        checked_model(meta.model, meta.dim, model=model, asked_dim=dim)
        return PostgresGallery(found, meta)
    except BaseException:
        found.close()
        raise


def _only(found: psycopg.Cursor) -> int:
    """The one number that was asked for."""
    row = found.fetchone()
    assert row is not None
    return int(row[0])
