"""Candidates by one bit a dimension."""

from uuid import UUID

import psycopg
from psycopg import sql

from passerby.gallery.postgres.conditions import Conditions
from passerby.gallery.postgres.near import Half
from passerby.gallery.postgres.written import written

SURE = 6
"""Records that are looked at by their copies, for each candidate that is wanted."""
PARALLEL = {"max_parallel_workers_per_gather": 1, "min_parallel_index_scan_size": 0, "parallel_tuple_cost": 0}
"""What PostgreSQL is told of other processes for this search."""
Candidate = tuple[UUID, float]
"""Of a record, and how far away its copy is: minus the product."""


def by_bits(connection: psycopg.Connection, query: Half, wanted: int, *, filtered: Conditions) -> list[Candidate]:
    """Candidates of the records that have most bits in common with the query.

    Args:
        connection: in a transaction.
        query: (D,) a copy (near.py).
        wanted: how many.
        filtered: which may be found.

    Returns:
        As many as are wanted, fewer where fewer pass; closest first.
    """
    condition, given = filtered
    asked = written(query)
    # A second process saves a quarter of the time; more would compete with other searches. The planner reckons with all
    # rows coming from it, where few do, and with fewer pages of the index than are read.
    connection.execute("; ".join(f"SET LOCAL {setting} = {value}" for setting, value in PARALLEL.items()).encode())
    statement = sql.SQL(
        f"WITH alike AS MATERIALIZED (SELECT id FROM records WHERE {{}} ORDER BY bits <~> "
        f"(SELECT binary_quantize(%s::halfvec - middle)::bit({len(query)}) FROM meta) NULLS FIRST LIMIT %s) "
        "SELECT records.id, (near <#> %s::halfvec) + 0 AS far FROM alike JOIN records USING (id) ORDER BY far LIMIT %s"
    ).format(condition)
    rows = connection.execute(statement, [*given, asked, SURE * wanted, asked, wanted], prepare=False).fetchall()
    connection.execute("; ".join(f"SET LOCAL {setting} TO DEFAULT" for setting in PARALLEL).encode())
    return rows
