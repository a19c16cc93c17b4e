"""A place where nothing can be written is refused before the work, in one line."""

import re
from pathlib import Path

import numpy as np
import pytest

import people
from command import passerby
from passerby import run
from passerby.evaluate import evaluate
from passerby.files import writable
from passerby.types import Crop, PersonSet

UNTRAINED = PersonSet(name="untrained", version="", train=(), query=(Crop(Path("a.jpg"), 1),), gallery=())
PROC = pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="this system has no folder that even root cannot fill"
)


def test_a_folder_that_is_there_or_can_be_made_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "new" / "below", Path("new"), Path(".")):
        assert writable(folder) is None
    assert list(tmp_path.iterdir()) == []


@PROC
def test_what_is_wrong_is_said_with_the_place(tmp_path):
    (tmp_path / "file").touch()
    for folder, wrong in (
        (Path("/proc/x/y"), "/proc: "),
        (Path("/proc"), "No such file"),
        (tmp_path / "file", "Not a directory"),
        (tmp_path / "file" / "x", f"{tmp_path}/file: Not a directory"),
        (tmp_path / ("n" * 300), "File name too long"),
    ):
        told = f"Nothing can be written into {folder} ({wrong}"
        with pytest.raises(OSError, match=f"^{re.escape(told)}.*give another folder"):
            writable(folder)


@PROC
@pytest.mark.parametrize("command", ["train", "study", "embed", "score", "export", "sheet"])
def test_a_command_says_so_in_one_line_before_it_does_anything(capsys, monkeypatch, tmp_path, command):
    monkeypatch.setattr("passerby.images.check_readable", None)
    world, npz = people.market(tmp_path / "market"), tmp_path / "v.npz"
    np.savez(npz, vectors=np.eye(2, dtype=np.float32), pids=[1, 1], camids=[1, 2])
    arguments = {
        "train": ["train", "demo", "--data", f"market1501:{world}", "--out", "/proc/x"],
        "study": ["study", "hybrid_attention.table_ix", "--data", f"market1501:{world}", "--out", "/proc/x"],
        "embed": ["embed", tmp_path / "no run", world, "--out", "/proc/x.npz"],
        "score": ["score", npz, npz, "--out", "/proc/x.json"],
        "export": ["gallery", "export", tmp_path / "no gallery", "--out", "/proc/x.npz"],
        "sheet": ["synth", "--sheet", "/proc/x.png"],
    }
    code, printed, told = passerby(capsys, *arguments[command])
    assert (code, printed, told.count("\n")) == (2, "", 1)
    assert told.startswith("passerby: Nothing can be written into /proc")
    assert told.endswith("give another folder.\n")


@PROC
def test_an_evaluation_says_so_before_a_set_is_looked_at():
    with pytest.raises(OSError, match=r"^Nothing can be written into /proc/x "):
        evaluate(None, [None], out=Path("/proc/x"), progress=None)


def test_a_finished_run_in_a_folder_that_is_read_only_is_still_there(monkeypatch, tmp_path):
    (tmp_path / "weights.safetensors").touch()
    monkeypatch.setattr(run, "writable", None)  # which is not asked
    with pytest.raises(ValueError, match="training needs at least 2"):
        run.train("demo", data=UNTRAINED, out=tmp_path, resume=True)
