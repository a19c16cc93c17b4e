import pytest
import torch

from passerby.evaluation.scores import Scores
from passerby.report.common_protocol import SYSTEM, common_protocol

FACTS = {
    "ap": "step",
    "cameras": True,
    "data": "market1501",
    "version": "",
    "queries": 2,
    "model": "demo",
    "torch": "2",
}


def scores(first=(1, 2), **facts):
    values = torch.tensor(first)
    ap = torch.where(values > 0, 1.0, torch.nan).double()
    return Scores(ap=ap, inp=ap, first=values, protocol={**FACTS, **facts})


def test_the_shared_facts_come_in_the_first_results_order():
    shared = common_protocol({"a": scores(), "b": scores(model="other"), "c": scores(torch="3")})
    assert list(shared.items()) == [(fact, FACTS[fact]) for fact in FACTS if fact not in ("model", "torch")]


def test_one_result_shares_all_with_itself():
    assert common_protocol({"a": scores()}) == FACTS


@pytest.mark.parametrize("fact", sorted(SYSTEM))
def test_systems_may_differ(fact):
    assert fact not in common_protocol({"a": scores(**{fact: "one"}), "b": scores(**{fact: "another"})})


@pytest.mark.parametrize(
    ("fact", "value"),
    [("ap", "trapezoid"), ("cameras", False), ("data", "dukemtmc"), ("version", "v2"), ("queries", 3), ("gallery", 5)],
)
def test_unlike_protocols_are_refused_by_the_name_of_the_fact(fact, value):
    with pytest.raises(ValueError, match=rf"a and b are results of unlike protocols: {fact} is "):
        common_protocol({"a": scores(), "b": scores(**{fact: value})})


def test_a_fact_that_only_one_result_states_is_unlike():
    with pytest.raises(ValueError, match="distractors is 5 and "):
        common_protocol({"a": scores(distractors=5), "b": scores()})


def test_true_and_one_are_not_the_same():
    with pytest.raises(ValueError, match="cameras is True and 1"):
        common_protocol({"a": scores(), "b": scores(cameras=1)})


def test_the_third_result_is_looked_at_too():
    with pytest.raises(ValueError, match="a and c are results of unlike protocols: ap"):
        common_protocol({"a": scores(), "b": scores(), "c": scores(ap="trapezoid")})


def test_other_queries_are_refused_even_where_the_facts_agree():
    with pytest.raises(ValueError, match="queries is 2 and 3"):
        common_protocol({"a": scores(), "b": scores((1, 2, 3))})
    with pytest.raises(ValueError, match="queries_without_match is 0 and 1"):
        common_protocol({"a": scores(), "b": scores((1, 0))})
    with pytest.raises(ValueError, match="other queries have a match"):
        common_protocol({"a": scores((0, 1)), "b": scores((1, 0))})


def test_no_result_is_refused():
    with pytest.raises(ValueError, match="No scores"):
        common_protocol({})
