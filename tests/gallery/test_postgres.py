"""What is PostgreSQL's own: the server in a folder, who shares it, how it ends, how it grows and changes."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg
import pytest

import gallery_kill
from gallery.made_records import MODEL, made_records, unit, vectors_of
from gallery.plain_gallery import PlainGallery
from gallery.postgres_server import PASSWORD, postgres_server, server_url
from passerby.gallery.contract import Added, Unavailable
from passerby.gallery.drop import drop
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import graphs, schema, searching
from passerby.gallery.postgres.checking import check_bits
from passerby.gallery.postgres.database import STATEMENT_S, database
from passerby.gallery.postgres.near import OFF, near
from passerby.gallery.where import Where

DIM = 32
RECORDS = made_records(120, dim=DIM)


@contextmanager
def opened(url, **model_and_dim):
    gallery = open_gallery(str(url), **model_and_dim)
    try:
        yield gallery
    finally:
        gallery.close()


def server_of(folder):
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1][:3]


def wait_until(fact):
    end = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A gallery of RECORDS, which stays open."""
    place = tmp_path_factory.mktemp("shared") / "gallery"
    with opened(place, model=MODEL, dim=DIM) as gallery:
        gallery.add(RECORDS)
        yield place


def test_what_is_no_gallery_is_refused_and_left_alone(tmp_path):
    with pytest.raises(FileNotFoundError, match="No gallery in"):
        open_gallery(str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="No gallery in"):
        open_gallery(str(tmp_path / "none"), model=MODEL)
    assert not (tmp_path / "none").exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"a")
    with pytest.raises(ValueError, match="holds something else"):
        open_gallery(str(tmp_path / "photos"), model=MODEL, dim=DIM)
    assert [file.name for file in (tmp_path / "photos").iterdir()] == ["a.jpg"]
    with pytest.raises(NotADirectoryError, match="is a file"):
        open_gallery(str(tmp_path / "photos" / "a.jpg"), model=MODEL, dim=DIM)


def test_the_server_ends_with_its_last_user_and_the_path_may_be_long(tmp_path):
    place = tmp_path / ("deep" * 30) / ("er ü'%" * 8) / "gallery"
    with opened(place, model=MODEL, dim=DIM) as first:
        first.add(RECORDS)
        with opened(place) as second:
            assert second.count() == len(RECORDS)
        server = server_of(place)
        assert first.count() == len(RECORDS)
    assert not runs(server)
    mode = (place / "postgres").stat().st_mode & 0o777
    assert mode == 0o700
    place.with_name("moved").symlink_to(place)
    place.rename(place.with_name("elsewhere"))
    with opened(place.with_name("elsewhere")) as again:  # a gallery may be moved while it is closed
        assert again.count() == len(RECORDS)


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
                    connection.execute("SELECT pg_sleep(30)")
            except Unavailable as error:
                slow.append(str(error))

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.3)
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
        assert time.monotonic() - begun < 30
        assert not runs(backend)


def test_a_wrong_address_is_one_line_without_the_password():
    for url in (
        "postgresql://me:geheim@127.0.0.1:1/x",
        "postgresql://me:ge heim@[x/x",
        "postgresql://me:geheim@127.0.0.1:99999/x",
        "postgresql://me:geheim@127.0.0.1/x?nonsense=geheim",
        "postgres://me:geheim@nowhere.invalid/x",
    ):
        with pytest.raises((Unavailable, ValueError)) as caught:
            open_gallery(url, model=MODEL, dim=DIM)
        assert "geheim" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_external_server_keeps_its_password_to_itself(tmp_path):
    with postgres_server(tmp_path) as port:
        with opened(server_url(port), model=MODEL, dim=DIM) as gallery:
            assert PASSWORD not in gallery.about.url
            assert gallery.about.url == f"postgresql://postgres@127.0.0.1:{port}/postgres"
            gallery.add(RECORDS)
            assert gallery.count() == len(RECORDS)
        with pytest.raises(FileNotFoundError, match="No gallery in postgresql://postgres@"):
            open_gallery(server_url(port, "template1"))
        with pytest.raises(Unavailable, match="password authentication failed") as caught:
            database(f"postgresql://postgres:wrong-one@127.0.0.1:{port}/postgres")
        assert "wrong-one" not in str(caught.value)


def test_a_full_disk_is_said_and_nothing_is_kept(folder):
    full = (
        "DELETE FROM passerby.records; "
        "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file'; END $$"
    )
    with opened(folder) as gallery:
        with (
            pytest.raises(Unavailable, match=r"disk of .* is full: could not extend file"),
            gallery._database.connection() as connection,
        ):
            connection.execute(full)
        assert gallery.count() == len(RECORDS)


