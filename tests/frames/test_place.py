"""The same file is the same, however its folder is spelled."""

from pathlib import Path

from passerby.frames.place import place


def test_links_to_folders_dots_and_relative_paths_name_one_place(tmp_path, monkeypatch):
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics" / "a.jpg").touch()
    (tmp_path / "link").symlink_to("pics")
    monkeypatch.chdir(tmp_path / "pics")
    spelled = [tmp_path / "pics" / "a.jpg", tmp_path / "pics" / ".." / "pics" / "a.jpg", tmp_path / "link" / "a.jpg",
               Path("a.jpg"), Path("../link/a.jpg")]  # fmt: skip
    assert {place(path) for path in spelled} == {tmp_path.resolve() / "pics" / "a.jpg"}


def test_a_file_that_is_a_link_keeps_its_own_name(tmp_path):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    assert place(tmp_path / "b.jpg") == tmp_path.resolve() / "b.jpg"
