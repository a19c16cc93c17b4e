"""`passerby data`: what it prints."""

import json
import os

import pytest

import people
from passerby import cli


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    root = people.market(tmp_path_factory.mktemp("data") / "market")
    people.picture(root / "distractors" / "x_c3.jpg", 1, 1)
    return root


def test_the_differences_from_the_official_set_are_printed(market, capsys):
    assert cli.exit_code(["data", "market1501", str(market)]) == 0
    out = capsys.readouterr().out
    assert "Counts differ from those of the official set:" in out
    assert "  query has 3 pictures of 3 people; the official set has 3,368 of 750." in out
    assert "  distractors has 1 pictures; the official set has 500,000." in out
    assert "6 right answers for 3 queries" in out


def test_own_pictures_have_no_official_counts(market, capsys):
    file = market / "own.csv"
    file.write_text("path,pid\n" + "".join(f"query/{path.name},1\n" for path in (market / "query").iterdir()))
    assert cli.exit_code(["data", "manifest", str(file)]) == 0
    assert "No official counts are known of it." in capsys.readouterr().out


def test_json_holds_all_of_it(market, capsys):
    assert cli.exit_code(["data", "market1501", str(market), "--json"]) == 0
    out = capsys.readouterr().out
    told = json.loads(out)
    assert out.count("\n") == 1
    assert told["official"].startswith(
        "no: train has 9 pictures of 3 people; the official set has 12,936 of 751. query "
    )
    assert len(told.pop("differences")) == 4
    assert told.pop("splits") == {
        "train": {**counts(9, 3), "cameras": {"1": 3, "2": 3, "3": 3}},
        "query": {**counts(3, 3), "cameras": {"1": 3}},
        "gallery": {**counts(8, 3), "distractors": 1, "junk": 1, "cameras": {"2": 4, "3": 4}},
        "distractors": {**counts(1, 0), "distractors": 1, "cameras": {"3": 1}},
    }
    del told["official"]
    assert told == {
        "data": "market1501",
        "version": "",
        "cameras": True,
        "queries": 3,
        "right_answers": 6,
        "right_answers_least": 2,
        "right_answers_most": 2,
        "right_answers_mean": 2.0,
        "queries_without_match": 0,
    }


def counts(pictures, people):
    return {"pictures": pictures, "people": people, "distractors": 0, "junk": 0, "unknown": 0, "tracklets": None}


def test_what_cannot_be_judged_is_null_in_json(market, capsys):
    assert cli.exit_code(["data", "manifest", str(market / "own.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [told[key] for key in ("right_answers", "right_answers_mean", "queries_without_match")] == [None] * 3
    assert (told["official"], told["differences"], told["queries"]) == ("not known", None, 0)
    assert told["splits"]["train"]["cameras"] == {"none": 3}


def test_counts_that_are_equal_are_said_to_be(market, capsys, monkeypatch):
    from passerby.datasets import market1501

    here = {"train": (9, 3), "query": (3, 3), "gallery": (8, 3), "multi_query": (1, 1), "distractors": (1, 0)}
    monkeypatch.setattr(market1501, "OFFICIAL", {"": here})
    assert cli.exit_code(["data", "market1501", str(market)]) == 0
    assert "Counts equal those of the official set." in capsys.readouterr().out


@pytest.mark.filterwarnings("default")  # as outside of tests, where a warning is a line
@pytest.mark.parametrize(
    ("name", "shown"),
    [("\x1b]0;owned\x07\x1b[31m.jpg", r"\x1b]0;owned\x07\x1b[31m.jpg"), (os.fsdecode(b"\xff.jpg"), r"\udcff.jpg")],
)
def test_what_a_file_name_holds_does_not_reach_the_terminal(tmp_path, capsys, name, shown):
    root = people.market(tmp_path / "market")
    (root / "images").mkdir()
    (root / "images" / f"{name}.txt").touch()
    assert cli.exit_code(["data", "market1501", str(root)]) == 0
    warned = capsys.readouterr().err
    (root / "query" / name).touch()
    assert cli.exit_code(["data", "market1501", str(root)]) == 2
    refused = capsys.readouterr().err.splitlines()
    for line in (*warned.splitlines(), *refused):
        assert shown in line
        assert line.isprintable()
    assert len(warned.splitlines()) == 1
    assert len(refused) == 1
