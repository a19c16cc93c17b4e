"""When a gallery's thread works, and what it leaves."""

import threading
import time
from contextlib import contextmanager

import psycopg
import pytest

from gallery.made_records import MODEL, made_records
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import graphs, upkeep


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


def wait_until(fact):
    end = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_nothing_is_built_while_records_are_being_added_however_long_that_takes(quick):
    thread, done = quick
    wait_until(lambda: done == ["build"])  # what whoever had it open before may have left
    with thread.change() as changed:
        changed(20)
        time.sleep(0.6)
        assert done == ["build"]
    wait_until(lambda: done == ["build", "renew", "build"])


def test_after_long_enough_it_is_built_though_adding_never_ends(quick, monkeypatch):
    thread, done = quick
    wait_until(lambda: done == ["build"])
    monkeypatch.setattr(upkeep, "LONGEST_S", 0.3)
    with thread.change() as changed:
        changed(20)
        with thread.change():  # wakes the thread, which sees the new limit
            pass
        wait_until(lambda: done == ["build", "renew", "build"])


def test_few_changes_and_an_addition_that_fails_start_nothing(quick):
    thread, done = quick
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


def test_what_found_no_room_is_left_for_an_hour_and_the_rest_goes_on(quick, monkeypatch, caplog):
    thread, done = quick
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
