import json
import math
from dataclasses import replace

import pytest
import torch

from passerby.evaluation.scores import Scores

FOUR = Scores(
    ap=torch.tensor([1.0, 0.5, math.nan, 0.25], dtype=torch.float64),
    inp=torch.tensor([1.0, 0.25, math.nan, 0.1], dtype=torch.float64),
    first=torch.tensor([1, 2, 0, 7]),
    protocol={"ap": "step", "cameras": True},
)
NONE = Scores(
    ap=torch.tensor([math.nan], dtype=torch.float64),
    inp=torch.tensor([math.nan], dtype=torch.float64),
    first=torch.tensor([0]),
    protocol={"ap": "step"},
)


def test_queries_without_a_match_are_reported_and_not_counted():
    assert (FOUR.queries, FOUR.queries_without_match) == (3, 1)
    assert pytest.approx(1.75 / 3) == FOUR.mAP
    assert pytest.approx(1.35 / 3) == FOUR.mINP
    assert [FOUR.rank(k) for k in (1, 2, 6, 7, 100)] == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1, 1])


@pytest.mark.parametrize("length", [1, 5, 7, 30])
def test_the_curve_is_rank_at_each_k(length):
    assert FOUR.cmc(length).tolist() == pytest.approx([FOUR.rank(k) for k in range(1, length + 1)])


def test_scores_of_no_query_are_nan_and_null_in_json():
    assert math.isnan(NONE.mAP)
    assert math.isnan(NONE.rank(1))
    assert all(math.isnan(value) for value in NONE.cmc(3).tolist())
    document = json.loads(NONE.to_json())
    assert (document["mAP"], document["rank1"], document["queries"], document["per_query"]["ap"]) == (
        None,
        None,
        0,
        [None],
    )


def test_the_json_holds_summary_protocol_and_every_query():
    document = json.loads(FOUR.to_json())
    told = FOUR.summary()
    expected = {"mAP", "mINP", "rank1", "rank5", "rank10", "ap", "queries", "queries_without_match"}
    assert expected <= told.keys()
    assert {name: document[name] for name in expected} == {name: told[name] for name in expected}
    assert told.keys() | {"protocol", "per_query", "sha256"} == document.keys()
    assert document["protocol"] == {"ap": "step", "cameras": True}
    assert document["per_query"] == {
        "ap": [1.0, 0.5, None, 0.25],
        "inp": [1.0, 0.25, None, 0.1],
        "first": [1, 2, 0, 7],
        "people": None,
    }


def test_the_json_holds_the_person_of_every_query():
    known = replace(FOUR, people=torch.tensor([3, 3, 12, 4]))
    assert json.loads(known.to_json())["per_query"]["people"] == [3, 3, 12, 4]


@pytest.mark.parametrize("k", [0, -1])
def test_ranks_start_at_one(k):
    with pytest.raises(ValueError, match=f"k is {k}; ranks start at 1"):
        FOUR.rank(k)
    with pytest.raises(ValueError, match=f"length is {k}; ranks start at 1"):
        FOUR.cmc(k)