def test_what_takes_too_long_is_given_up(folder):
    with opened(folder) as gallery:
        with (
            pytest.raises(Unavailable, match="too long"),
            gallery._database.connection(statement_s=0.05) as connection,
        ):
            connection.execute("SELECT pg_sleep(10)")
        gallery.ready()


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


def test_a_record_that_an_older_passerby_added_without_bits_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "SMALL", 0)
    monkeypatch.setattr(searching, "IN_A_ROW", -1.0)
    records = made_records(3_000, dim=DIM, awkward=False)
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        gallery.add(records)
        assert build(gallery, 100)[0]
        with gallery._database.connection() as connection:
            connection.execute("UPDATE meta SET bits_recall = 1")
            connection.execute("UPDATE records SET bits = NULL WHERE id = %s", (records[7].id,))
        where = Where(cameras=(records[7].camid,))
        assert gallery.search(records[7].embedding[None], 1, where=where)[0][0].record.id == records[7].id


def assert_bits(gallery, *, there):
    """All records have bits, those of their copy against the gallery's middle, or none has."""
    with gallery._database.connection() as connection:
        rows = connection.execute(
            "SELECT (records.near::vector)::real[], bits::text, (middle::vector)::real[] FROM records, meta"
        ).fetchall()
    for copy, bits, middle in rows:
        expected = (
            "".join("1" if one > other else "0" for one, other in zip(copy, middle, strict=True)) if there else None
        )
        assert bits == expected


@pytest.fixture
def by_graph(monkeypatch):
    """Graphs from the first hundred on."""
    monkeypatch.setattr(searching, "SMALL", 0)
    monkeypatch.setattr(searching, "IN_A_ROW", -1.0)
    monkeypatch.setattr(searching, "SCATTERED", -1.0)


def build(gallery, tail):
    with gallery._database.connection(statement_s=0, autocommit=True) as connection:
        built = graphs.build(connection, tail=tail)
        return built, [(one.low, one.high, one.rows) for one in graphs.graphs(connection)]


def check(gallery):
    with gallery._database.connection(statement_s=0, autocommit=True) as connection:
        return check_bits(connection)


def recall(gallery, held, queries, k=10, **options):
    found = gallery.search(queries, k, **options)
    right = held.search(queries, k, **options)
    assert [len(hits) for hits in found] == [len(hits) for hits in right]
    shared = [
        len({one.record.id for one in a} & {one.record.id for one in b}) / len(b)
        for a, b in zip(found, right, strict=True)
        if b
    ]
    return float(np.mean(shared or [1.0]))


def test_graphs_grow_with_the_gallery(tmp_path, by_graph):
    records = made_records(1_500, dim=DIM, people=300)
    queries = vectors_of(made_records(6, dim=DIM, people=300, seed=3))
    held = PlainGallery(MODEL, DIM)
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:

        def add(some):
            gallery.add(some)
            held.add(some)

        def check():
            assert recall(gallery, held, queries) >= 0.95
            assert recall(gallery, held, queries, where=Where(not_cameras=(2,))) >= 0.95
            assert recall(gallery, held, queries, where=Where(cameras=(1,), until=records[400].time)) >= 0.95
            assert recall(gallery, held, queries[:1], k=700) >= 0.95
            assert recall(gallery, held, queries, where=Where(ids=(records[3].id, records[4].id))) == 1

        add(records[:900])
        assert build(gallery, 1_000) == (False, [])
        assert build(gallery, 500)[0]
        check()
        add(records[900:1_000])
        check()
        assert [rows for _, _, rows in build(gallery, 100)[1]] == [900, 100]
        add([replace(record, labels={"upper": "white"}) for record in records[:300]])  # these leave their old graphs
        add(records[1_000:])
        check()
        built, parts = build(gallery, 100)
        assert built
        assert len(parts) == 1
        check()
        gone = Where(until=records[700].time)
        assert gallery.delete(gone) == held.delete(gone)
        check()
        with gallery._database.connection() as connection:
            connection.execute("CREATE INDEX graph_left_over ON records USING hnsw (near halfvec_ip_ops) WHERE seq < 5")
        build(gallery, 10**6)
        with gallery._database.connection() as connection:
            names = connection.execute("SELECT relname FROM pg_class WHERE relname ~ '^graph_' ").fetchall()
            assert sorted(name for (name,) in names) == sorted(one.name for one in graphs.graphs(connection))


@pytest.mark.parametrize("batches", [(1_500,), (400, 400, 400, 300), (1_100, 400)])
def test_records_get_their_bits_however_they_come(tmp_path, batches):
    records = made_records(1_500, dim=DIM)
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        start = 0
        for size in batches:
            gallery.add(records[start : start + size])
            start += size
        assert_bits(gallery, there=True)
        gallery.add([replace(record, embedding=-record.embedding) for record in records[:50]])
        assert_bits(gallery, there=True)


