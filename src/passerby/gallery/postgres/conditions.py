"""A filter as SQL."""

import json
from collections.abc import Iterable

from psycopg import sql

from passerby.gallery.is_id import is_id
from passerby.gallery.where import Where

Conditions = tuple[sql.Composable, list[object]]
"""A condition on a row of `records`, and what stands at its %s."""


def conditions(where: Where) -> Conditions:
    """What must be true of a row of `records`.

    Args:
        where: the filter.

    Returns:
        SQL, `TRUE` where nothing is filtered, and its parameters.
    """
    parts: list[str] = []
    given: list[object] = []

    def need(part: str, *values: object) -> None:
        parts.append(part)
        given.extend(values)

    if where.ids is not None:
        need("id = ANY(%s::uuid[])", known_ids(where.ids))
    if where.cameras is not None:
        need("camid = ANY(%s::int[])", _ints(where.cameras))
    if where.not_cameras:
        need("(camid IS NULL OR camid <> ALL(%s::int[]))", _ints(where.not_cameras))
    if where.since is not None:
        need("time >= %s::float8", where.since)
    if where.until is not None:
        need("time < %s::float8", where.until)
    if where.pids is not None:
        need("pid = ANY(%s::int[])", _ints(where.pids))
    if where.labels:
        need("labels @> %s::jsonb", json.dumps(dict(where.labels)))
    if where.not_tracks:
        tracks = [(camid, track) for camid, track in where.not_tracks if len(_ints((camid, track))) == 2]
        need(
            "NOT EXISTS (SELECT FROM unnest(%s::int[], %s::int[]) AS track (c, t) WHERE c = camid AND t = trackid)",
            [camid for camid, _ in tracks],
            [track for _, track in tracks],
        )
    return sql.SQL(" AND ").join([sql.SQL(part) for part in parts]) if parts else sql.SQL("TRUE"), given


def known_ids(ids: Iterable[str]) -> list[str]:
    """Those that can be ids at all."""
    return [one for one in ids if is_id(one)]


def _ints(values: Iterable[int]) -> list[int]:
    """Those that can be stored at all; no record has another one."""
    return [int(value) for value in values if -(2**31) <= value < 2**31]
