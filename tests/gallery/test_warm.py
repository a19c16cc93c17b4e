"""What searches read is in memory soon after a gallery was opened; whatever goes wrong there is no user's error."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psycopg
import pytest

from gallery.made_records import MODEL, made_records
from gallery.postgres_gallery import wait_until
from passerby.gallery.contract import Unavailable
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import fill as filling
from passerby.gallery.postgres import graphs, upkeep
from passerby.gallery.postgres import warm as warming
from passerby.gallery.postgres.fill import fill
from passerby.gallery.postgres.warm import OTHERS, PLACES, read, warm

DIM = 64


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The folder of a gallery with a graph of 3,000 records, whose server has stopped."""
    folder = tmp_path_factory.mktemp("warm") / "gallery"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(graphs.build, "__kwdefaults__", {"tail": 50, "wait": False})
        gallery = open_gallery(str(folder), model=MODEL, dim=DIM)
        gallery.add(made_records(3_000, dim=DIM, people=300))
        gallery.settle()
        gallery.close()
    return folder


@pytest.fixture
def cold(filled, monkeypatch):
    """It, just opened, while nothing is read beforehand: its server has started, and has nothing in memory."""
    begun = threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(upkeep, "warm", lambda *given, **named: begun.set())
        gallery = open_gallery(str(filled))
        assert begun.wait(30)
        wait_until(lambda: gallery._upkeep._at_work is None)
        yield gallery
        gallery.close()


@contextmanager
def connected(gallery):
    """A connection that nobody else gets."""
    with closing(gallery._database._connect()) as connection:
        connection.autocommit = True
        yield connection


def one_of(gallery):
    [vector] = np.random.default_rng(0).standard_normal((1, DIM)).astype(np.float32)
    [hits] = gallery.search((vector / np.linalg.norm(vector))[None], 3)
    return hits


def test_the_files_are_those_that_searches_read_and_what_all_of_them_read_comes_first(cold, filled):
    with cold._database.connection() as connection:
        found = connection.execute(PLACES).fetchall()
        names = "SELECT relname FROM pg_class WHERE pg_relation_filepath(oid) = %s"
        told = [(connection.execute(names, (path,)).fetchone()[0], turn) for path, turn in found]
    assert [name for name, _ in told if not name.startswith("pg_toast")] == [
        "records_bits",
        "records_pkey",
        "graph_0_3001",
        "records",
        "records_where",
    ]
    assert [name.startswith("pg_toast") for name, _ in told] == [False] * 4 + [True, False, True]
    assert [turn < warming.FIRST for _, turn in told] == [True] * 4 + [False] * 3
    assert all((filled / "postgres" / path).is_file() for path, _ in found)


def test_a_graph_that_is_dropped_meanwhile_has_no_path_and_is_passed_over(cold, filled, monkeypatch):
    monkeypatch.setattr(warming, "PLACES", "SELECT NULL::text, 0 UNION ALL SELECT 'PG_VERSION', 4")
    seen = []
    monkeypatch.setattr(warming, "read", lambda paths, **given: seen.extend(path.name for path in paths) or iter(()))
    monkeypatch.setattr(warming, "fill", lambda connection: iter(()))
    with connected(cold) as connection:
        warm(connection, filled / "postgres")
    assert seen == ["PG_VERSION"]


def test_each_byte_of_each_part_is_read_once_and_files_that_are_gone_are_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(warming, "STEP", 1_000)
    (tmp_path / "1").write_bytes(bytes(2_500))
    (tmp_path / "1.1").write_bytes(bytes(700))
    (tmp_path / "1.3").write_bytes(bytes(700))  # does not follow
    (tmp_path / "2").write_bytes(bytes(40))
    (tmp_path / "empty").write_bytes(b"")
    found = [tmp_path / name for name in ("1", "gone", "empty", "2")]
    assert list(read(found)) == [1_000, 1_000, 500, 700, 40]


def test_reading_pauses_while_others_are_at_work(tmp_path, monkeypatch):
    slept, busy = [], iter([False, True, True])
    monkeypatch.setattr(warming, "STEP", 1_000)
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "perf_counter", iter([0.0, 0.001, 1.0, 1.002, 2.0, 5.0, 6.0]).__next__)
    (tmp_path / "1").write_bytes(bytes(3_000))
    assert list(read([tmp_path / "1"], busy=lambda: next(busy))) == [1_000] * 3
    assert slept == [pytest.approx(0.008), 0.02]


def test_another_s_search_is_seen_and_our_own_work_is_not(cold):
    with connected(cold) as one, connected(cold) as other, ThreadPoolExecutor(1) as pool:
        assert one.execute(OTHERS).fetchone() is None
        waiting = pool.submit(other.execute, "SELECT pg_sleep(60)")
        wait_until(lambda: one.execute(OTHERS).fetchone() is not None)
        other.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            waiting.result(30)
        wait_until(lambda: one.execute(OTHERS).fetchone() is None)


@pytest.mark.parametrize(("free", "most"), [(0, 0), (2_000, 1), (9_000, 5)])
def test_no_more_is_read_than_half_of_the_memory_that_is_free(cold, filled, monkeypatch, free, most):
    taken = []

    def watched(paths, **given):
        for size in read(paths, **given):
            taken.append(size)
            yield size

    monkeypatch.setattr(warming, "STEP", 1_000)
    monkeypatch.setattr(warming, "_free", lambda: free)
    monkeypatch.setattr(warming, "read", watched)
    with connected(cold) as connection:
        warm(connection, filled / "postgres")
    assert len(taken) == most


