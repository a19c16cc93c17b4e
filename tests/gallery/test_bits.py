"""Whether what is found by bits is measured, and what is done where it is too little."""

import threading
from contextlib import contextmanager

import numpy as np
import pytest

from gallery.made_records import MODEL, START, made_records, unit, vectors_of
from gallery.plain_gallery import PlainGallery
from gallery.postgres_server import postgres_server, server_url
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import graphs, searching
from passerby.gallery.postgres.building import building
from passerby.gallery.postgres.checking import check_bits
from passerby.gallery.record import Record
from passerby.gallery.where import Where

DIM, NUMBER = 256, 3_000
CAMERA, LATE = Where(cameras=(1,)), Where(since=START + 5_000.0)


@contextmanager
def opened(url, **model_and_dim):
    gallery = open_gallery(str(url), **model_and_dim)
    try:
        yield gallery
    finally:
        gallery.close()


@contextmanager
def working(gallery):
    with gallery._database.connection(statement_s=0, autocommit=True) as connection:
        yield connection


def noted(gallery):
    with gallery._database.connection() as connection:
        return connection.execute("SELECT bits_recall, bits_checked FROM meta").fetchone()


@pytest.fixture
def asked(monkeypatch):
    """How often bits were asked; filters of cameras or a time are small enough for them, and too large for all."""
    times = []
    by_bits = searching.by_bits
    monkeypatch.setattr(searching, "SMALL", 0)
    monkeypatch.setattr(searching, "IN_A_ROW", -1.0)
    monkeypatch.setattr(searching, "by_bits", lambda *given, **more: times.append(1) or by_bits(*given, **more))
    return times


def told_apart_by_size(number, seed=0):
    """Records that differ in four of their dimensions; the others are nearly nothing, and of any sign."""
    rng = np.random.default_rng(seed)
    vectors = 0.001 * rng.standard_normal((number, DIM))
    vectors[:, :4] += 1 + rng.random((number, 4))
    return [
        Record(embedding=unit(vector), camid=row % 4 + 1, time=START + 5.0 * row, path=f"{seed}/{row}.jpg")
        for row, vector in enumerate(vectors)
    ]


def recall(gallery, held, queries, where):
    found, right = gallery.search(queries, 50, where=where), held.search(queries, 50, where=where)
    return np.mean(
        [
            len({hit.record.id for hit in a} & {hit.record.id for hit in b}) / 50
            for a, b in zip(found, right, strict=True)
        ]
    )


@pytest.mark.parametrize("good", [True, False])
def test_bits_that_miss_too_much_are_not_searched_and_good_ones_are(tmp_path, asked, good):
    made = made_records(NUMBER + 8, dim=DIM, people=50, awkward=False) if good else told_apart_by_size(NUMBER + 8)
    records, queries = made[:NUMBER], vectors_of(made[NUMBER:])
    held = PlainGallery(MODEL, DIM)
    held.add(records)
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        gallery.add(records)
        with working(gallery) as connection:
            assert check_bits(connection) is None  # without a graph everything is compared
            assert graphs.build(connection, tail=100)
            assert recall(gallery, held, queries, CAMERA) == 1
            assert not asked  # not measured yet
            measured = check_bits(connection)
        assert noted(gallery) == (pytest.approx(measured), NUMBER + 1)
        assert (measured >= 0.97) == good
        assert good or measured < 0.9
        for where in (CAMERA, LATE):
            assert recall(gallery, held, queries, where) >= 0.97
        assert len(asked) == (16 if good else 0)
        if not good:  # or it would not have been worth a check
            assert recall(gallery, held, queries, CAMERA) == 1
            with gallery._database.connection() as connection:
                connection.execute("UPDATE meta SET bits_recall = 1")
            assert recall(gallery, held, queries, LATE) < 0.95
            assert len(asked) == 8


