import json
import re
from dataclasses import replace

import pytest
import torch
from rich.console import Console
from torch import nan

from command import passerby
from passerby import terminal
from passerby.compare import SCOPE, compare
from passerby.evaluation.common_protocol import SYSTEM
from passerby.evaluation.paired import paired
from passerby.evaluation.scores import Scores
from passerby.evaluation.significance import interval

PROTOCOL = {
    "data": "market1501",
    "version": "",
    "official": "yes",
    "train": "market1501, 12936 pictures of 751 people (sha256 0123456789ab)",
    "ap": "step",
    "cameras": True,
    "galleries": "one for all queries",
    "tracklets": "none",
    "multi_query": "none",
    "leave_one_out": False,
    "distractors": 2798,
    "distractors_added": 0,
    "queries": 300,
    "gallery": 19732,
    "gallery_junk": 3819,
    "junk": "pid -1, the query itself, the person from the query's own camera",
    "query_sha256": "ab" * 32,
    "gallery_sha256": "cd" * 32,
    "post_processing": "none",
    "unreadable": 0,
    "something_new": "as before",
}
SYSTEMS = {
    "model": "net (weights ab; RGB)",
    "recipe": "net.market",
    "weights": "ef" * 32,
    "metric": "cosine",
    "seed": 0,
}


def scores(shift=0.0, *, queries=300, people=100, without=(), **facts):
    random = torch.Generator().manual_seed(0)
    owners = torch.arange(queries) % people + 1
    hard = torch.rand(people + 1, generator=random).double()[owners]
    ap = (0.2 + 0.6 * hard + 0.1 * torch.rand(queries, generator=random).double() + shift).clamp(0, 1)
    first = torch.where(torch.rand(queries, generator=random) < ap, 1, 4)
    ap[7], first[7] = nan, 0
    stated = {**PROTOCOL, **SYSTEMS, **facts, "queries": queries}
    protocol = {fact: value for fact, value in stated.items() if fact not in without}
    return Scores(ap=ap, inp=ap / 2, first=first, people=owners, protocol=protocol)


@pytest.fixture
def files(tmp_path):
    """Writes results as A.json and B.json."""

    def write(*results):
        paths = [tmp_path / f"{name}.json" for name in ("A", "B")]
        for path, result in zip(paths, results, strict=True):
            path.write_text(result.to_json())
        return paths

    return write


def call(capsys, *arguments, width=200):
    terminal.console.width = width
    return passerby(capsys, "compare", *arguments)


@pytest.fixture(autouse=True)
def console(monkeypatch):
    monkeypatch.setattr(terminal, "console", Console(highlight=False))


def other_value(fact):
    """Another value of the same type."""
    value = PROTOCOL[fact]
    return "trapezoid" if fact == "ap" else not value if type(value) is bool else 297 if type(value) is int else "else"


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["", "json"])
@pytest.mark.parametrize("fact", PROTOCOL)
def test_unlike_protocols_are_refused_in_one_line_that_names_the_fact(capsys, files, fact, as_json):
    other = scores(**{fact: other_value(fact)})
    code, out, err = call(capsys, *files(scores(), other), *as_json)
    assert (code, out, err.count("\n")) == (2, "", 1)
    value = '""' if PROTOCOL[fact] == "" else PROTOCOL[fact]
    assert f" are results of unlike protocols: {fact} is {value} and {other_value(fact)};" in err
    assert "A.json)" in err
    assert "B.json)" in err


@pytest.mark.parametrize("fact", sorted(PROTOCOL.keys() - {"ap"}))  # a file that does not state ap is no result
def test_a_fact_that_only_one_states_is_refused(capsys, files, fact):
    code, out, err = call(capsys, *files(scores(), scores(without=(fact,))))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert re.search(rf"unlike protocols: {fact} is .*\(not stated\)", err)


@pytest.mark.parametrize("fact", sorted(SYSTEM))
def test_systems_may_differ_in_each_of_their_facts(capsys, files, fact):
    for other in (scores(**{fact: "another one"}), scores(without=(fact,))):
        code, out, err = call(capsys, *files(scores(**{fact: "one"}), other))
        assert (code, err) == (0, "")
        assert "Where the systems differ" in out
        assert re.search(rf"│ {fact} +│ one +│ (another one|\(not stated\)) +│", out)


