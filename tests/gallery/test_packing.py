"""Indexes that are written anew: when, and what happens meanwhile or when it is cut off."""

import os
import signal
import threading
from contextlib import suppress

import psycopg
import pytest

from gallery.made_records import MODEL, START, made_records
from gallery.postgres_gallery import opened, server_of, working
from passerby.gallery.contract import Unavailable
from passerby.gallery.postgres.building import building
from passerby.gallery.postgres.packing import EACH, pack
from passerby.gallery.where import Where

DIM = 64
RECORDS = made_records(6_000, dim=DIM, awkward=False)
OLD = Where(until=START + 5.0 * 4_000)


@pytest.fixture
def gallery(tmp_path):
    """RECORDS, of which the oldest two thirds were deleted."""
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        gallery.add(RECORDS)
        gallery.delete(OLD)
        yield gallery


def pages(connection):
    return [connection.execute("SELECT pg_relation_size(%s::regclass) / 8192", (name,)).fetchone()[0] for name in EACH]


def indexes(connection):
    return {
        name: valid
        for name, valid in connection.execute(
            "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE indrelid = 'passerby.records'::regclass"
        )
    }


def test_indexes_full_of_holes_are_written_anew_and_then_left(gallery):
    query, where = RECORDS[5_000].embedding[None], Where(cameras=(1, 2), since=START)
    answers = [hit.record.id for hit in gallery.search(query, 50, where=where)[0]]
    with working(gallery) as connection:
        before, names = pages(connection), indexes(connection)
        assert pack(connection) == []  # so few pages do not matter
        assert pages(connection) == before
        assert pack(connection, least=10) == list(EACH)
        after = pages(connection)
        assert all(2.5 * new < old for old, new in zip(before, after, strict=True))
        assert pack(connection, least=0) == []
        assert indexes(connection) == names
    assert [hit.record.id for hit in gallery.search(query, 50, where=where)[0]] == answers


@pytest.mark.parametrize("dim", [1, 64, 300, 1_024, 1_500])
def test_what_was_just_written_is_full_enough_whatever_the_dimensions(tmp_path, dim):
    records = made_records(2_000 if dim < 1_000 else 600, dim=dim)
    with opened(tmp_path / "gallery", model=MODEL, dim=dim) as gallery:
        gallery.add(records)
        with working(gallery) as connection:
            for name in EACH:
                connection.execute(f"REINDEX INDEX {name}")
            assert pack(connection, least=2) == []


def test_adding_deleting_and_searching_go_on_meanwhile(gallery):
    done, errors, added = threading.Event(), [], []

    def use():
        try:
            while not done.is_set():
                some = made_records(20, dim=DIM, seed=100 + len(added), awkward=False)
                gallery.add(some)
                added.append(some)
                where = Where(cameras=(some[3].camid,))
                assert gallery.search(some[3].embedding[None], 1, where=where)[0][0].similarity > 0.999
                gallery.delete(Where(ids=(some[0].id,)))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    try:
        with working(gallery) as connection:
            rounds = 0
            while rounds < 4 or len(added) < 3:
                assert thread.is_alive()
                rounds += 1
                pack(connection, least=-1)
                for name in EACH:
                    connection.execute(f"REINDEX INDEX CONCURRENTLY {name}")
    finally:
        done.set()
        thread.join(60)
    assert errors == []
    assert gallery.count() == 2_000 + 19 * len(added)
    everything = gallery.search(added[-1][3].embedding[None], 10_000, where=Where(cameras=(1, 2, 3, 4)), way="exact")[0]
    assert len(everything) == gallery.count()


def test_what_is_cut_off_leaves_the_old_index_and_is_removed(gallery):
    with working(gallery) as connection, gallery._database.connection() as other:
        names = indexes(connection)
        other.execute("INSERT INTO thumbnails VALUES (gen_random_uuid(), ''); LOCK records IN ROW EXCLUSIVE MODE")
        caught = []

        def work():
            try:
                pack(connection, least=10)
            except psycopg.Error as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()  # it waits for the other transaction
        while not any(not valid for valid in indexes(other).values()):
            thread.join(0.02)
            assert thread.is_alive()
        connection.cancel_safe()
        thread.join(30)
        assert isinstance(caught[0], psycopg.errors.QueryCanceled)
        left = {name for name, valid in indexes(connection).items() if not valid}
        assert left == {"records_bits_ccnew"}
        other.rollback()
        assert gallery.count(OLD) == 0
        with building(other) as alone:
            assert alone  # the lock was let go
            assert pack(connection, least=10) == []
            assert set(indexes(connection)) > set(names)
        other.commit()
        assert pack(connection, least=10) == list(EACH)
        assert indexes(connection) == names


def test_without_room_the_old_index_stays(gallery):
    with working(gallery) as connection:
        names = indexes(connection)
        connection.execute(
            "CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file'; END $$"
        )
        connection.execute(
            "CREATE EVENT TRIGGER full_disk ON ddl_command_start WHEN TAG IN ('REINDEX') EXECUTE FUNCTION full_disk()"
        )
        with pytest.raises(psycopg.errors.DiskFull):
            pack(connection, least=10)
        assert indexes(connection) == names
        connection.execute("DROP EVENT TRIGGER full_disk")
        assert pack(connection, least=10) == list(EACH)
        assert indexes(connection) == names


def test_a_database_that_is_killed_meanwhile_keeps_the_old_index(gallery, tmp_path):
    server = server_of(tmp_path / "gallery")
    with working(gallery) as connection:
        names = indexes(connection)
    caught = []

    def work():
        try:
            with working(gallery) as connection:
                pack(connection, least=10)
        except Unavailable as error:
            caught.append(error)

    with suppress(Unavailable), gallery._database.connection() as other:
        other.execute("LOCK records IN ROW EXCLUSIVE MODE")
        thread = threading.Thread(target=work)
        thread.start()
        while all(indexes(other).values()):
            thread.join(0.02)
            assert thread.is_alive()
        os.kill(server, signal.SIGKILL)
        thread.join(30)
    assert len(caught) == 1
    assert gallery.count() == 2_000
    with working(gallery) as connection:
        assert {name for name, valid in indexes(connection).items() if not valid} == {"records_bits_ccnew"}
        assert pack(connection, least=10) == list(EACH)
        assert indexes(connection) == names
