"""How a gallery in PostgreSQL becomes one of the next version."""

import threading
from contextlib import suppress

import psycopg
import pytest

from gallery.made_records import MODEL, made_records
from gallery.postgres_gallery import assert_bits, build, opened
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import schema
from passerby.gallery.postgres.database import database

DIM = 32
RECORDS = made_records(120, dim=DIM)


def test_a_gallery_becomes_one_of_the_next_version_and_a_newer_one_is_refused(tmp_path):
    place = tmp_path / "gallery"
    with opened(place, model=MODEL, dim=DIM) as gallery:
        gallery.add(RECORDS)
    today = len(schema.MIGRATIONS)
    steps = (*schema.MIGRATIONS, "ALTER TABLE records ADD COLUMN more int; UPDATE records SET more = {dim}")
    held = database(str(place))
    with held.connection() as connection:
        broken = (*steps, "SELECT no_such_thing")
        with pytest.raises(psycopg.Error), connection.transaction():
            schema.migrate(connection, broken)
        assert schema.read_meta(connection).version == today  # all steps or none
        assert schema.migrate(connection, steps).version == today + 1
        assert schema.migrate(connection, steps).version == today + 1
        assert connection.execute("SELECT count(*) FROM records WHERE more = 32").fetchone() == (len(RECORDS),)
    held.close()
    with pytest.raises(ValueError, match=f"version {today + 1}; this passerby knows {today}"):
        open_gallery(str(place))


AS_OF_VERSION_1 = """
DROP INDEX records_bits; ALTER TABLE records DROP COLUMN bits;
ALTER TABLE meta DROP COLUMN middle, DROP COLUMN bits_recall, DROP COLUMN bits_checked; UPDATE meta SET version = 1
"""


@pytest.mark.parametrize("number", [900, 1_100])
def test_version_1_becomes_the_newest_with_bits_where_there_are_enough_records(tmp_path, number):
    place = tmp_path / "gallery"
    records = made_records(number, dim=DIM)
    with opened(place, model=MODEL, dim=DIM) as gallery:
        gallery.add(records)
        assert build(gallery, 100)[0]
        with gallery._database.connection() as connection:
            connection.execute(AS_OF_VERSION_1)
    with opened(place) as gallery:
        assert build(gallery, 10**6) == (False, [])
        assert_bits(gallery, there=number >= 1_000)
        query = records[7]
        assert gallery.search(query.embedding[None], 1)[0][0].record.id == query.id
        for seed in (4, 5):
            gallery.add(made_records(200, dim=DIM, seed=seed))
        assert_bits(gallery, there=True)


def test_two_who_open_an_older_gallery_at_once_both_open_it(tmp_path, monkeypatch):
    place = tmp_path / "gallery"
    with opened(place, model=MODEL, dim=DIM) as gallery:
        gallery.add(made_records(1_100, dim=DIM))
        with gallery._database.connection() as connection:
            connection.execute(AS_OF_VERSION_1)
        both, once, told = threading.Barrier(2), threading.local(), []
        read = schema.read_meta

        def reading(connection):
            """As long as both can, they have read before either goes on."""
            found = read(connection)
            if not hasattr(once, "done"):
                once.done = True
                with suppress(threading.BrokenBarrierError):
                    both.wait(2)
            return found

        monkeypatch.setattr(schema, "read_meta", reading)

        def migrate():
            with gallery._database.connection() as connection:
                told.append(schema.migrate(connection).version)

        threads = [threading.Thread(target=migrate) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert told == [len(schema.MIGRATIONS)] * 2
