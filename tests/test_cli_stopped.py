"""A command that is stopped in the middle of its work: what it says, its exit code, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import people
from clustered import clustered
from passerby import cli
from passerby.cli.stopped import Stopped, stoppable
from passerby.evaluation.saved import read

HELD = """
import importlib, signal, sys, time
from passerby import cli
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs are started without
module, name, times = {module!r}, {name!r}, {times}
place = importlib.import_module(module)
real = getattr(place, name)

def held(*given, **options):
    global times
    times -= 1
    if times <= 0:
        print("begun", flush=True)
        time.sleep(60)
    return real(*given, **options)

setattr(place, name, held)
sys.argv[1:] = {arguments!r}
cli.main()
"""
"""Runs a command, and stops to wait at one of its steps."""
EMBEDDING, RANKING = ("passerby.embed", "_vectors"), ("passerby.evaluation.exact_ranks", "closer")
WRITING = ("os", "fsync")
CTRL_C, SYSTEM = (signal.SIGINT, 130), (signal.SIGTERM, 143)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return people.market(tmp_path_factory.mktemp("data") / "market")


@pytest.fixture(scope="module")
def trained(market, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    assert cli.exit_code(["train", "demo", *people.SMALL, "--data", f"market1501:{market}", "--out", str(out)]) == 0
    return out


def stop(step, way, *arguments, times=1):
    """Send a signal to a command once it is at a step for the n-th time: exit code and what it has printed."""
    module, name = step
    code = HELD.format(module=module, name=name, times=times, arguments=[str(word) for word in arguments])
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout.readline() == "begun\n", process.stderr.read()
        process.send_signal(way)
        out, err = process.communicate(timeout=100)
    return process.returncode, out, err.splitlines()


def files(folder):
    return sorted(file.name for file in folder.rglob("*")) if folder.exists() else []


def vectors(folder):
    both, pids, camids = (part.numpy() for part in clustered(60, 6))
    for name, part in (("query", slice(None, 10)), ("gallery", slice(10, None))):
        np.savez(folder / f"{name}.npz", vectors=both[part], pids=pids[part], camids=camids[part])
    return [folder / f"{name}.npz" for name in ("query", "gallery")]


@pytest.mark.parametrize(("step", "way"), [(RANKING, SYSTEM), (WRITING, CTRL_C)])
def test_a_stopped_score_writes_nothing_and_says_so(tmp_path, step, way):
    (tmp_path / "out").mkdir()
    given = vectors(tmp_path)
    code, out, err = stop(step, way[0], "score", *given, "--out", tmp_path / "out" / "scores.json")
    assert (code, out) == (way[1], "")
    assert err[-1] == "passerby: Interrupted; nothing was written."
    assert [line.split(" ")[0] for line in err[:-1]] == ["Ranking"]
    assert files(tmp_path / "out") == []


def test_an_old_result_stays_where_a_new_one_is_not_finished(tmp_path):
    given = vectors(tmp_path)
    out = tmp_path / "scores.json"
    assert cli.exit_code(["score", *map(str, given), "--out", str(out)]) == 0
    before = out.read_bytes()
    assert stop(WRITING, signal.SIGTERM, "score", *given, "--no-cameras", "--out", out)[0] == 143
    assert out.read_bytes() == before
    assert files(tmp_path) == ["gallery.npz", "query.npz", "scores.json"]


@pytest.mark.parametrize(("step", "way"), [(EMBEDDING, CTRL_C), (RANKING, CTRL_C), (WRITING, SYSTEM)])
def test_a_stopped_eval_writes_nothing_and_says_so(market, trained, tmp_path, step, way):
    given = ("eval", trained, "--data", f"market1501:{market}", "--out", tmp_path / "out")
    code, out, err = stop(step, way[0], *given)
    assert (code, out) == (way[1], "")
    assert err[-1] == "passerby: Interrupted; nothing was written."
    assert err[0].startswith("Ranking 3 queries in 8 crops of 8 dimensions: at most ")
    assert files(tmp_path / "out") == []


def test_what_was_written_before_the_stop_is_whole_and_named(trained, tmp_path):
    sets = [people.market(tmp_path / f"data{number}", cameras=number) for number in (3, 4)]
    given = [word for data in sets for word in ("--data", f"market1501:{data}")]
    found, _, err = stop(RANKING, signal.SIGINT, "eval", trained, *given, "--out", tmp_path / "out", times=2)
    assert found == 130
    there = files(tmp_path / "out")
    assert [name.rsplit(".", 1)[1] for name in there] == ["html", "json"]
    named = [tmp_path / "out" / name for name in reversed(there)]
    assert err[-1] == f"passerby: Interrupted; written before: {', '.join(map(str, named))}."
    assert 0 <= read(named[0]).mAP <= 1
    assert json.loads(named[0].read_text())


def test_any_other_command_says_that_it_was_interrupted(capsys, monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("passerby.run.load", stopped)
    assert cli.exit_code(["embed", "run", str(tmp_path), "--out", str(tmp_path / "x.npz")]) == 130
    assert capsys.readouterr().err == "passerby: Interrupted.\n"


def test_a_handler_of_somebody_else_stays_and_ours_goes():
    with stoppable(lambda: "nothing was written"):
        assert callable(signal.getsignal(signal.SIGTERM))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stoppable(lambda: "nothing was written"):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    with (
        pytest.raises(Stopped, match=r"^Interrupted; two files are there\.$"),
        stoppable(lambda: "two files are there"),
    ):
        raise KeyboardInterrupt
