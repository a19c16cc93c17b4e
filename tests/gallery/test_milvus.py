import importlib
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pymilvus")

from gallery.made_records import MODEL, START, made_records, unit, vectors_of
from gallery.plain_gallery import PlainGallery
from passerby.gallery.contract import OtherModel, Unavailable
from passerby.gallery.drop import drop
from passerby.gallery.milvus import collection, latest, pages
from passerby.gallery.milvus.latest import _between
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.record import THUMBNAIL, Record
from passerby.gallery.where import Where

DIM = 16


@pytest.fixture
def lite(tmp_path):
    gallery = open_gallery(f"milvus:{tmp_path / 'lite.db'}", model=MODEL, dim=DIM)
    yield gallery
    gallery.close()


def seen(records):
    return [
        (one.id, one.camid, one.time, one.trackid, one.pid, dict(one.labels), one.path, one.box, one.thumbnail)
        for one in records
    ]


def test_pages_are_in_the_order_of_ids_even_if_ids_are_no_digests(lite):
    made = made_records(40, dim=DIM)
    made = [replace(one, id=f"{number << 112:032x}") for number, one in enumerate(made[:20])] + made[20:]
    lite.add(made)
    found = list(pages.pages(lite._records, "", [], size=7))
    assert max(map(len, found)) <= 7
    ids = [row["id"] for page in found for row in page]
    assert ids == sorted(one.id for one in made)
    after = [row["id"] for page in pages.pages(lite._records, "", [], size=20, after=ids[11]) for row in page]
    assert after == ids[12:]


def test_the_latest_come_first_even_if_more_have_one_time_than_are_sorted_at_once(lite, monkeypatch):
    monkeypatch.setattr(latest, "_ENOUGH", 8)
    plain = PlainGallery(MODEL, DIM)
    times = [START] * 21 + [START + 1] * 3 + [START - 7200.5] * 12 + [-62135596800.0, 253402300799.0, 0.0, None, None]
    vectors = vectors_of(made_records(len(times), dim=DIM))
    made = [
        Record(embedding=one, time=time, path=f"{n}") for n, (one, time) in enumerate(zip(vectors, times, strict=True))
    ]
    plain.add(made)
    lite.add(made)
    for limit in (1, 5, 40):
        after = None
        for _ in range(12):
            page = lite.sightings(limit=limit, after=after)
            assert seen(page) == seen(plain.sightings(limit=limit, after=after))
            if not page:
                break
            after = page[-1].id


@pytest.mark.parametrize(("low", "high"), [(-np.inf, np.inf), (0.0, 5e-324), (-1.0, 1.0), (1.7e9, np.inf), (-0.0, 1.0)])
def test_between_two_numbers_lies_one_that_is_not_above_the_upper(low, high):
    assert low <= _between(low, high) < high


