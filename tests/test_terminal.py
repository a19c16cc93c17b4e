from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torch import nan

from passerby import terminal, terminal_bars
from passerby.evaluation.scores import Scores
from passerby.evaluation.significance import interval
from passerby.training.loop import Report
from passerby.types import Crop

VALUES = torch.tensor([1.0, 0.5, nan, 0.25, 0.8], dtype=torch.float64)
RESULT = Scores(
    ap=VALUES,
    inp=VALUES,
    first=torch.tensor([1, 2, 0, 7, 1]),
    people=torch.tensor([1, 1, 2, 3, 4]),
    protocol={"ap": "step", "cameras": True, "gallery": 10, "data": "market1501", "model": "net"},
)


@pytest.fixture
def shown(monkeypatch, capsys):
    def show(results, width=80):
        monkeypatch.setattr(terminal, "console", Console(highlight=False, width=width))
        terminal.scores(results, title="Scores")
        return capsys.readouterr().out

    return show


def test_a_printed_mean_has_its_definition_and_its_interval(shown):
    out = shown({"net": RESULT})
    assert "mAP (step)" in out
    assert f"{100 * RESULT.mAP:.1f} % {interval(RESULT.ap, RESULT.people).percent()}" in out
    assert "In brackets: 95 % interval, by drawing people anew." in " ".join(out.split())
    bare = replace(RESULT, people=None)
    out = shown({"net": bare})
    assert f"{100 * RESULT.mAP:.1f} % {interval(RESULT.ap, None).percent()}" in out
    assert "by drawing queries anew" in " ".join(out.split())


def test_what_was_done_to_the_distances_is_said_and_nothing_where_nothing_was(shown):
    done = "k-reciprocal re-ranking (k1 20, k2 6, lambda 0.3)"
    for told, expected in ((done, f"left out; after {done}; "), ("none", "left out; 1 queries")):
        out = shown({"net": replace(RESULT, protocol={**RESULT.protocol, "post_processing": told})})
        assert expected in " ".join(out.split())
    assert "after" not in shown({"net": RESULT})


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_fits_the_terminal_and_folds_only_the_names(shown, width):
    whole = torch.ones(5, dtype=torch.float64)
    best = replace(RESULT, ap=whole, inp=whole, first=torch.ones(5, dtype=torch.int64))
    out = shown({"a network of a rather long name": best, "colour histogram": best}, width)
    assert max(map(len, out.splitlines())) <= width
    assert out.count("100.0 % [100.0, 100.0]") == 2
    assert out.count("100.0 %") == 2 * 5
    assert "…" not in out


def test_unlike_protocols_are_not_printed_side_by_side(shown, capsys):
    other = replace(RESULT, protocol={**RESULT.protocol, "ap": "trapezoid"})
    with pytest.raises(ValueError, match="net and other are results of unlike protocols: ap is step and trapezoid"):
        shown({"net": RESULT, "other": other})
    assert capsys.readouterr().out == ""


def test_no_judged_query_has_no_mean_and_one_person_no_interval(shown):
    none = torch.full((5,), nan, dtype=torch.float64)
    out = shown({"net": replace(RESULT, ap=none, inp=none, first=torch.zeros(5, dtype=torch.int64))})
    assert "[" not in out
    assert out.count("not defined") == 5
    assert "[no interval]" in shown({"net": replace(RESULT, people=torch.ones(5, dtype=torch.int64))})


NASTY = "\x1b]0;owned\x07\x1b[31m\udcff :bomb: [bold].jpg"
SHOWN = r"\x1b]0;owned\x07\x1b[31m\udcff :bomb: [bold].jpg"


@pytest.fixture
def wide(monkeypatch, capsys):
    """What was printed, on the standard output and beside it, since it was last asked."""
    monkeypatch.setattr(terminal, "console", Console(highlight=False, width=400))
    monkeypatch.setattr(terminal, "remarks", Console(highlight=False, width=400, stderr=True))
    return capsys.readouterr


def test_what_a_file_name_holds_does_not_move_the_cursor(wide):
    crop = Crop(Path(NASTY), 1)
    terminal.say(f"Written:\n{NASTY}")
    assert wide() == (f"Written:\n{SHOWN}\n", "")
    terminal.remark(NASTY)
    terminal.broken([(crop, f"{crop.path} is broken")], total=3)
    assert wide().err.splitlines() == [
        SHOWN,
        f"left out: {SHOWN} is broken",
        "1 of 3 pictures could not be read and were left out.",
    ]
    terminal.lookup(f"Most like {NASTY}", [(crop, 0.5)])
    assert wide().out.count(SHOWN) == 2


def test_names_of_results_do_not_move_the_cursor(wide):
    terminal.scores({NASTY: RESULT}, title=NASTY)
    assert wide().out.count(SHOWN) == 2


def test_a_long_path_is_shown_whole(wide):
    long = "/".join(["folder"] * 100)
    terminal.say(long)
    assert wide().out == f"{long}\n"


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass where the test says so."""
    now = [100.0]
    monkeypatch.setattr("passerby.terminal_bars.time.monotonic", lambda: now[0])
    return now


def test_where_a_bar_is_not_seen_slow_work_tells_now_and_then_how_far_it_is(wide, clock):
    with terminal_bars.drawing("drawing") as show:
        for done in range(61):
            show(done, 60)
            clock[0] += 1
    told = wide().err.splitlines()
    assert told == ["drawing: 2 of 60", *(f"drawing: {done} of 60" for done in (17, 32, 47)), "drawing: 60 in 61 s"]


def test_quick_work_tells_what_was_done_alone(wide, clock):
    with terminal_bars.progress("embedding", 8) as done:
        done(4)
        done(8)
    assert wide().err.splitlines() == ["embedding: 8 in 0 s"]


def test_a_training_tells_its_epoch_in_a_file_too(wide, clock):
    with terminal_bars.training("training") as show:
        for step in (1, 2):
            clock[0] += 2
            show(Report(step, 10, step / 5, 0.1, {"total": 2.0}, 30.0))
            clock[0] += 20
    first, last, _ = wide().err.splitlines()
    assert first == "training: 1 of 10, epoch 0.2, loss 2.00, 30 pictures/s"
    assert last.startswith("training: 2 of 10, epoch 0.4")
