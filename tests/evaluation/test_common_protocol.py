from pathlib import Path

import pytest
import torch

from passerby.evaluation.common_protocol import NOT_STATED, SYSTEM, common_protocol
from passerby.evaluation.score import score
from passerby.evaluation.scores import Scores
from passerby.types import Crop, Embeddings

PROTOCOL = {
    "data": ("market1501", "dukemtmc"),
    "version": ("", "v2"),
    "official": ("yes", "no"),
    "train": ("market1501, 5 pictures of 2 people (sha256 0123456789ab)", "msmt17, 5 pictures of 2 people (sha256 0)"),
    "ap": ("step", "trapezoid"),
    "cameras": (True, False),
    "galleries": ("one for all queries", "one for each query (sha256 ab)"),
    "tracklets": ("none", "max"),
    "multi_query": ("none", "mean"),
    "leave_one_out": (False, True),
    "distractors": (3, 4),
    "distractors_added": (0, 100),
    "queries": (2, 3),
    "gallery": (5, 6),
    "gallery_junk": (1, 0),
    "junk": ("pid -1", "pid -1, the query itself"),
    "query_sha256": ("ab", "cd"),
    "gallery_sha256": ("ab", "cd"),
    "post_processing": ("none", "re-ranking k1=20 k2=6 lambda=0.3"),
    "unreadable": (0, 1),
    "something_new": ("as before", "otherwise"),
}
"""Facts of the protocol, and one that nobody has thought of yet: a value and another one."""
FACTS = {fact: value for fact, (value, _) in PROTOCOL.items()}


def scores(first=(1, 2), people=None, without=(), **facts):
    values = torch.tensor(first)
    ap = torch.where(values > 0, 1.0, torch.nan).double()
    protocol = {fact: value for fact, value in {**FACTS, **facts}.items() if fact not in without}
    people = None if people is None else torch.tensor(people)
    return Scores(ap=ap, inp=ap, first=values, protocol=protocol, people=people)


def test_the_shared_facts_come_in_the_first_results_order():
    given = {"a": scores(model="a", torch="2"), "b": scores(model="b", torch="2"), "c": scores(model="b", torch="3")}
    assert list(common_protocol(given).items()) == list(FACTS.items())


def test_one_result_shares_all_with_itself():
    assert common_protocol({"a": scores()}) == FACTS


@pytest.mark.parametrize("fact", sorted(SYSTEM))
def test_systems_may_differ(fact):
    assert fact not in common_protocol({"a": scores(**{fact: "one"}), "b": scores(**{fact: "another"})})
    assert fact not in common_protocol({"a": scores(**{fact: "one"}), "b": scores()})
    assert fact not in common_protocol({"a": scores(), "b": scores(**{fact: "one"})})


def test_what_is_done_to_a_ranking_afterwards_belongs_to_the_protocol():
    assert not SYSTEM & PROTOCOL.keys()


@pytest.mark.parametrize("fact", PROTOCOL)
def test_unlike_protocols_are_refused_by_the_name_of_the_fact_and_both_values(fact):
    one, other = PROTOCOL[fact]
    for given in ({"a": scores(), "b": scores(**{fact: other})}, {"a": scores(**{fact: other}), "b": scores()}):
        with pytest.raises(ValueError, match=rf"a and b are results of unlike protocols: {fact} is ") as refused:
            common_protocol(given)
        assert str(one) in str(refused.value)
        assert str(other) in str(refused.value)


@pytest.mark.parametrize("fact", PROTOCOL)
@pytest.mark.parametrize("other", ["stated", "not stated in words", "none"])
def test_a_fact_that_only_one_result_states_is_unlike(fact, other):
    whole = scores(**({} if other == "stated" else {fact: NOT_STATED if other != "none" else None}))
    for given in ({"a": whole, "b": scores(without=(fact,))}, {"a": scores(without=(fact,)), "b": whole}):
        with pytest.raises(ValueError, match=rf"unlike protocols: {fact} is .*\(not stated\)"):
            common_protocol(given)


