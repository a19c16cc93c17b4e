"""The ways to search a gallery in PostgreSQL: by graphs, and by bits."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from gallery.made_records import MODEL, made_records, unit, vectors_of
from gallery.plain_gallery import PlainGallery
from gallery.postgres_gallery import build, check, opened, recall
from passerby.gallery.postgres import graphs, searching
from passerby.gallery.where import Where

DIM = 32
RECORDS = made_records(120, dim=DIM)


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
