import ast
import json
import re
import time
from pathlib import Path

import pytest

import passerby as passerby_package
from command import passerby
from passerby import terminal
from passerby.serve.audit import KINDS


@pytest.fixture
def folder(state_folder):
    return state_folder


@pytest.fixture
def kept(state):
    state.note("anna", "search", details={"k": 50, "labels": {"upper": "red"}}, answers=50)
    state.note("bert", "delete", details={"odd": "\x1b[31m\0"}, answers=3)
    state.note("anna", "export", details={}, answers=2**31 - 1)
    return state


def test_lines_are_shown_the_latest_first(capsys, folder, kept):
    code, out, err = passerby(capsys, "audit", folder)
    assert (code, err) == (0, "")
    assert out.index("export") < out.index("delete") < out.index("search")
    assert "\x1b" not in out
    assert time.strftime("%Y-%m-%dT", time.gmtime()) in out


def test_ids_and_times_are_whole_on_a_terminal_of_80_columns(capsys, folder, kept, monkeypatch):
    monkeypatch.setattr(terminal.console, "width", 80)
    ids = [f"{number:032x}" for number in range(1, 4)]
    kept.note("command line: somebody", "view thumbnail", details={"record": ids[0]}, answers=1)
    kept.note("command line: somebody", "delete", details={"ids": ids[1:]}, answers=2)
    lines = passerby(capsys, "audit", folder)[1].splitlines()
    assert all(any(id in line for line in lines) for id in ids)
    assert sum(bool(re.search(r"\d\d-\d\dT\d\d:\d\d:\d\dZ", line)) for line in lines) == 5
    assert max(map(len, lines)) <= 80


def test_lines_are_given_as_json_with_all_that_stands_in_them(capsys, folder, kept):
    code, out, err = passerby(capsys, "audit", folder, "--json")
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["who"], line["what"], line["answers"]) for line in lines] == [
        ("anna", "export", 2**31 - 1),
        ("bert", "delete", 3),
        ("anna", "search", 50),
    ]
    assert lines[2]["details"] == {"k": 50, "labels": {"upper": "red"}}
    assert all(line["time"].endswith("Z") for line in lines)


def test_times_are_iso_and_letters_of_all_scripts_are_letters_but_nothing_commands_the_terminal(capsys, folder, kept):
    kept.note("retention", "retention", details={"before": 1767225600.5, "left": 0}, answers=1)
    filters = {"since": 1767225600.0, "until": -1e300, "labels": {"upper": "\u4eba", "before": "1767225600.0"}}
    kept.note("anna", "search", details={"filters": filters, "path": "\x9b31m\u202e"}, answers=1)
    kept.note("anna", "export", details={"since": 0, "labels": {"upper": "\x1b[2J\x9b2J\u202e\u4eba"}}, answers=1)
    code, out, err = passerby(capsys, "audit", folder, "--limit", 3)
    shown = " ".join(re.sub(r"[│ \n]+", " ", out).split())
    assert (code, err) == (0, "")
    assert "before 2026-01-01T00:00:00.500000Z, left 0" in shown
    assert "since 1970-01-01T00:00:00Z" in shown
    assert '"since": "2026-01-01T00:00:00Z", "until": -1e+300' in shown
    assert '{"upper": "\u4eba", "before": "1767225600.0"}' in shown
    assert not any(sign in out for sign in "\x1b\x9b\u202e")
    assert all(sign.isprintable() or sign == "\n" for sign in out)
    lines = [json.loads(line) for line in passerby(capsys, "audit", folder, "--json", "--limit", 3)[1].splitlines()]
    assert [line["details"].get("since") for line in lines] == ["1970-01-01T00:00:00Z", None, None]
    assert lines[1]["details"]["filters"] == filters | {"since": "2026-01-01T00:00:00Z"}
    assert lines[2]["details"]["before"] == "2026-01-01T00:00:00.500000Z"


def test_all_kinds_of_lines_that_are_written_can_be_asked_for():
    source = Path(passerby_package.__file__).parent
    written = set()
    for call in (node for file in sorted(source.rglob("*.py")) for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", None) == "note":
            texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            written.update(texts)
    assert len(written) > 10
    assert written | {"search", "search by record", "export", "delete", "drop"} == set(KINDS)


def whats(capsys, folder, *options):
    code, out, err = passerby(capsys, "audit", folder, "--json", *options)
    assert (code, err) == (0, "")
    return [json.loads(line)["what"] for line in out.splitlines()]


def test_options_say_which_lines(capsys, folder, kept):
    first = kept.noted(limit=3, before=None)[2]
    assert whats(capsys, folder, "--limit", 1) == ["export"]
    assert whats(capsys, folder, "--who", "anna") == ["export", "search"]
    assert whats(capsys, folder, "--what", "search") == ["search"]
    assert whats(capsys, folder, "--what", "search", "--who", "bert") == []
    assert whats(capsys, folder, "--before", first.number + 1) == ["search"]
    assert whats(capsys, folder, "--since", "2020-01-01T00:00:00Z", "--limit", 2) == ["export", "delete"]
    assert whats(capsys, folder, "--since", "2999-01-01") == []
    assert "No such line" in passerby(capsys, "audit", folder, "--who", "nobody")[1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--limit", 0], "limit"),
        (["--limit", 10_001], "limit"),
        (["--limit", "all"], "limit"),
        (["--since", "last week"], "--since is 'last week'; give a time such as"),
        (["--before", -1], "before"),
        (["--before", 10**30], "before"),
        (["--what", "sarch"], "--what is 'sarch'; give one of: search, search by record, list, view,"),
        (["--what", ""], "--what is ''; give one of"),
    ],
)
def test_what_is_wrong_is_one_line(capsys, folder, kept, options, told):
    code, out, err = passerby(capsys, "audit", folder, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_a_gallery_that_is_not_there_is_told_and_not_made(capsys, tmp_path):
    code, out, err = passerby(capsys, "audit", tmp_path / "nothing")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []
