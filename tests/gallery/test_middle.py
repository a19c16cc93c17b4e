"""What the bits of a copy are cut at, and that every record gets its bits."""

import threading
from dataclasses import replace

import pytest

from gallery.made_records import MODEL, made_records
from gallery.postgres_gallery import assert_bits, build, opened
from gallery.postgres_server import postgres_server, server_url
from passerby.gallery.postgres import adding, searching
from passerby.gallery.where import Where

DIM = 32


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


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_server_whose_transactions_see_no_later_change_is_no_error(tmp_path, isolation):
    with postgres_server(tmp_path) as port:
        with opened(server_url(port), model=MODEL, dim=DIM) as gallery, gallery._database.connection() as connection:
            connection.execute(f"ALTER DATABASE postgres SET default_transaction_isolation = '{isolation}'")
        errors = []
        with opened(server_url(port)) as gallery:
            records = made_records(2_000, dim=DIM)

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


@pytest.fixture
def held_up(monkeypatch):
    """One thread, called `slow`, stops before it copies its records; what it waits for, and what says that it does."""
    copy, going, there = adding._copy, threading.Event(), threading.Event()

    def copying(*given):
        if threading.current_thread().name == "slow":
            there.set()
            assert going.wait(60)
        copy(*given)

    monkeypatch.setattr(adding, "_copy", copying)
    yield going, there
    going.set()


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_nobody_waits_for_who_adds_to_a_new_gallery_and_all_get_their_bits(tmp_path, held_up, at_once, replaced):
    going, there = held_up
    records = made_records(2_000, dim=DIM)
    slow = records[:30]
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        if replaced:
            gallery.add(slow)
            slow = [replace(record, embedding=-record.embedding) for record in slow]
        thread = threading.Thread(target=gallery.add, args=(slow,), name="slow")
        thread.start()
        assert there.wait(30)
        rest = records[30:]
        for start in range(0, len(rest), len(rest) if at_once else 300):  # which waited for the other one to end
            gallery.add(rest[start : start + (len(rest) if at_once else 300)])
        with gallery._database.connection() as connection:
            assert connection.execute("SELECT middle IS NOT NULL FROM meta").fetchone() == (True,)
        going.set()
        thread.join(30)
        assert gallery.count() == 2_000
        assert [one.embedding.tolist() for one in gallery.get([slow[0].id])] == [slow[0].embedding.tolist()]
        assert_bits(gallery, there=True)


def test_an_addition_that_fails_leaves_no_lock_and_the_middle_that_it_made(tmp_path, monkeypatch):
    records = made_records(1_200, dim=DIM)
    with opened(tmp_path / "gallery", model=MODEL, dim=DIM) as gallery:
        with monkeypatch.context() as patch:
            patch.setattr(adding, "_copy", lambda *given: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                gallery.add(records)
        assert gallery.count() == 0
        gallery.add(records[:20])
        assert_bits(gallery, there=True)
