"""Paths that lead nowhere, whatever argument they stand in: one line, and nothing is made."""

import errno
from types import SimpleNamespace

import pytest

from command import passerby
from gallery.made_records import MODEL
from passerby import run
from passerby.gallery.contract import Unavailable
from passerby.gallery.postgres import embedded
from passerby.gallery.resolved import resolved
from passerby.serve import server

LOOPS = [
    "gallery info loop",
    "gallery info loop/inside",
    "gallery info milvus:loop/people.db",
    "gallery export nothing --out loop/all.npz",
    "audit loop",
    "audit milvus:people.db --state loop",
    "keys loop list",
    "index gallery loop picture.png",
    "index loop run picture.png",
    "index gallery run loop",
    "serve gallery loop",
    "serve loop run",
    "calibrate loop --data loop",
    "search loop --query picture.png --gallery .",
    "embed loop . --out out.npz",
    "embed run loop --out out.npz",
    "embed run . --out loop/out.npz",
    "score loop loop",
    "compare loop loop",
    "study hybrid_attention.table_vi --data market1501:loop --out out",
    "study hybrid_attention.table_vi --data loop --out out",
]


@pytest.mark.parametrize("words", LOOPS)
def test_a_link_that_leads_to_itself_is_one_line(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "picture.png").write_bytes(b"")
    monkeypatch.setattr(run, "dimension", lambda trained: 8)
    monkeypatch.setattr(server, "embedder", lambda trained, device: SimpleNamespace(model=MODEL, dim=8))
    if "run" in words.split():  # a run that is all right
        monkeypatch.setattr(run, "load", lambda folder: SimpleNamespace(model_id=MODEL, folder=folder))
    there = set(tmp_path.iterdir())
    code, out, err = passerby(capsys, *words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert set(tmp_path.iterdir()) == there


@pytest.mark.parametrize("text", ["loop", "loop/inside", "first", "~nobody-of-this-name/gallery"])
def test_what_leads_in_a_circle_or_to_nobody_is_a_mistake(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("first")
    with pytest.raises(ValueError, match=text.split("/")[0]):
        resolved(text)


def test_links_are_followed_to_what_is_there_or_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "link").symlink_to("folder")
    whole = tmp_path.resolve()
    assert resolved("link/inside") == resolved("~/link/inside") == whole / "folder" / "inside"
    assert resolved("a/../b") == whole / "b"


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_gallery_that_cannot_be_written_into_says_why_it_must_be(capsys, tmp_path, monkeypatch, number):
    folder = tmp_path / "gallery"
    folder.mkdir()
    (folder / embedded.MARK).write_text("")

    def refused(path, *_):
        raise OSError(number, "may not be", str(path))

    monkeypatch.setattr(embedded, "open", refused, raising=False)
    code, out, err = passerby(capsys, "gallery", "info", folder)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"Nothing can be written into {folder} (may not be); a gallery is written to also where it is only" in err
    with pytest.raises(Unavailable):
        embedded.Embedded(folder)


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    def full(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(embedded, "open", full, raising=False)
    with pytest.raises(OSError, match="No space left") as told:
        embedded.Embedded(tmp_path / "gallery")
    assert told.value.errno == errno.ENOSPC
