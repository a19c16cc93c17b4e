"""A server in a folder that is killed, and the processes that share it."""

import os
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

import gallery_kill
from gallery.made_records import MODEL, made_records
from gallery.postgres_gallery import opened, runs, server_of, wait_until
from passerby.gallery.contract import Added, Unavailable
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres.database import STATEMENT_S, database

DIM = 32
RECORDS = made_records(120, dim=DIM)


def test_another_process_shares_the_folder_and_the_server_ends_when_it_is_killed(tmp_path):
    code = (
        "import sys; from passerby.gallery.open_gallery import open_gallery; g = open_gallery(sys.argv[1]); "
        "print(g.count()); print(g.add(list(g.records())[:5]), flush=True); sys.stdin.read()"
    )
    place = tmp_path / "gallery"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with opened(place, model=MODEL, dim=DIM) as gallery:
        gallery.add(RECORDS)
        server = server_of(place)
        process = subprocess.Popen([sys.executable, "-c", code, place], **pipes)
        assert process.stdout.readline() == f"{len(RECORDS)}\n"
        assert process.stdout.readline() == f"{Added(new=0, replaced=5)}\n"
    with process:
        assert runs(server)  # we have let go; the other one has not
        process.kill()
        process.wait()
    wait_until(lambda: not runs(server))


def test_a_killed_server_is_an_error_once_and_then_there_again(folder):
    with opened(folder) as gallery:
        assert gallery.count() == len(RECORDS)
        server = server_of(folder)
        slow = []

        def ask():
            try:
                with gallery._database.connection() as connection:
                    connection.execute("SELECT pg_sleep(60)")
            except Unavailable as error:
                slow.append(str(error))

        def asleep():
            with gallery._database.connection() as connection:  # a transaction goes on seeing the same processes
                return connection.execute("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'").rowcount

        thread = threading.Thread(target=ask)
        thread.start()
        wait_until(asleep)
        os.kill(server, signal.SIGKILL)
        thread.join()
        assert len(slow) == 1
        assert "\n" not in slow[0]
        assert gallery.count() == len(RECORDS)
        assert server_of(folder) != server


@pytest.mark.parametrize("statement_s", [1.0, STATEMENT_S])
def test_where_one_connection_is_lost_no_other_of_its_time_is_used_again(folder, statement_s):
    def number(connection):
        return connection.execute("SELECT pg_backend_pid()").fetchone()[0]

    found = database(str(folder))
    try:
        with found.connection() as busy:
            with found.connection() as idle:
                old = {number(busy), number(idle)}
            with (
                pytest.raises(Unavailable, match="terminating connection"),
                found.connection(statement_s=statement_s) as lost,
            ):
                lost.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            assert idle.closed
            with found.connection() as new:
                old.add(number(new))
        assert len(old) == 3
        with found.connection() as again:  # the busy one was given back last, and not kept
            assert number(again) == number(new)
    finally:
        found.close()


def test_what_a_killed_server_leaves_behind_does_not_keep_the_folder(folder):
    with (
        opened(folder) as gallery,
        psycopg.connect(
            host=gallery._database._server.host, user="postgres", dbname="postgres", autocommit=True
        ) as connection,
    ):
        backend = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        os.kill(backend, signal.SIGSTOP)  # as one that is too busy to look up
        os.kill(server_of(folder), signal.SIGKILL)
        wait_until(lambda: not runs(server_of(folder)))
        assert runs(backend)
        begun = time.monotonic()
        assert open_gallery(str(folder)).close() is None
        assert time.monotonic() - begun < 60
        assert not runs(backend)


@pytest.mark.parametrize("victim", ["adding", "database"])
def test_no_acknowledged_record_is_lost_by_kill_9(victim):
    found = gallery_kill.rounds(victim, 2, longest_s=0.2)
    assert found["acknowledged"] > 0
    assert {name: found[name] for name in ("lost", "doubled", "torn", "thumbnails_missing")} == {
        "lost": 0,
        "doubled": 0,
        "torn": 0,
        "thumbnails_missing": 0,
    }
