"""Lists in a JSON file, read an entry at a time."""

import json
import subprocess
import sys

import pytest

from passerby.frames import json_entries as module
from passerby.frames.json_entries import json_entries

HERE = ("a", "b")
NASTY = {
    "info": {"deep": [[{"a": [1]}], "]}"], "a": [7]},
    "a": [1, -2.5e3, 'x, ] } " \\', None, True, [], {}, {"a": [1]}, [[2]], "\u00e4\U0001f600"],
    "c": "a",
    "b": [],
    "d": [1, [2], {"b": [3]}],
}


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "some.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("longest", [100, 101, 102, 103, 127, 1000])
@pytest.mark.parametrize("indent", [None, 0, 7])
@pytest.mark.parametrize("ascii", [True, False])
def test_entries_are_those_of_the_whole_wherever_the_pieces_end(file, monkeypatch, longest, indent, ascii):
    monkeypatch.setattr(module, "LONGEST", longest)
    told = {**NASTY, "a": NASTY["a"] * 30}
    path = file(json.dumps(told, indent=indent, ensure_ascii=ascii))
    if indent == 7:
        monkeypatch.setattr(module, "LONGEST", 3 * longest)
    assert list(json_entries(path, HERE)) == [("a", entry) for entry in told["a"]]


def test_two_lists_come_in_the_order_of_the_file_and_one_may_be_missing(file):
    path = file({"b": [1], "a": [2, 3]})
    assert list(json_entries(path, ["a"], maybe=["b", "c"])) == [("b", 1), ("a", 2), ("a", 3)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is missing"),
        ("[]", "is missing"),
        ("5", "is missing"),
        ('"a"', "is missing"),
        ("{", "a key is no text"),
        ("{1: 2}", "a key is no text"),
        ('{"a"', "is missing"),
        ('{"a" 1}', "is missing"),
        ('{"a":}', "is broken"),
        ('{"a":[', "is broken"),
        ('{"a":[1', "is missing at character 7"),
        ('{"a":[1 2]}', "is missing at character 8"),
        ('{"a":[1,]}', "is broken"),
        ('{"a":[1],}', "a key is no text"),
        ('{"a":[1]', "is missing"),
        ('{"a":[1]} x', "more follows"),
        ('{"a":[1]}{"a":[2]}', "more follows"),
        ('{"a":[1}', "is missing"),
        ('{"a":["x]}', "is broken"),
        ('{"a":[1],"b":' + "[" * 100_000, "not a JSON object"),
        ('{"a":[' + "9" * 5000 + "]}", "not a JSON object"),
        ("\ufeff{}", "is missing"),
        ('{"a":[1],"a":[2]}', "2 lists called a"),
        ('{"a":{"a":[1]}}', "no lists called a"),
        ("{}", "no lists called a"),
    ],
)
def test_what_is_broken_is_one_clear_error(file, text, told):
    with pytest.raises(ValueError, match=told):
        list(json_entries(file(text), ["a"]))


def test_what_is_no_utf_8_is_told(tmp_path):
    path = tmp_path / "some.json"
    path.write_bytes(b'{"a":["\xff"]}')
    with pytest.raises(ValueError, match="UTF-8"):
        list(json_entries(path, ["a"]))


def test_the_bound_of_an_entry_is_sharp(file, monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 50)
    assert list(json_entries(file({"a": ["x" * 48] * 9}), ["a"])) == [("a", "x" * 48)] * 9
    with pytest.raises(ValueError, match="more than 50 characters"):
        list(json_entries(file({"a": ["x" * 49] * 9}), ["a"]))
    with pytest.raises(ValueError, match="more than 50 characters"):
        list(json_entries(file({"a": [1], "b": {"c": ["x" * 30] * 9}, "d": "x" * 200}), ["a"]))


def test_a_large_file_takes_little_memory(tmp_path):
    path = tmp_path / "large.json"
    with path.open("w") as out:
        out.write('{"a":[{}' + ",{}" * 2_000_000 + "]}")
    code = (
        "import resource, sys; from pathlib import Path; from passerby.frames.json_entries import json_entries\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = sum(1 for _ in json_entries(Path(sys.argv[1]), ['a']))\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    count, kib = map(int, done.stdout.split())
    assert count == 2_000_001
    assert kib < 40_000  # all at once would take four times as much
