"""How many of the closest records are found by bits, measured on the gallery's own records."""

import logging

import numpy as np
import psycopg
from psycopg import sql

from passerby.gallery.postgres.building import building
from passerby.gallery.postgres.by_bits import by_bits
from passerby.gallery.postgres.conditions import Conditions
from passerby.gallery.postgres.near import Half
from passerby.gallery.postgres.searching import BY_BITS
from passerby.gallery.postgres.written import written

PARTS, QUERIES = 4, 8
"""So many parts of the gallery are searched, each for so many records."""
CLOSEST, WANTED = 50, 150
"""How many of the closest are looked for, among the candidates of a search for so many."""


def check_bits(connection: psycopg.Connection, *, wait: bool = False) -> float | None:
    """Measure the recall by bits and note it for the search, once after each graph that is built.

    A part has as many records as a filter keeps at most where its bits are searched (searching.py), since recall falls
    with their number; it holds those that came one after another. What is looked for are other records of the gallery.

    Args:
        connection: in no transaction.
        wait: for somebody else who builds, instead of leaving it to them.

    Returns:
        The mean share of the closest that were found; None if there is nothing to measure.
    """
    with building(connection, wait=wait) as alone:
        if not alone:
            return None
        row = connection.execute(
            "SELECT built FROM meta, (SELECT max(high) AS built FROM graphs) AS latest "
            "WHERE middle IS NOT NULL AND built IS NOT NULL AND bits_checked IS DISTINCT FROM built"
        ).fetchone()
        if row is None:
            return None
        recall = _recall(connection, np.random.default_rng(row[0]))
        connection.execute("UPDATE meta SET bits_recall = %s, bits_checked = %s", (recall, row[0]))
        if recall is not None:
            logging.getLogger(__name__).info("by bits, %.3f of the closest are found", recall)
        return recall


def _recall(connection: psycopg.Connection, rng: np.random.Generator) -> float | None:
    """The mean over all parts and queries; None where no record is left."""
    row = connection.execute("SELECT min(seq), max(seq), count(*) FROM records").fetchone()
    assert row is not None
    first, last, number = row
    if not number:
        return None
    size = min(number, int(BY_BITS * (last - first) ** 0.5))
    found = []
    for _ in range(PARTS):
        part = _part(
            connection, int(rng.integers(first, first + round((last - first) * (1 - size / number)) + 1)), size
        )
        for seq in rng.integers(first, last + 1, size=QUERIES):
            with connection.transaction():  # each for itself: none keeps what was deleted meanwhile from being cleared
                share = _share(connection, int(seq), part)
            if share is not None:
                found.append(share)
    return float(np.mean(found)) if found else None


def _part(connection: psycopg.Connection, first: int, size: int) -> Conditions:
    """`size` records by arrival."""
    row = connection.execute(
        "SELECT max(seq) FROM (SELECT seq FROM records WHERE seq >= %s ORDER BY seq LIMIT %s) AS part", (first, size)
    ).fetchone()
    assert row is not None
    return sql.SQL("seq >= %s AND seq <= %s AND id <> %s"), [first, row[0]]


def _share(connection: psycopg.Connection, seq: int, part: Conditions) -> float | None:
    """The share of a record's closest in a part that is found by bits; None where nothing is left."""
    row = connection.execute(
        "SELECT id, halfvec_send(near) FROM records WHERE seq >= %s ORDER BY seq LIMIT 1", (seq,), binary=True
    ).fetchone()
    if row is None:
        return None
    query: Half = np.frombuffer(row[1], ">f2", offset=4).astype(np.float16)
    condition, given = part[0], [*part[1], row[0]]
    closest = connection.execute(
        sql.SQL("SELECT (near <#> %s::halfvec) + 0 AS far FROM records WHERE {} ORDER BY far LIMIT %s").format(
            condition
        ),
        [written(query), *given, CLOSEST],
        prepare=False,
    ).fetchall()
    if not closest:
        return None
    reach: float = closest[-1][0]
    candidates = by_bits(connection, query, WANTED, filtered=(condition, given))
    # by how far they are, since equally close ones may stand for each other
    return sum(far <= reach for _, far in candidates[: len(closest)]) / len(closest)