def test_an_untrained_model_may_stand_beside_a_trained_one(capsys, files):
    code, out, err = call(capsys, *files(scores(), scores(train="none")))
    assert (code, err) == (0, "")
    assert re.search(r"│ train +│ market1501, 12936 .* │ none +│", out)


def test_the_numbers_are_those_of_the_results(capsys, files):
    one, other = scores(), scores(0.05)
    code, out, _ = call(capsys, *files(one, other), "--json")
    assert code == 0
    told = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    for side, result in (("a", one), ("b", other)):
        assert told[side]["mAP"] == pytest.approx(result.mAP)
        assert told[side]["mAP_interval"] == pytest.approx(interval(result.ap, result.people))
        assert told[side]["rank1"] == pytest.approx(result.rank(1))
        assert told[side]["ap"] == "step"
        assert (told[side]["queries"], told[side]["queries_without_match"]) == (299, 1)
    expected = paired(one, other)
    for name, difference in (("mAP", expected.mAP), ("rank1", expected.rank1)):
        assert told["b_minus_a"][name]["value"] == pytest.approx(difference.value)
        assert told["b_minus_a"][name]["interval"] == pytest.approx(difference.interval)
        assert told["b_minus_a"][name]["p"] == difference.p
    assert told["b_minus_a"]["people"] == 100
    assert told["protocol"] == {**PROTOCOL, **SYSTEMS}
    assert told["unlike"] == {}
    assert told["sentences"] == compare(*files(one, other)).sentences()


def test_a_true_difference_is_told_in_one_plain_sentence(files):
    found = compare(*files(scores(), scores(0.05)))
    difference = found.difference.mAP
    low, high = (f"{100 * bound:.1f}" for bound in difference.interval)
    assert found.sentences()[0] == (
        f"B is {100 * difference.value:.1f} points of mAP (step) above A, 95 % interval of B - A: {low} .. {high}, "
        f"p = {difference.p:.2g}, permutation over 100 people."
    )
    assert difference.interval.low > 0
    assert not any("mAP holds 0" in sentence for sentence in found.sentences())
    assert found.sentences()[-1] == SCOPE


def test_the_other_way_round_the_difference_is_below(files):
    there, back = compare(*files(scores(), scores(0.05))), compare(*files(scores(0.05), scores()))
    assert "points of mAP (step) above A" in there.sentences()[0]
    assert "points of mAP (step) below A, 95 % interval of B - A: -" in back.sentences()[0]
    assert back.difference.mAP.p == there.difference.mAP.p


def test_an_interval_that_holds_0_is_said(files):
    random = torch.randn(300, generator=torch.Generator().manual_seed(1)).double() / 50
    other = scores()
    other = replace(other, ap=(other.ap + random).clamp(0, 1))
    told = compare(*files(scores(), other)).sentences()
    assert "The interval of mAP (step) holds 0: these people do not tell which of the two is better." in told


def test_the_same_file_twice_differs_by_0(capsys, files):
    file, _ = files(scores(), scores())
    code, out, err = call(capsys, file, file)
    assert (code, err) == (0, "")
    same = "A and B have the same mAP (step), 95 % interval of B - A: 0.0 .. 0.0, p = 1, permutation over 100 people."
    assert same in out
    assert "The interval of mAP (step) holds 0" in out
    assert "A and B have the same rank-1" in out
    assert "Where the systems differ" not in out


def test_a_small_difference_is_not_shown_as_none(files):
    one, other = scores(), scores()
    ap = other.ap.clone()
    ap[3] += 0.001
    told = compare(*files(one, replace(other, ap=ap))).sentences()[0]
    assert told.startswith("B is less than 0.1 points of mAP (step) above A, 95 % interval of B - A: 0.0 .. 0.0, p = ")