def test_two_who_add_to_a_new_gallery_agree_on_its_middle(tmp_path):
    records = made_records(4_000, dim=DIM)
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        threads = [
            threading.Thread(
                target=lambda mine: [gallery.add(mine[start : start + 90]) for start in range(0, 1_000, 90)],
                args=(records[row * 1_000 : (row + 1) * 1_000],),
            )
            for row in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert gallery.count() == 4_000
        assert_bits(gallery, there=True)


@pytest.mark.parametrize("positive", [False, True])
def test_what_a_filter_of_cameras_or_a_time_keeps_is_found_by_its_bits(tmp_path, monkeypatch, positive):
    monkeypatch.setattr(searching, "SMALL", 0)
    monkeypatch.setattr(searching, "IN_A_ROW", -1.0)
    dim, asked = 256, []
    by_bits = searching.by_bits
    monkeypatch.setattr(searching, "by_bits", lambda *given, **more: asked.append(1) or by_bits(*given, **more))
    records = made_records(3_000, dim=dim, people=50, awkward=False)
    queries = vectors_of(records[::250])
    if positive:  # as after a rectifier
        records = [replace(one, embedding=unit(np.maximum(one.embedding, 0))) for one in records]
        queries = np.stack([unit(np.maximum(query, 0)) for query in queries])
    held = PlainGallery(MODEL, dim)
    held.add(records)
    with opened(tmp_path / "gallery", model=MODEL, dim=dim) as gallery:
        gallery.add(records)
        assert build(gallery, 100)[0]
        assert check(gallery) >= 0.97
        few = Where(cameras=(1,), not_tracks=((1, 7),))
        for number, where in enumerate((few, Where(since=records[1_000].time), Where(cameras=(2,), pids=(4,)))):
            assert recall(gallery, held, queries, where=where) >= 0.97
            assert len(asked) == 12 * min(number + 1, 2)  # not where a filter looks at more than cameras and times
        assert recall(gallery, held, queries, k=800, where=few) == 1
        assert recall(gallery, held, queries, where=Where(cameras=(1,), labels={"upper": "red"})) >= 0.95
        assert recall(gallery, held, queries, where=few, way="exact") == 1
        assert len(asked) == 24


def test_whoever_waits_for_a_graph_does_not_stop_it(tmp_path, monkeypatch):
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        gallery.add(RECORDS)
        monkeypatch.setattr(graphs.build, "__kwdefaults__", {"tail": 50, "wait": False})
        threads = [threading.Thread(target=gallery.settle) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert [rows for *_, rows in build(gallery, 10**6)[1]] == [len(RECORDS)]


def test_copies_are_as_near_as_is_said():
    rng = np.random.default_rng(0)
    for dim in (1, 3, 64, 512, 1_024):
        vectors = rng.standard_normal((200, dim)).astype(np.float32) ** 3  # some parts much larger than others
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        copies = near(vectors, dim).astype(np.float64)
        wide = vectors.astype(np.float64)
        assert np.abs(copies @ copies.T - wide @ wide.T).max() < OFF


def test_projected_copies_keep_products():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((100, 3_000)).astype(np.float32) + rng.standard_normal(3_000).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    copies = near(vectors, 1_024).astype(np.float64)
    off = copies @ copies.T - vectors.astype(np.float64) @ vectors.astype(np.float64).T
    assert np.abs(off).max() < 0.15
    assert np.abs(np.linalg.norm(copies, axis=1) - 1).max() < 1e-3
    # Stored copies are compared with new ones: they must come out alike for ever.
    known = np.full((1, 2_000), 2_000**-0.5, np.float32)
    assert [round(float(value), 4) for value in near(known, 1_024)[0, :4]] == KNOWN


KNOWN = [0.0085, -0.034, -0.0283, 0.0085]


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


def test_nothing_is_listened_on_but_a_socket_in_the_folder(folder):
    with opened(folder) as gallery, gallery._database.connection() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_gallery_that_was_dropped_under_a_reader_is_unavailable_and_times_of_any_size_are_counted(tmp_path):
    with opened(tmp_path / "g", model=MODEL, dim=DIM) as gallery:
        tiny = [replace(RECORDS[0], time=time, path=f"{time}.jpg", id="") for time in (5e-324, -5e-324, 0.0)]
        gallery.add(tiny)
        assert [(hour.start, hour.count) for hour in gallery.statistics()] == [(-3600.0, 1), (0.0, 2)]
        drop(str(tmp_path / "g"))
        for asked in (gallery.count, gallery.cameras, lambda: gallery.add(RECORDS[:1])):
            with pytest.raises(Unavailable, match="refused this"):
                asked()
