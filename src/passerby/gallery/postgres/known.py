"""Which cameras and labels the records of a gallery have."""

import psycopg
from psycopg import sql

from passerby.gallery.checked import checked_cameras, checked_labels
from passerby.gallery.postgres.conditions import conditions
from passerby.gallery.where import Where


def check_known(connection: psycopg.Connection, where: Where, seen: set[tuple[str, str]]) -> None:
    """Refuse a filter that asks for an unknown camera or label.

    Args:
        connection: in a transaction.
        where: the filter.
        seen: labels that need not be looked for; those that are found join them.

    Raises:
        ValueError: if there is such a camera or label.
    """
    if where.cameras:
        asked = [camera for camera in where.cameras if abs(camera) < 2**31]
        rows = connection.execute(
            "SELECT camera FROM unnest(%s::int[]) AS camera WHERE EXISTS (SELECT FROM records WHERE camid = camera)",
            (asked,),
        ).fetchall()
        if set(where.cameras) - {row[0] for row in rows}:
            checked_cameras(where, cameras(connection))

    def there(one: Where) -> bool:
        condition, given = conditions(one)
        return connection.execute(sql.SQL("SELECT FROM records WHERE {} LIMIT 1").format(condition), given).rowcount > 0

    new = dict(where.labels.items() - seen)
    checked_labels(Where(labels=new), there, lambda: labels(connection))
    seen.update(new.items())


def cameras(connection: psycopg.Connection) -> dict[int, int]:
    """Records of each camera, by camid.

    Args:
        connection: in a transaction.
    """
    rows = connection.execute("SELECT camid, count(*) FROM records WHERE camid IS NOT NULL GROUP BY 1 ORDER BY 1")
    return dict(rows.fetchall())


def labels(connection: psycopg.Connection) -> dict[str, list[str]]:
    """Values of each label, sorted; at most 200 a label.

    Args:
        connection: in a transaction.
    """
    # From one set of labels to the next by the index: as quick as there are few sets, however many records.
    statement = (
        "WITH RECURSIVE sets AS ((SELECT labels FROM records ORDER BY labels LIMIT 1) UNION ALL SELECT "
        "(SELECT records.labels FROM records WHERE records.labels > sets.labels ORDER BY records.labels LIMIT 1) "
        "FROM sets WHERE sets.labels IS NOT NULL) "
        "SELECT DISTINCT key, value FROM sets, jsonb_each_text(sets.labels) WHERE sets.labels IS NOT NULL"
    )
    values: dict[str, list[str]] = {}
    for name, value in connection.execute(statement):
        values.setdefault(name, []).append(value)
    return {name: sorted(values[name])[:200] for name in sorted(values)}