def test_one_person_has_no_interval_and_no_query_no_number(capsys, files):
    one, other = scores(people=1), scores(0.1, people=1)
    code, out, err = call(capsys, *files(one, other))
    assert (code, err) == (0, "")
    assert "[no interval]" in out
    assert "all queries show one person, so that there is neither an interval nor a p-value." in out
    none = torch.full((300,), nan, dtype=torch.float64)
    nothing = replace(one, ap=none, inp=none, first=torch.zeros(300, dtype=torch.int64))
    code, out, err = call(capsys, *files(nothing, nothing))
    assert (code, err) == (0, "")
    assert "No query has a match, so that there is no mAP (step) to compare." in out
    assert "not defined" in out
    code, out, _ = call(capsys, *files(nothing, nothing), "--json")
    told = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (told["a"]["mAP"], told["a"]["mAP_interval"], told["b_minus_a"]["mAP"]["p"]) == (None, None, None)


def test_results_that_do_not_name_people_are_compared_over_queries_and_it_is_said(capsys, files):
    bare = replace(scores(), people=None)
    code, out, _ = call(capsys, *files(bare, bare))
    assert code == 0
    assert "permutation over 299 queries." in out
    assert "Neither result says whom the queries show" in out
    named = compare(*files(bare, scores(0.05)))
    assert named.a.mAP == compare(*files(scores(), scores(0.05))).a.mAP
    assert "permutation over 100 people." in named.sentences()[0]


@pytest.mark.parametrize("width", [80, 200])
def test_the_tables_fit_the_terminal_and_cut_nothing(capsys, files, width):
    other = scores(0.05, model="another (weights cd; RGB)", recipe="other.market epochs=20 size=(384,128)", seed=3)
    one = scores()
    code, out, _ = call(capsys, *files(one, other), width=width)
    assert code == 0
    tables = [line for line in out.splitlines() if line[:1] in "┏┃┡│└"]
    assert max(map(len, tables)) <= width
    assert "…" not in out
    cells = "".join(re.sub(r"[^\w]", "", line) for line in tables)
    for fact, value in PROTOCOL.items():
        assert fact in out
        if type(value) is str and "sha256" in fact:
            assert value in cells.replace(fact, "")
    for result in (one, other):
        assert f"{100 * result.mAP:.1f} % {interval(result.ap, result.people).percent()}" in out
        assert f"{100 * result.rank(1):.1f} % [" in out
        assert f"{100 * result.rank(5):.1f} %" in out
        assert f"{100 * result.mINP:.1f} %" in out
    assert "mAP (step)" in out
    assert SCOPE in " ".join(out.split())


def test_what_differs_stands_before_what_is_shared(capsys, files):
    _, out, _ = call(capsys, *files(scores(), scores(0.05, seed=1)))
    places = [out.index(words) for words in ("A.json", "Where the systems differ", "│ seed ", "What both share",
                                             "│ data ", "Scores, in brackets", "B is ", SCOPE[:20])]  # fmt: skip
    assert places == sorted(places)


def test_text_from_a_file_does_not_reach_the_terminal_raw(capsys, files):
    code, out, err = call(capsys, *files(scores(recipe="\x1b[2J[red]\ud800"), scores(recipe="行人\n\r\x07")))
    assert (code, err) == (0, "")
    assert "\x1b[2J" not in out
    assert r"\x1b[2J[red]\ud800" in out
    assert r"行人\n\r\x07" in out


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["", "json"])
def test_a_file_that_is_no_result_is_one_line(capsys, files, tmp_path, as_json):
    good, bad = files(scores(), scores())
    document = json.loads(bad.read_text())
    bad.write_text(json.dumps({**document, "mAP": document["mAP"] + 0.01}))
    (tmp_path / "text.json").write_text("hello\n")
    study = tmp_path / "study.json"
    study.write_text(json.dumps({"asked": {}, "percent": {}, "scores": document}))
    for file, told in (
        (tmp_path / "nowhere.json", "No result at"),
        (tmp_path, "is not a file"),
        (bad, "B.json was edited or is damaged: mAP"),
        (tmp_path / "text.json", "is not a result in JSON"),
        (study, "study.json is not a result: the file lacks mAP, mINP"),
    ):
        for pair in ((good, file), (file, good)):
            code, out, err = call(capsys, *pair, *as_json)
            assert (code, out, err.count("\n")) == (2, "", 1)
            assert told in err


def test_one_file_is_not_enough(capsys, files):
    code, out, err = call(capsys, files(scores(), scores())[0])
    assert (code, out, err.count("\n")) == (2, "", 1)
