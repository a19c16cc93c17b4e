"""What searches read is asked of the disk when a gallery is opened."""

import os

import pytest

from gallery.made_records import MODEL, made_records
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import warm as warming
from passerby.gallery.postgres.warm import files, warm

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system does not read on request")


def test_the_files_are_those_of_the_records_and_their_indexes(tmp_path):
    gallery = open_gallery(str(tmp_path / "gallery"), model=MODEL, dim=32)
    try:
        gallery.add(made_records(200))
        with gallery._database.connection() as connection:
            found = files(connection, tmp_path / "gallery" / "postgres")
            names = "SELECT relname FROM pg_class WHERE pg_relation_filepath(oid) = %s"
            told = [
                connection.execute(names, (f"base/{path.parent.name}/{path.name}",)).fetchone()[0] for path in found
            ]
            whole = connection.execute(
                "SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE oid = 'passerby.records'::regclass"
            ).fetchone()[0]
        assert [name for name in told if not name.startswith("pg_toast")] == [
            "records",
            "records_bits",
            "records_pkey",
            "records_where",
        ]
        assert found[-1] == tmp_path / "gallery" / "postgres" / whole
        assert all(path.is_file() for path in found)
    finally:
        gallery.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(warming, "PAUSE_S", 0.0)


def test_each_byte_of_each_part_is_asked_for_once(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(warming, "STEP", 1_000)
    monkeypatch.setattr(os, "posix_fadvise", lambda file, start, size, advice: asked.append((start, size)))
    (tmp_path / "1").write_bytes(bytes(2_500))
    (tmp_path / "1.1").write_bytes(bytes(700))
    (tmp_path / "1.3").write_bytes(bytes(700))  # does not follow
    assert warm([tmp_path / "1", tmp_path / "gone"]) == 3_200
    assert asked == [(0, 1_000), (1_000, 1_000), (2_000, 500), (0, 700)]


def test_no_more_is_asked_for_than_there_is_room_and_nothing_once_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(warming, "STEP", 1_000)
    monkeypatch.setattr(warming, "_free", lambda: 4_200)
    (tmp_path / "1").write_bytes(bytes(9_000))
    assert warm([tmp_path / "1"]) == 2_000
    assert warm([tmp_path / "1"], stopped=lambda: True) == 0
