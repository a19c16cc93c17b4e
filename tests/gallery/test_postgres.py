"""What is PostgreSQL's own: the server in a folder, its address, what it says where something is wrong."""

from dataclasses import replace

import pytest

from gallery.made_records import MODEL, made_records
from gallery.postgres_gallery import opened, runs, server_of
from gallery.postgres_server import PASSWORD, postgres_server, server_url
from passerby.gallery.contract import Unavailable
from passerby.gallery.drop import drop
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres.database import database

DIM = 32
RECORDS = made_records(120, dim=DIM)


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
