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
CAMERAS, MANY = 16, 1_000
"""So are so many cameras at most, drawn anew each time, of so many records at least: of fewer all are candidates."""
OF_A_CAMERA = 0.95
"""Where a smaller share is found in a camera, or of what its records look for, that camera stands for the gallery.

Recall falls where a camera's records lie to one side of the gallery's middle, as those of an infrared one may, and one
camera of eight hardly shows in the mean over all.
"""
BY_TIME = "id = (SELECT id FROM records WHERE camid = %s ORDER BY time LIMIT 1 OFFSET %s)"
"""The record of a camera with so many before it, which an index alone tells: their vectors are not read."""
CLOSEST, WANTED = 50, 150
"""How many of the closest are looked for, among the candidates of a search for so many."""


def check_bits(connection: psycopg.Connection, *, wait: bool = False) -> float | None:
    """Measure the recall by bits and note it for the search, once after each graph that is built.

    A part has as many records as a filter keeps at most where its bits are searched (searching.py), since recall falls
    with their number; it holds those that came one after another, or those of one camera. What is looked for are other
    records of the gallery.

    Args:
        connection: in no transaction.
        wait: for somebody else who builds, instead of leaving it to them.

    Returns:
        The mean share of the closest that were found, or that of the worst camera where it is below OF_A_CAMERA; None
        if there is nothing to measure.
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
        return recall


def _recall(connection: psycopg.Connection, rng: np.random.Generator) -> float | None:
    """The mean over parts by arrival, or that of a camera far below it; None where no record is left."""
    row = connection.execute("SELECT min(seq), max(seq), count(*) FROM records").fetchone()
    assert row is not None
    first, last, number = row
    if not number:
        return None
    most = int(BY_BITS * (last - first) ** 0.5)
    found = _by_arrival(connection, rng, first=first, last=last, number=number, most=most)
    if not found:
        return None
    log, recall = logging.getLogger(__name__), float(np.mean(found))
    log.info("by bits, %.3f of the closest are found", recall)
    worst = min(((share, camid) for camid, share in _by_camera(connection, rng, most).items()), default=(1.0, 0))
    if worst[0] >= OF_A_CAMERA:
        return recall
    log.info("by bits, %.3f of the closest are found where camera %d searches or is searched", *worst)
    return min(recall, worst[0])


def _by_arrival(
    connection: psycopg.Connection, rng: np.random.Generator, *, first: int, last: int, number: int, most: int
) -> list[float]:
    """The shares of random records in parts by arrival."""
    size = min(number, most)
    found = []
    for _ in range(PARTS):
        low = int(rng.integers(first, first + round((last - first) * (1 - size / number)) + 1))
        part = _part(connection, low, size)
        for seq in rng.integers(first, last + 1, size=QUERIES):
            found += _share(connection, part, "seq >= %s ORDER BY seq LIMIT 1", int(seq))
    return found


def _by_camera(connection: psycopg.Connection, rng: np.random.Generator, most: int) -> dict[int, float]:
    """By camera, the mean share in its own records, or that of its records in all cameras, whichever is lower."""
    rows = connection.execute(
        "SELECT camid, count(*) FROM records WHERE camid IS NOT NULL GROUP BY 1 HAVING count(*) >= %s ORDER BY 1",
        (MANY,),
    ).fetchall()
    chosen = [rows[row] for row in sorted(rng.permutation(len(rows))[:CAMERAS])]
    within: dict[int, list[float]] = {camid: [] for camid, _ in chosen}
    asking: dict[int, list[float]] = {camid: [] for camid, _ in chosen}
    for place, (camid, number) in enumerate(chosen):
        part = _part_of_camera(connection, camid, int(rng.integers(max(1, number - most + 1))), most)
        for turn in range(QUERIES):
            # half of them are the camera's own, the others those of the next cameras, so that each asks as often
            other, count = chosen[(place + max(0, turn + 1 - QUERIES // 2)) % len(chosen)]
            row = int(rng.integers(count))
            share = _share(connection, part, BY_TIME, other, row)
            within[camid] += share
            asking[other] += share
    return {
        camid: min(float(np.mean(shares)) for shares in (within[camid], asking[camid]))
        for camid, _ in chosen
        if within[camid] and asking[camid]  # some may have been deleted meanwhile
    }


def _part(connection: psycopg.Connection, first: int, size: int) -> Conditions:
    """`size` records by arrival."""
    row = connection.execute(
        "SELECT max(seq) FROM (SELECT seq FROM records WHERE seq >= %s ORDER BY seq LIMIT %s) AS part", (first, size)
    ).fetchone()
    assert row is not None
    return sql.SQL("seq >= %s AND seq <= %s AND id <> %s"), [first, row[0]]


def _part_of_camera(connection: psycopg.Connection, camid: int, first: int, size: int) -> Conditions:
    """`size` records of a camera by their time; all of it where it has fewer, or has them without one."""
    at = "SELECT time FROM records WHERE camid = %s ORDER BY time LIMIT 1 OFFSET %s"
    since, until = (connection.execute(at.encode(), (camid, row)).fetchone() for row in (first, first + size - 1))
    if since is None or until is None or until[0] is None:  # those without a time come last
        return sql.SQL("camid = %s AND id <> %s"), [camid]
    return sql.SQL("camid = %s AND time >= %s AND time <= %s AND id <> %s"), [camid, since[0], until[0]]


def _share(connection: psycopg.Connection, part: Conditions, which: str, *given: int) -> list[float]:
    """The share of a record's closest in a part that is found by bits; none where nothing is left.

    In a transaction of its own: none keeps what was deleted meanwhile from being cleared.
    """
    with connection.transaction():
        row = connection.execute(
            f"SELECT id, halfvec_send(near) FROM records WHERE {which}".encode(), given, binary=True
        ).fetchone()
        if row is None:
            return []
        query: Half = np.frombuffer(row[1], ">f2", offset=4).astype(np.float16)
        condition, values = part[0], [*part[1], row[0]]
        closest = connection.execute(
            sql.SQL("SELECT (near <#> %s::halfvec) + 0 AS far FROM records WHERE {} ORDER BY far LIMIT %s").format(
                condition
            ),
            [written(query), *values, CLOSEST],
            prepare=False,
        ).fetchall()
        if not closest:
            return []
        reach: float = closest[-1][0]
        candidates = by_bits(connection, query, WANTED, filtered=(condition, values))
        # by how far they are, since equally close ones may stand for each other
        return [sum(far <= reach for _, far in candidates[: len(closest)]) / len(closest)]