def test_it_ends_after_the_step_in_which_it_is_told_to(cold, filled, monkeypatch):
    told = iter([False, False, True])
    seen = []
    monkeypatch.setattr(warming, "STEP", 1_000)
    with connected(cold) as connection:
        warm(connection, filled / "postgres", stopped=lambda: seen.append(next(told)) or seen[-1])
    assert seen == [False, False, True]


def pages(connection, name):
    """How many pages an index has, and how many of them were read since the server started."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    return connection.execute(
        "SELECT pg_relation_size(indexrelid) / 8192, idx_blks_read FROM pg_statio_user_indexes WHERE indexrelname = %s",
        (name,),
    ).fetchone()


def test_filling_reads_the_graph_and_the_indexes_into_the_server_s_own_memory(cold):
    with connected(cold) as connection:
        before = {name: pages(connection, name)[1] for name in ("graph_0_3001", "records_bits", "records_pkey")}
        connection.execute("SELECT pg_stat_reset()")
        taken = sum(fill(connection))
        after = {name: pages(connection, name) for name in before}
    for name, (whole, now) in after.items():
        assert before[name] <= 3, name
        assert 0.9 * whole <= now <= whole, (name, whole, now)
    assert taken >= 8192 * sum(now for _, now in after.values())


def test_a_second_filling_finds_all_there_and_ends_soon(cold):
    with connected(cold) as connection:
        assert len(list(fill(connection))) < 20
        assert sum(fill(connection)) < 20 * 8192


def test_filling_ends_where_its_share_of_the_server_s_memory_is_full(cold, monkeypatch):
    monkeypatch.setattr(filling, "SHARE", 1e-4)
    with connected(cold) as connection:
        connection.execute("SELECT pg_stat_reset()")
        assert len(list(fill(connection))) == 1  # a search of this graph reads all of it; the others have more pages
        assert max(pages(connection, name)[1] for name in ("records_bits", "records_pkey")) <= 2


def test_filling_cannot_write(cold):
    with connected(cold) as connection:
        list(fill(connection))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("UPDATE records SET pid = 1")
    assert cold.count() == 3_000


def test_a_gallery_without_a_graph_is_left_alone(tmp_path):
    gallery = open_gallery(str(tmp_path / "gallery"), model=MODEL, dim=DIM)
    try:
        gallery.add(made_records(50, dim=DIM))
        with connected(gallery) as connection:
            assert list(fill(connection)) == []
            assert connection.execute("SHOW enable_seqscan").fetchone() == ("on",)
    finally:
        gallery.close()


def test_a_gallery_that_was_opened_is_filled_by_a_process_that_gives_way(filled, monkeypatch):
    seen, done = [], threading.Event()

    def watched(connection):
        seen.append(Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rsplit(")")[1].split()[16])
        yield from fill(connection)
        done.set()

    monkeypatch.setattr(warming, "fill", watched)
    gallery = open_gallery(str(filled))
    try:
        assert done.wait(30)
        assert seen == ["10"]
        wait_until(lambda: gallery._upkeep._at_work is None)
        with gallery._database.connection() as connection:  # nobody gets that one
            for name, setting in (("enable_sort", "on"), ("default_transaction_read_only", "off")):
                assert connection.execute(f"SHOW {name}").fetchone() == (setting,)
    finally:
        gallery.close()


@pytest.fixture
def asleep(filled, monkeypatch):
    """It, open, while filling waits for the server for a minute."""
    begun = threading.Event()

    def sleep(connection):
        begun.set()
        connection.execute("SELECT pg_sleep(60)")
        yield 1

    monkeypatch.setattr(warming, "fill", sleep)
    gallery = open_gallery(str(filled))
    assert begun.wait(30)
    time.sleep(0.2)
    yield gallery
    gallery.close()


def test_closing_does_not_wait_for_it(asleep):
    start = time.monotonic()
    asleep.close()
    assert time.monotonic() - start < 10


def test_searches_and_additions_go_on_while_it_waits(asleep):
    assert len(one_of(asleep)) == 3
    assert asleep.add(made_records(3_000, dim=DIM, people=300)[:2]).replaced == 2


def test_a_server_that_is_killed_meanwhile_is_started_again_for_the_next_search(asleep, filled):
    os.kill(int((filled / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def answers():
        try:
            return len(one_of(asleep)) == 3
        except Unavailable:
            return False

    wait_until(answers)
    assert asleep._upkeep._thread.is_alive()


@pytest.mark.parametrize("fault", [OSError("gone"), psycopg.errors.UndefinedTable("gone"), Unavailable("gone")])
def test_its_errors_are_nobody_s(filled, monkeypatch, fault):
    failed = threading.Event()

    def fail(*given, **named):
        failed.set()
        raise fault

    monkeypatch.setattr(upkeep, "warm", fail)
    gallery = open_gallery(str(filled))
    try:
        assert failed.wait(30)
        assert len(one_of(gallery)) == 3
        assert gallery._upkeep._thread.is_alive()
    finally:
        gallery.close()