def test_bits_are_measured_again_with_each_graph_and_not_in_between(tmp_path):
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery, working(gallery) as connection:
        gallery.add(made_records(NUMBER, dim=DIM))
        graphs.build(connection, tail=100)
        first = check_bits(connection)
        assert first >= 0.97
        assert check_bits(connection) is None
        gallery.add(told_apart_by_size(2 * NUMBER))
        assert check_bits(connection) is None
        graphs.build(connection, tail=100)
        assert check_bits(connection) < first - 0.02
        gallery.delete(Where(until=START + 5.0 * 1_000_000))
        gallery.delete(Where(cameras=(1, 2, 3, 4)))
        connection.execute("DELETE FROM records; UPDATE meta SET bits_checked = NULL")
        assert check_bits(connection) is None  # nothing to measure
        assert noted(gallery)[0] is None


def test_whoever_builds_is_left_alone(tmp_path):
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        gallery.add(made_records(1_000, dim=DIM))
        with working(gallery) as first, working(gallery) as second:
            graphs.build(first, tail=100)
            with building(first) as alone:
                assert alone
                assert check_bits(second) is None
                assert noted(gallery) == (None, None)
            assert check_bits(second) > 0.9


def test_copies_of_one_picture_stand_for_each_other(tmp_path):
    record = made_records(1, dim=DIM, awkward=False)[0]
    same = [
        Record(embedding=record.embedding, camid=row % 3, time=START + row, path=f"{row}.jpg") for row in range(2_000)
    ]
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery, working(gallery) as connection:
        gallery.add(same)
        graphs.build(connection, tail=100)
        assert check_bits(connection) == 1


def test_longer_vectors_whose_bits_miss_too_much_are_left_to_the_graph(tmp_path, asked, monkeypatch):
    exact = []
    by_all = searching._exact
    monkeypatch.setattr(searching, "_exact", lambda *given, **more: exact.append(1) or by_all(*given, **more))
    records = made_records(1_000, dim=1_100, awkward=False)
    with opened(tmp_path / "gallery", model=MODEL, dim=1_100) as gallery, working(gallery) as connection:
        gallery.add(records)
        graphs.build(connection, tail=100)
        assert check_bits(connection) > 0.5
        connection.execute("UPDATE meta SET bits_recall = 0.5")
        [hits] = gallery.search(records[5].embedding[None], 5, where=Where(since=START))
        assert hits[0].record.id == records[5].id
        assert not asked
        assert not exact  # which reads all vectors as they were given


def test_version_2_is_measured_before_its_bits_are_searched_again(tmp_path, asked):
    place = tmp_path / "gallery"
    records = made_records(NUMBER, dim=DIM, awkward=False)
    with opened(place, model=MODEL, dim=DIM) as gallery:
        gallery.add(records)
        with working(gallery) as connection:
            graphs.build(connection, tail=100)
            connection.execute("ALTER TABLE meta DROP COLUMN bits_recall, DROP COLUMN bits_checked")
            connection.execute("UPDATE meta SET version = 2")
    with opened(place) as gallery:
        assert gallery.search(records[0].embedding[None], 1, where=CAMERA)
        assert not asked
        gallery.settle()
        assert noted(gallery)[0] >= 0.97
        assert gallery.search(records[0].embedding[None], 1, where=CAMERA)
        assert asked


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_server_whose_transactions_see_no_later_change_is_no_error(tmp_path, isolation):
    with postgres_server(tmp_path) as port:
        with opened(server_url(port), model=MODEL, dim=32) as gallery, gallery._database.connection() as connection:
            connection.execute(f"ALTER DATABASE postgres SET default_transaction_isolation = '{isolation}'")
        errors = []
        with opened(server_url(port)) as gallery:
            records = made_records(2_000, dim=32)

            def add(mine):
                try:
                    for start in range(0, 500, 50):
                        gallery.add(mine[start : start + 50])
                except OSError as error:
                    errors.append(error)

            threads = [threading.Thread(target=add, args=(records[row * 500 : row * 500 + 500],)) for row in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert errors == []
            assert gallery.count() == 2_000
            with gallery._database.connection() as connection:
                assert connection.execute("SHOW transaction_isolation").fetchone() == ("read committed",)
                assert connection.execute("SELECT count(*) FROM records WHERE bits IS NULL").fetchone() == (0,)