def test_each_fact_that_the_judge_states_is_held_against_the_other_one():
    crops = tuple(Crop(Path(f"{pid}_{camid}.jpg"), pid, camid) for pid in (1, 2) for camid in (1, 2))
    result = score(Embeddings(torch.eye(4), crops), Embeddings(torch.eye(4), crops))
    assert {"ap", "metric", "cameras", "query_sha256", "gallery_sha256", "post_processing"} <= result.protocol.keys()
    for fact in result.protocol:
        changed = {**result.protocol, fact: "another"}
        given = {
            name: Scores(ap=result.ap, inp=result.inp, first=result.first, protocol=protocol)
            for name, protocol in (("a", result.protocol), ("b", changed))
        }
        if fact in SYSTEM:
            assert fact not in common_protocol(given)
        else:
            with pytest.raises(ValueError, match=f": {fact} is "):
                common_protocol(given)


def test_a_model_that_was_never_trained_may_stand_beside_any():
    market, duke, plain = scores(), scores(train="dukemtmc, 5 pictures"), scores(train="none")
    assert "train" not in common_protocol({"a": market, "b": plain})
    assert "train" not in common_protocol({"a": plain, "b": duke})
    assert common_protocol({"a": plain, "b": plain})["train"] == "none"
    for given in ({"p": plain, "m": market, "d": duke}, {"m": market, "p": plain, "d": duke}):
        with pytest.raises(
            ValueError, match=r"m and d are results of unlike protocols: train is market1501.* and duke"
        ):
            common_protocol(given)
    with pytest.raises(ValueError, match=r"train is none and \(not stated\)"):
        common_protocol({"a": plain, "b": scores(without=("train",))})


def test_true_and_one_are_not_the_same():
    with pytest.raises(ValueError, match="cameras is True and 1"):
        common_protocol({"a": scores(), "b": scores(cameras=1)})


def test_each_result_is_held_against_each_other_one():
    with pytest.raises(ValueError, match="a and c are results of unlike protocols: ap"):
        common_protocol({"a": scores(), "b": scores(), "c": scores(ap="trapezoid")})
    with pytest.raises(ValueError, match="b and c are results of unlike protocols: people"):
        common_protocol({"a": scores(), "b": scores(people=(1, 2)), "c": scores(people=(1, 3))})


def test_other_queries_are_refused_even_where_the_facts_agree():
    with pytest.raises(ValueError, match="queries is 2 and 3"):
        common_protocol({"a": scores(), "b": scores((1, 2, 3))})
    with pytest.raises(ValueError, match="queries_without_match is 0 and 1"):
        common_protocol({"a": scores(), "b": scores((1, 0))})
    with pytest.raises(ValueError, match="other queries have a match"):
        common_protocol({"a": scores((0, 1)), "b": scores((1, 0))})


def test_other_people_are_refused_where_both_say_who_they_are():
    with pytest.raises(ValueError, match="people: query 1 shows person 8 and 7"):
        common_protocol({"a": scores(people=(7, 8)), "b": scores(people=(7, 7))})
    with pytest.raises(ValueError, match="people: query 0 shows person 7 and 8"):
        common_protocol({"a": scores(people=(7, 8)), "b": scores(people=(8, 7))})
    assert common_protocol({"a": scores(people=(7, 8)), "b": scores(people=(7, 8))}) == FACTS
    assert common_protocol({"a": scores(people=(7, 8)), "b": scores()}) == FACTS


def test_a_refusal_shows_no_control_characters_and_no_endless_text():
    with pytest.raises(ValueError, match="unlike protocols") as refused:
        common_protocol({"a": scores(data="\x1b[2J\ud800"), "b": scores(data="x" * 10**6)})
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 1000
    assert r"\x1b[2J\ud800" in str(refused.value)


def test_no_result_is_refused():
    with pytest.raises(ValueError, match="No scores"):
        common_protocol({})
