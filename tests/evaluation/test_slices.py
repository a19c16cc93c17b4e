import json
import math

import pytest

from passerby.evaluation.label import label
from passerby.evaluation.significance import Interval
from passerby.evaluation.slices import Slice, Slices

PROTOCOL = {"ap": "trapezoid", "data": "drawn", "cameras": True}
UNDEFINED = Interval(math.nan, math.nan)


def one(part, queries, mAP, bounds=UNDEFINED):
    return Slice(
        part=part,
        queries=queries,
        queries_without_match=2,
        people=queries,
        mAP=mAP,
        mAP_interval=bounds,
        rank1=mAP,
        rank1_interval=bounds,
    )


def slices(by="camera_pair", parts=None, **protocol):
    return Slices(
        by=by,
        names=("query camera", "gallery camera"),
        slices=parts
        or (
            one(("c1", "c1"), 0, math.nan),
            one(("c1", "c2"), 3, 0.5, Interval(0.25, 0.75)),
            one(("c2", "c1"), 1, 1.0),
            one(("c2", "c2"), 0, math.nan),
        ),
        remarks=("Something is in no pair.",),
        protocol={**PROTOCOL, "slice": by, **protocol},
    )


def test_the_list_has_a_row_for_each_part_with_its_intervals():
    headings, rows = slices().cells()
    assert headings == [
        *("query camera", "gallery camera", "queries", "no match", "people"),
        *("mAP", "95 %", "rank-1", "95 %"),
    ]
    assert rows[0] == ["c1", "c1", "0", "2", "0", "-", "-", "-", "-"]
    assert rows[1] == ["c1", "c2", "3", "2", "3", "50.0", "[25.0, 75.0]", "50.0", "[25.0, 75.0]"]
    assert rows[2] == ["c2", "c1", "1", "2", "1", "100.0", "-", "100.0", "-"]


def test_the_matrix_has_a_row_and_a_column_for_each_word():
    assert slices().matrix() == (["", "c1", "c2"], [["c1", "-", "50.0"], ["c2", "100.0", "-"]])
    assert slices().reading == "mAP (trapezoid): a row for each query camera, a column for each gallery camera"


def test_a_pair_that_is_not_there_is_a_dash_in_the_matrix():
    parts = (one(("c1", "c2"), 3, 0.5), one(("c3", "c4"), 3, 0.25))
    assert slices(parts=parts).matrix()[1] == [["c1", "50.0", "-"], ["c3", "-", "25.0"]]


def test_the_json_has_names_numbers_and_null_for_nan():
    document = json.loads(slices().to_json())
    assert document["slice"] == "camera_pair"
    assert document["protocol"]["ap"] == "trapezoid"
    assert document["remarks"] == ["Something is in no pair."]
    assert document["slices"][1] == {
        **{"query camera": "c1", "gallery camera": "c2", "queries": 3, "queries_without_match": 2, "people": 3},
        **{"mAP": 0.5, "mAP_interval": [0.25, 0.75], "rank1": 0.5, "rank1_interval": [0.25, 0.75]},
    }
    assert document["slices"][0]["mAP"] is None
    assert document["slices"][0]["mAP_interval"] == [None, None]


def test_the_page_holds_the_definition_the_protocol_and_the_matrix_of_pairs_alone():
    page = slices().to_markdown()
    assert page.startswith(f"### {label(PROTOCOL)}; by camera pair: mAP (trapezoid) and rank-1 in percent\n")
    assert "|  | c1 | c2 |\n| --- | --- | --- |\n| c1 | - | 50.0 |" in page
    assert "| c1 | c2 | 3 | 2 | 3 | 50.0 | [25.0, 75.0] | 50.0 | [25.0, 75.0] |" in page
    assert "Something is in no pair." in page
    assert "- ap: trapezoid\n- data: drawn\n- cameras: True\n- slice: camera_pair\n" in page
    assert "|  | c1 |" not in slices(by="attribute").to_markdown()


@pytest.mark.parametrize(("given", "shown"), [("a|b", r"a\|b"), ("a\nb", r"a\nb"), ("\x1b[31m", r"\x1b[31m")])
def test_names_out_of_a_label_file_cannot_break_the_page(given, shown):
    found = slices(by="attribute", parts=(one((given, "1"), 3, 0.5),), version=given)
    page = found.to_markdown()
    assert f"| {shown} | 1 | 3 |" in page
    assert "\x1b" not in page
    assert json.loads(found.to_json())["slices"][0]["query camera"] == given
