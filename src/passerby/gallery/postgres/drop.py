"""The end of a gallery in PostgreSQL."""

from psycopg import sql

from passerby.gallery.postgres.database import SCHEMA, database


def drop_postgres(url: str) -> None:
    """Drop the schema of a gallery with all that is in it; the database and what else it holds stay.

    Args:
        url: a folder or `postgresql://...`.

    Raises:
        FileNotFoundError: if there is no such folder.
        Unavailable: if the database cannot be reached, or somebody holds the tables for a minute.
    """
    found = database(url, make=False)
    try:
        with found.connection() as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SCHEMA)))
    finally:
        found.close()
