"""Whether what is found by bits is measured, and what is done where it is too little."""

from dataclasses import replace

import numpy as np
import pytest
from psycopg import sql

from gallery.made_records import MODEL, START, made_records, unit, vectors_of
from gallery.plain_gallery import PlainGallery
from gallery.postgres_gallery import opened, recall, working
from passerby.gallery.postgres import checking, graphs, searching
from passerby.gallery.postgres.building import building
from passerby.gallery.postgres.checking import check_bits
from passerby.gallery.record import Record
from passerby.gallery.where import Where

DIM, NUMBER = 256, 3_000
CAMERA, LATE = Where(cameras=(1,)), Where(since=START + 5_000.0)


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
            assert recall(gallery, held, queries, k=50, where=CAMERA) == 1
            assert not asked  # not measured yet
            measured = check_bits(connection)
        assert noted(gallery) == (pytest.approx(measured), NUMBER + 1)
        assert (measured >= 0.97) == good
        assert good or measured < 0.9
        for where in (CAMERA, LATE):
            assert recall(gallery, held, queries, k=50, where=where) >= 0.97
        assert len(asked) == (16 if good else 0)
        if not good:  # or it would not have been worth a check
            assert recall(gallery, held, queries, k=50, where=CAMERA) == 1
            with gallery._database.connection() as connection:
                connection.execute("UPDATE meta SET bits_recall = 1")
            assert recall(gallery, held, queries, k=50, where=LATE) < 0.95
            assert len(asked) == 8


@pytest.mark.parametrize("good", [True, False])
def test_one_camera_that_is_searched_badly_does_not_hide_behind_seven_others(tmp_path, monkeypatch, caplog, good):
    number, side = 12_000, np.random.default_rng(0).standard_normal(DIM)
    few = np.where(np.arange(DIM) < 4, 1.0, 0.02)
    records = made_records(number, dim=DIM, cameras=8, awkward=False, noise=1.0)
    if not good:  # as an infrared camera's, to one side of the others, and told apart by little
        records = [
            replace(one, embedding=unit(few * one.embedding + 0.3 * side)) if one.camid == 5 else one for one in records
        ]
    caplog.set_level("INFO", checking.__name__)
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery, working(gallery) as connection:
        gallery.add(records)
        connection.execute("INSERT INTO graphs VALUES (0, %s, 'graph_pretended', %s)", (number + 1, number))
        with monkeypatch.context() as patch:
            patch.setattr(checking, "CAMERAS", 0)
            overall = check_bits(connection)
        assert overall >= searching.FOUND  # so the others hide it
        connection.execute("UPDATE meta SET bits_checked = NULL")
        measured = check_bits(connection)
        assert noted(gallery)[0] == pytest.approx(measured)
    assert (measured == overall) == good
    assert good or measured < 0.92
    assert ("where camera 5" in caplog.text) == (not good)


@pytest.mark.parametrize("timed", [True, False])
def test_a_camera_is_measured_by_as_many_of_its_records_as_a_filter_keeps(tmp_path, monkeypatch, timed):
    monkeypatch.setattr(checking, "BY_BITS", 10.0)
    parts, by_bits = [], checking.by_bits

    def noting(connection, query, wanted, *, filtered):
        condition, given = filtered
        statement = sql.SQL("SELECT count(*), min(camid), max(camid) FROM records WHERE {}").format(condition)
        parts.append(connection.execute(statement, given).fetchone())
        return by_bits(connection, query, wanted, filtered=filtered)

    monkeypatch.setattr(checking, "by_bits", noting)
    records = made_records(6_000, cameras=4, awkward=False)
    records = [
        replace(one, camid=1 if one.camid < 4 else 4, time=one.time if timed else None, id="")
        for one in records[:5_500]
    ]
    with opened(tmp_path / "gallery", model=MODEL, dim=32) as gallery, working(gallery) as connection:
        gallery.add(records)
        connection.execute("INSERT INTO graphs VALUES (0, 5501, 'graph_pretended', 5500)")
        check_bits(connection)
        of_camera = {camid: {count + 1 for count, low, high in parts if low == high == camid} for camid in (1, 4)}
    assert of_camera == {1: {741, 742}, 4: {741, 742}} if timed else {1: {1}, 4: {2}}


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