def test_the_longest_values_come_back(lite):
    made = Record(
        embedding=unit(np.arange(1, DIM + 1)),
        path="ü" * 5_000,
        labels={f"name {number}": "\U0001f9e5" * 200 for number in range(2)},
        thumbnail=bytes(range(256)) * (THUMBNAIL // 256),
        time=1.7e9 + 1 / 3,
        box=(0.1, 1 / 3, 1e-9, 1e12),
    )
    lite.add([made])
    assert seen(lite.records(thumbnails=True)) == seen([made])
    assert lite.thumbnail(made.id) == made.thumbnail
    assert lite.labels() == {name: [value] for name, value in sorted(made.labels.items())}


def test_a_path_that_milvus_would_cut_is_refused_and_nothing_kept(lite):
    made = made_records(3, dim=DIM)
    with pytest.raises(ValueError, match="65,535"):
        lite.add([*made, Record(embedding=made[0].embedding, path="x" * 70_000)])
    assert lite.count() == 0


def test_what_the_gallery_holds_is_found_on_opening(tmp_path):
    url = f"milvus:{tmp_path / 'opened.db'}"
    with pytest.raises(FileNotFoundError, match="No gallery"):
        open_gallery(url)
    first = open_gallery(url, model=MODEL, dim=DIM)
    second = open_gallery(url)
    assert second.about == first.about
    assert (second.about.model, second.about.dim) == (MODEL, DIM)
    first.close()
    first.close()
    second.ready()  # Milvus Lite stops with the last that is open
    second.close()
    for call in (second.ready, second.count, second.cameras, lambda: second.get([]), lambda: second.add([])):
        with pytest.raises(Unavailable, match="closed"):
            call()
    with pytest.raises(OtherModel, match="16 dimensions"):
        open_gallery(url, dim=DIM + 1)
    with pytest.raises(OtherModel, match="other"):
        open_gallery(url, model=replace(MODEL, name="other"))


def test_a_gallery_whose_making_was_cut_short_is_none_and_can_be_made(tmp_path, monkeypatch):
    url = f"milvus:{tmp_path / 'cut.db'}"

    def stopped(*_):
        raise Unavailable("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(collection.Collection, "upsert", stopped)
        with pytest.raises(Unavailable, match="stopped"):
            open_gallery(url, model=MODEL, dim=DIM)
    with pytest.raises(FileNotFoundError):
        open_gallery(url)
    with pytest.raises(ValueError, match="dimensions"):
        open_gallery(url, model=MODEL, dim=DIM + 1)
    gallery = open_gallery(url, model=MODEL, dim=DIM)
    assert gallery.count() == 0
    gallery.close()


def test_a_gallery_that_is_dropped_is_gone_and_can_be_made_anew(tmp_path):
    url = f"milvus:{tmp_path / 'dropped.db'}"
    gallery = open_gallery(url, model=MODEL, dim=DIM)
    gallery.add(made_records(20, dim=DIM))
    gallery.close()
    drop(url)
    with pytest.raises(FileNotFoundError):
        open_gallery(url)
    with pytest.raises(FileNotFoundError):
        drop(url)
    gallery = open_gallery(url, model=replace(MODEL, name="other"), dim=DIM + 1)
    assert gallery.count() == 0
    assert gallery.labels() == {}
    gallery.close()


def test_a_gallery_of_a_newer_schema_is_refused(tmp_path):
    url = f"milvus:{tmp_path / 'newer.db'}"
    gallery = open_gallery(url, model=MODEL, dim=DIM)
    words = collection.Collection(gallery._link, "gallery_words")
    (row,) = words.rows('kind == "about"', ["kind", "text", "none"])
    words.upsert([{**row, "text": row["text"].replace('"schema": 1', '"schema": 2')}])
    gallery.close()
    with pytest.raises(ValueError, match="newer passerby"):
        open_gallery(url)


def test_what_is_no_lite_gallery_is_left_alone(tmp_path):
    (tmp_path / "old.db").write_bytes(b"SQLite format 3\0")
    (tmp_path / "full.db").mkdir()
    (tmp_path / "full.db" / "letter.txt").write_text("dear")
    for name, error in (("old", ValueError), ("full", ValueError), ("no/where", FileNotFoundError)):
        with pytest.raises(error):
            open_gallery(f"milvus:{tmp_path / name}.db", model=MODEL, dim=DIM)
    assert (tmp_path / "old.db").read_bytes() == b"SQLite format 3\0"
    assert os.listdir(tmp_path / "full.db") == ["letter.txt"]


def test_nobody_at_the_address_is_an_error_without_the_token(monkeypatch):
    monkeypatch.setenv("PASSERBY_MILVUS_TOKEN", "geheim:wort")
    monkeypatch.setattr(collection, "SECONDS", 0.5)
    with pytest.raises(Unavailable) as error:
        open_gallery("milvus://127.0.0.1:9/people")  # the discard port
    assert "geheim" not in str(error.value)
    assert "\n" not in str(error.value)


def test_milvus_that_stops_in_the_middle_is_an_error_and_nothing_is_lost(tmp_path, monkeypatch):
    from milvus_lite.server_manager import server_manager_instance

    url = f"milvus:{tmp_path / 'stopped.db'}"
    gallery = open_gallery(url, model=MODEL, dim=DIM)
    gallery.add(made_records(20, dim=DIM))
    monkeypatch.setattr(collection, "SECONDS", 0.5)
    server_manager_instance.release_server(str(tmp_path / "stopped.db"))
    calls = (
        gallery.ready,
        gallery.count,
        lambda: gallery.add(made_records(5, dim=DIM, seed=1)),
        lambda: gallery.search(vectors_of(made_records(1, dim=DIM)), 3),
        lambda: gallery.delete(Where(cameras=(1,))),
    )
    for call in calls:
        with pytest.raises(Unavailable):
            call()
    gallery.close()
    monkeypatch.undo()
    again = open_gallery(url)
    assert again.count() == 20
    again.close()


ADDING = """
import sys
sys.path.insert(0, sys.argv[2])
from gallery.made_records import MODEL, made_records
from passerby.gallery.open_gallery import open_gallery
gallery = open_gallery(sys.argv[1], model=MODEL, dim=16)
for seed in range(10_000):
    gallery.add(made_records(50, dim=16, seed=seed))
    print(seed, flush=True)
"""


def test_a_killed_process_loses_no_acknowledged_record_and_doubles_none(tmp_path):
    url = f"milvus:{tmp_path / 'killed.db'}"
    tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with subprocess.Popen([sys.executable, "-c", ADDING, url, tests], stdout=subprocess.PIPE, text=True) as adding:
        acknowledged = [int(next(adding.stdout)) for _ in range(4)]
        with pytest.raises(Unavailable, match="another process"):
            open_gallery(url)
        adding.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in adding.stdout if line.endswith("\n")]
    gallery = open_gallery(url)
    kept = [one.id for one in gallery.records()]
    gallery.close()
    assert len(kept) == len(set(kept))
    assert {one.id for seed in acknowledged for one in made_records(50, dim=16, seed=seed)} <= set(kept)


def test_without_pymilvus_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    monkeypatch.delitem(sys.modules, collection.__name__)
    with pytest.raises(Unavailable, match=r"pip install 'passerby\[milvus\]'"):
        importlib.import_module(collection.__name__)
