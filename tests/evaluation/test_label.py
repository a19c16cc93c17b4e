import hashlib
import re

import pytest

from passerby.evaluation.expanded import EXPANSION
from passerby.evaluation.label import LONGEST, SHORT, file_name, label
from passerby.evaluation.reranking import Reranking

MARKET = {
    "data": "market1501",
    "version": "",
    "official": "yes",
    "ap": "step",
    "cameras": True,
    "tracklets": "none",
    "multi_query": "none",
    "leave_one_out": False,
    "post_processing": "none",
    "distractors_added": 0,
    "query_sha256": "0123456789abcdef" * 4,
    "gallery_sha256": "fedcba9876543210" * 4,
}
DIGEST = hashlib.sha256(b"0123456789abcdef" * 4 + b"fedcba9876543210" * 4).hexdigest()[:8]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "market1501"),
        ({"data": "cuhk03", "version": "labeled"}, "cuhk03 labeled"),
        ({"data": "mars", "tracklets": "max"}, "mars"),
        ({"data": "mars", "tracklets": "mean"}, "mars, mean of frames"),
        ({"data": "mars", "tracklets": "not pooled"}, "mars, single frames"),
        ({"ap": "trapezoid"}, "market1501, AP trapezoid"),
        ({"multi_query": "max", "cameras": False}, "market1501, max of several queries, without cameras"),
        ({"distractors_added": 100_000}, "market1501, 100000 distractors added"),
        ({"post_processing": "re-ranking k1=20"}, "market1501, re-ranking k1=20"),
        ({"post_processing": EXPANSION}, "market1501, expansion"),
        ({"post_processing": str(Reranking())}, "market1501, k-reciprocal re-ranking"),
        (
            {"post_processing": f"{EXPANSION}, then {Reranking()}"},
            "market1501, expansion, then k-reciprocal re-ranking",
        ),
        (
            {"post_processing": f"{EXPANSION}, then {Reranking(k1=50, k2=15)}"},
            "market1501, expansion, then k-reciprocal re-ranking (k1 50, k2 15, lambda 0.3)",
        ),
        ({"leave_one_out": True, "version": "v1"}, "market1501 v1, leave-one-out"),
    ],
)
def test_a_label_says_what_is_unusual(changes, name):
    assert label({**MARKET, **changes}) == name


@pytest.mark.parametrize("official", ["yes", "not known"])
@pytest.mark.parametrize(
    ("fact", "values"),
    [
        ("ap", ("step", "trapezoid")),
        ("tracklets", ("max", "mean", "not pooled")),
        ("multi_query", ("none", "mean", "max")),
        ("leave_one_out", (False, True)),
        ("cameras", (True, False)),
        ("distractors_added", (0, 7, 70)),
        ("post_processing", ("none", "re-ranking k1=20", "re-ranking k1=21")),
        (
            "post_processing",
            (
                *("none", EXPANSION, str(Reranking()), f"{EXPANSION}, then {Reranking()}"),
                *(str(Reranking(**given)) for given in ({"k1": 21}, {"k2": 7}, {"lam": 0.2}, {"lam": 0})),
                f"{EXPANSION}, then {Reranking(lam=0.2)}",
            ),
        ),
    ],
)
def test_results_by_other_rules_have_other_labels_and_files(fact, values, official):
    results = [{**MARKET, "official": official, fact: value} for value in values]
    assert len({label(result) for result in results}) == len(values)
    assert len({file_name(result) for result in results}) == len(values)


def test_vectors_without_a_data_set_have_a_label_too():
    assert label({"ap": "step"}) == "vectors"
    assert label({"ap": "trapezoid", "data": None, "version": None}) == "vectors, AP trapezoid"


def test_a_long_version_is_not_part_of_a_label():
    assert label({**MARKET, "version": "v" * SHORT}) == "market1501 " + "v" * SHORT
    assert label({**MARKET, "version": "v" * (SHORT + 1)}) == "market1501"


def test_the_file_of_an_official_set_has_no_digest():
    assert file_name(MARKET) == "market1501"


@pytest.mark.parametrize("official", ["no: query has 12 pictures.", "not known", "", "Yes", "yes: nearly", None, True])
def test_the_file_of_any_other_set_ends_in_a_digest_of_its_crops(official):
    assert file_name({**MARKET, "official": official}) == f"market1501-{DIGEST}"
    silent = {fact: value for fact, value in MARKET.items() if fact != "official"}
    assert file_name(silent) == f"market1501-{DIGEST}"


def test_two_copies_of_a_set_and_the_official_one_have_three_file_names():
    names = {file_name(MARKET)}
    for side in ("query", "gallery"):
        for crops in ("1" * 64, "2" * 64):
            names.add(file_name({**MARKET, "official": "no: it has 5 pictures.", f"{side}_sha256": crops}))
    assert len(names) == 5


def test_vectors_without_a_data_set_have_a_file_name_too():
    nothing = hashlib.sha256(b"").hexdigest()[:8]
    assert file_name({"ap": "step"}) == f"vectors-{nothing}"


def test_unusual_rules_are_in_the_name_of_the_file():
    changes = {"data": "cuhk03", "version": "labeled", "ap": "trapezoid", "cameras": False}
    assert file_name({**MARKET, **changes}) == "cuhk03-labeled-AP-trapezoid-without-cameras"
    changes["official"] = "not known"
    assert file_name({**MARKET, **changes}) == f"cuhk03-labeled-AP-trapezoid-without-cameras-{DIGEST}"


def test_the_longest_rules_of_all_leave_room_for_the_last_number():
    rules = {"data": "occluded_dukemtmc", "version": "v" * (SHORT - 1), "ap": "trapezoid", "multi_query": "mean"}
    names = {
        file_name({**MARKET, **rules, "cameras": False, "post_processing": f"{EXPANSION}, then {Reranking(lam=lam)}"})
        for lam in (0.25, 0.26)
    }
    assert len(names) == 2


def test_a_long_name_is_cut_and_keeps_its_digest():
    long = {**MARKET, "data": "a" * 300}
    assert file_name(long) == "a" * LONGEST
    assert file_name({**long, "official": "not known"}) == "a" * LONGEST + f"-{DIGEST}"


NASTY = [
    *("../../etc/passwd", "/absolute", "..", ".hidden", "a/../../b", "a\\b\\..\\c", "C:\\x", "a\nb", "a\0b", "a b\t c"),
    *("\x1b[31mred", "-rf", "--help", "~", "$HOME", "`id`", "a;b|c&d", "*?", "'\"", "%2e%2e%2f", "a\u202eb", "\ud800"),
    *("con/aux", "....", "./.", " ", "\u00e9\u6f22\u5b57", "a" * 20 + "/" * 4, "../" * 200),
]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
@pytest.mark.parametrize(
    "fact", ["data", "version", "ap", "multi_query", "post_processing", "query_sha256", "gallery_sha256"]
)
@pytest.mark.parametrize("official", ["yes", "not known"])
def test_no_fact_leads_a_file_out_of_its_folder(text, fact, official):
    name = file_name({**MARKET, fact: text, "official": official})
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", name)
    assert len(name) <= LONGEST + len("-") + len(DIGEST)
