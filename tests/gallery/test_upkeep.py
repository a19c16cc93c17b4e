"""When a gallery's thread works, and what it leaves."""

import threading
import time
from contextlib import contextmanager

import psycopg
import pytest

from gallery.made_records import MODEL, made_records
from gallery.postgres_gallery import wait_until
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import graphs, upkeep
from passerby.gallery.postgres.building import building
from passerby.gallery.postgres.database import database


class Pretended:
    @contextmanager
    def connection(self, **options):
        yield None


@pytest.fixture
def quick(monkeypatch):
    """Which work was done; it is due after a fifth of a second."""
    done = []
    monkeypatch.setattr(upkeep, "QUIET_S", 0.2)
    monkeypatch.setattr(upkeep, "MANY", 10)
    monkeypatch.setattr(upkeep, "renew", lambda connection: done.append("renew"))
    monkeypatch.setattr(upkeep, "WORKS", (lambda connection, wait=False: done.append("build"),))
    thread = upkeep.Upkeep(Pretended())
    yield thread, done
    thread.stop()


def test_what_whoever_had_it_open_before_left_is_done_once_it_is_searched_and_not_by_who_reads(quick):
    thread, done = quick
    for _ in range(3):
        with thread.reading():
            time.sleep(0.2)
    time.sleep(0.4)
    assert done == []
    with thread.reading():
        thread.searched()
        time.sleep(0.4)
        assert done == []  # what is built waits for the end of what is read
    wait_until(lambda: done == ["build"])
    thread.searched()
    time.sleep(0.4)
    assert done == ["build"]


def test_a_change_has_it_look_too(quick):
    thread, done = quick
    with thread.change() as changed:
        changed(1)
    wait_until(lambda: done == ["renew", "build"])


def test_nothing_is_built_while_records_are_being_added_however_long_that_takes(quick):
    thread, done = quick
    thread.searched()
    wait_until(lambda: done == ["build"])
    with thread.change() as changed:
        changed(20)
        time.sleep(0.6)
        assert done == ["build"]
    wait_until(lambda: done == ["build", "renew", "build"])


def test_after_long_enough_it_is_built_though_adding_never_ends(quick, monkeypatch):
    thread, done = quick
    thread.searched()
    wait_until(lambda: done == ["build"])
    monkeypatch.setattr(upkeep, "LONGEST_S", 0.3)
    with thread.change() as changed:
        changed(20)
        with thread.change():  # wakes the thread, which sees the new limit
            pass
        wait_until(lambda: done == ["build", "renew", "build"])


def test_few_changes_and_an_addition_that_fails_start_nothing(quick):
    thread, done = quick
    thread.searched()
    wait_until(lambda: done == ["build"])
    with thread.change() as changed:
        changed(9)
    with pytest.raises(OSError, match="full"), thread.change():
        raise OSError("full")
    time.sleep(0.6)
    assert done == ["build"]


def test_what_everybody_may_see_is_noted_once_a_graph_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(graphs.build, "__kwdefaults__", {"tail": 50, "wait": False})
    gallery = open_gallery(str(tmp_path / "gallery"), model=MODEL, dim=32)
    try:
        gallery.add(made_records(400, dim=32))
        begun, built = threading.Event(), graphs._settings

        def hold(connection, rows):
            """Somebody else adds while it is built."""
            begun.set()
            gallery.add(made_records(300, dim=32, seed=1))
            built(connection, rows)

        monkeypatch.setattr(graphs, "_settings", hold)
        gallery.settle()
        assert begun.is_set()
        with gallery._database.connection() as connection:
            pages, visible = connection.execute(
                "SELECT relpages, relallvisible FROM pg_class WHERE oid = 'passerby.records'::regclass"
            ).fetchone()
        assert 0 < pages == visible
    finally:
        gallery.close()


def test_all_records_are_read_without_anything_being_built_and_the_first_search_has_it_begin(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(upkeep, "QUIET_S", 0.05)
    monkeypatch.setattr(upkeep, "WORKS", (lambda connection, wait=False: done.append("build"),))
    place = str(tmp_path / "gallery")
    records = made_records(20, dim=32)
    gallery = open_gallery(place, model=MODEL, dim=32)
    gallery.add(records)
    wait_until(lambda: done)
    gallery.close()
    done.clear()
    gallery = open_gallery(place)
    try:
        for _ in gallery.records():
            time.sleep(0.02)
        assert gallery.statistics()
        time.sleep(0.3)
        assert done == []
        gallery.search(records[0].embedding[None], 1)
        wait_until(lambda: done == ["build"])
    finally:
        gallery.close()


@pytest.mark.parametrize("name", ["graph_0_9", "records_bits_ccnew", "records_where_ccold"])
def test_closing_leaves_nothing_of_an_index_that_is_cut_off(tmp_path, monkeypatch, name):
    begun = threading.Event()

    def build(connection, wait=False):
        with building(connection):
            connection.execute(f"CREATE INDEX {name} ON records (seq)")
            connection.execute(f"UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = '{name}'::regclass")
            begun.set()
            connection.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(upkeep, "QUIET_S", 0.05)
    monkeypatch.setattr(upkeep, "WORKS", (build,))
    place = str(tmp_path / "gallery")
    kept = database(place)
    try:
        gallery = open_gallery(place, model=MODEL, dim=32)
        gallery.add(made_records(20, dim=32))
        assert begun.wait(30)
        gallery.close()
        with kept.connection() as connection:
            there = connection.execute("SELECT relname FROM pg_class WHERE relname = %s", (name,)).fetchall()
            assert there == []
            assert connection.execute("SELECT FROM pg_locks WHERE locktype = 'advisory'").rowcount == 0
    finally:
        kept.close()


def test_what_found_no_room_is_left_for_an_hour_and_the_rest_goes_on(quick, monkeypatch, caplog):
    thread, done = quick
    thread.searched()
    wait_until(lambda: done == ["build"])

    def full(connection, wait=False):
        done.append("full")
        raise psycopg.errors.DiskFull("could not extend file")

    monkeypatch.setattr(upkeep, "WORKS", (full, *upkeep.WORKS))
    for _ in range(2):
        done.clear()
        with thread.change() as changed:
            changed(20)
        wait_until(lambda: "build" in done)
    assert done == ["renew", "build"]
    assert "could not extend file" in caplog.text
