from dataclasses import replace
from pathlib import Path

import pytest

from passerby.evaluation.reranking import Reranking
from passerby.evaluation.rules import POST_PROCESSING, Rules
from passerby.types import Crop, PersonSet


def crops(count, *, tracks):
    return tuple(Crop(Path(f"{n}"), 1, 1 + n % 2, trackid=n if tracks else None) for n in range(count))


FRAMES = PersonSet(name="mars", query=crops(1, tracks=True), gallery=crops(3, tracks=True))
PICTURES = PersonSet(name="market1501", query=crops(1, tracks=False), gallery=crops(3, tracks=False))
MIXED = replace(FRAMES, gallery=(*crops(3, tracks=True), *crops(1, tracks=False)))
APART = replace(FRAMES, galleries={0: (1,)})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ap": "area"}, "ap is 'area'; give one of step, trapezoid"),
        ({"tracklets": "median"}, "tracklets is 'median'; give one of auto, none, max, mean"),
        ({"tracklets": ""}, "tracklets is ''"),
        ({"multi_query": "auto"}, "multi_query is 'auto'; give one of none, max, mean"),
        ({"multi_query": "max", "tracklets": "median"}, "tracklets is 'median'"),
        (
            {"post_processing": "rerank"},
            "post_processing is 'rerank'; give one of none, expansion, reranking, expansion",
        ),
        ({"post_processing": "reranking+expansion"}, "post_processing is 'reranking.expansion'"),
        ({"post_processing": "reranking", "leave_one_out": True}, "each picture would stand twice under leave-one-out"),
        ({"post_processing": "expansion+reranking", "leave_one_out": True}, "leave one of the two out"),
        ({"reranking": Reranking(k1=9)}, r"reranking is k-reciprocal .*k1 9.* and post_processing is none, which does"),
        ({"reranking": Reranking(lam=0), "post_processing": "expansion"}, "expansion, which does not re-rank"),
    ],
)
def test_a_value_that_is_not_accepted_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Rules(**given)


@pytest.mark.parametrize("tracklets", ["auto", "none", "max", "mean"])
@pytest.mark.parametrize("several", ["none", "max", "mean"])
@pytest.mark.parametrize("out", [False, True])
def test_several_pictures_of_a_query_go_neither_with_tracklets_nor_with_leaving_one_out(tracklets, several, out):
    rules = {"tracklets": tracklets, "multi_query": several, "leave_one_out": out}
    if several != "none" and (out or tracklets in ("max", "mean")):
        with pytest.raises(ValueError, match=f"multi_query is {several}.*does not go together with tracklets or leave"):
            Rules(**rules)
    else:
        assert Rules(**rules).leave_one_out == out


@pytest.mark.parametrize("data", [FRAMES, PICTURES, MIXED, APART], ids=["frames", "pictures", "mixed", "apart"])
@pytest.mark.parametrize(("tracklets", "pool"), [("auto", "max"), ("none", None), ("max", "max"), ("mean", "mean")])
def test_tracklets_are_pooled_where_all_crops_of_a_common_gallery_are_in_some(data, tracklets, pool):
    rules = Rules(tracklets=tracklets)
    if data is FRAMES:
        assert rules.pool_of(data) == pool
        assert rules.facts(data)["tracklets"] == (pool or "not pooled")
    elif tracklets in ("max", "mean"):
        for asked in (rules.pool_of, rules.facts):
            with pytest.raises(ValueError, match=f"tracklets is {tracklets}, but not every crop of {data.name}"):
                asked(data)
    else:
        assert rules.pool_of(data) is None
        assert rules.facts(data)["tracklets"] == "none"


def test_several_pictures_of_a_query_are_searched_for_in_single_pictures():
    data = replace(FRAMES, multi_query=crops(2, tracks=False))
    assert Rules(multi_query="mean").pool_of(data) is None
    assert Rules(multi_query="mean").facts(data) == {
        "tracklets": "not pooled",
        "multi_query": "mean",
        "leave_one_out": False,
    }


@pytest.mark.parametrize(
    ("rule", "steps"),
    list(zip(POST_PROCESSING, [(), ("expansion",), ("reranking",), ("expansion", "reranking")], strict=True)),
)
def test_expansion_comes_before_re_ranking(rule, steps):
    assert Rules(post_processing=rule).steps == steps


def test_the_facts_state_each_rule_that_the_judge_does_not_state_itself():
    assert Rules().facts(PICTURES) == {"tracklets": "none", "multi_query": "none", "leave_one_out": False}
    assert Rules(leave_one_out=True).facts(PICTURES)["leave_one_out"] is True


def test_the_default_is_the_protocol_that_data_sets_are_published_under():
    rules = Rules()
    assert (rules.ap, rules.cameras, rules.tracklets, rules.multi_query, rules.leave_one_out) == (
        *("step", True, "auto", "none"),
        False,
    )
    assert (rules.steps, rules.reranking) == ((), Reranking(k1=20, k2=6, lam=0.3))
