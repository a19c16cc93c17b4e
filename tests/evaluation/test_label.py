import re

import pytest

from passerby.evaluation.label import SHORT, file_name, label

MARKET = {
    "data": "market1501",
    "version": "",
    "official": "yes: all counts are those of the official set",
    "ap": "step",
    "cameras": True,
    "tracklets": "none",
    "multi_query": "none",
    "leave_one_out": False,
    "post_processing": "none",
    "distractors_added": 0,
    "query_sha256": "0123456789abcdef" * 4,
}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "market1501"),
        ({"data": "cuhk03", "version": "labeled"}, "cuhk03 labeled"),
        ({"data": "mars", "tracklets": "max"}, "mars"),
        ({"data": "mars", "tracklets": "mean"}, "mars, mean of frames"),
        ({"ap": "trapezoid"}, "market1501, AP trapezoid"),
        ({"multi_query": "max", "cameras": False}, "market1501, max of several queries, without cameras"),
        ({"distractors_added": 100_000}, "market1501, 100000 distractors added"),
        ({"post_processing": "re-ranking k1=20"}, "market1501, re-ranking k1=20"),
        ({"leave_one_out": True, "version": "v1"}, "market1501 v1, leave-one-out"),
    ],
)
def test_a_label_says_what_is_unusual(changes, name):
    assert label({**MARKET, **changes}) == name


@pytest.mark.parametrize("fact", ["ap", "multi_query", "leave_one_out", "cameras", "distractors_added"])
def test_results_by_other_rules_have_other_labels_and_files(fact):
    other = {"ap": "trapezoid", "multi_query": "mean", "leave_one_out": True, "cameras": False, "distractors_added": 7}
    changed = {**MARKET, fact: other[fact]}
    assert label(changed) != label(MARKET)
    assert file_name(changed) != file_name(MARKET)


def test_vectors_without_a_data_set_have_a_label_too():
    assert label({"ap": "step"}) == "vectors"
    assert label({"ap": "trapezoid", "data": None, "version": None}) == "vectors, AP trapezoid"


def test_a_long_version_is_not_part_of_a_label():
    assert label({**MARKET, "version": "v" * SHORT}) == "market1501 " + "v" * SHORT
    assert label({**MARKET, "version": "v" * (SHORT + 1)}) == "market1501"


@pytest.mark.parametrize(
    ("official", "name"),
    [
        ("yes", "market1501"),
        ("no: query has 12 pictures, the official set 3368", "market1501"),
        ("no official one is known", "market1501-01234567"),
        ("not known", "market1501-01234567"),
        ("", "market1501-01234567"),
    ],
)
def test_sets_without_an_official_one_are_told_apart_by_a_digest(official, name):
    assert file_name({**MARKET, "official": official}) == name


def test_a_file_name_without_a_digest_does_not_end_in_a_sign():
    assert file_name({"ap": "step"}) == "vectors"


def test_unusual_rules_are_in_the_name_of_the_file():
    changes = {"data": "cuhk03", "version": "labeled", "ap": "trapezoid", "cameras": False}
    assert file_name({**MARKET, **changes}) == "cuhk03-labeled-AP-trapezoid-without-cameras"


NASTY = [
    *("../../etc/passwd", "/absolute", "..", ".hidden", "a/../../b", "a\\b\\..\\c", "C:\\x", "a\nb", "a\0b", "a b\t c"),
    *("\x1b[31mred", "-rf", "--help", "~", "$HOME", "`id`", "a;b|c&d", "*?", "'\"", "%2e%2e%2f", "a\u202eb", "\ud800"),
    *("con/aux", "....", "./.", " ", "\u00e9\u6f22\u5b57", "a" * 20 + "/" * 4),
]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
@pytest.mark.parametrize("fact", ["data", "version", "ap", "multi_query", "post_processing"])
@pytest.mark.parametrize("official", ["yes", "not known"])
def test_no_fact_leads_a_file_out_of_its_folder(text, fact, official):
    name = file_name({**MARKET, fact: text, "official": official})
    assert re.fullmatch(r"[A-Za-z0-9.-]*", name)
    assert not name.startswith(".")
