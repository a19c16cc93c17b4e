import pytest
import torch

from passerby.evaluation.scores import Scores
from passerby.report.dependence import dependence
from result_sets import scores


def told(people=(1,), **protocol):
    one = torch.tensor([1.0], dtype=torch.float64)
    people = None if people is None else torch.tensor(people)
    return Scores(ap=one, inp=one, first=torch.tensor([1]), protocol={"ap": "step", **protocol}, people=people)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"data": "msmt17", "version": "V2"}, {"data": "data set msmt17, version V2"}),
        ({"data": "own", "version": ""}, {"data": "data set own"}),
        ({"version": "V2"}, {}),
        ({"official": "yes"}, {"official": "counts as in the official set"}),
        ({"official": "not known"}, {"official": "official counts not known"}),
        (
            {"official": "no: train has 5 pictures, not 12,936."},
            {"official": "counts differ from the official set (train has 5 pictures, not 12,936)"},
        ),
        ({"official": "no"}, {"official": "counts differ from the official set (not said how)"}),
        ({"official": "nobody: knows"}, {"official": "official counts: nobody: knows"}),
        ({"train": "none"}, {"train": "never trained"}),
        ({"train": "not known"}, {"train": "training data not known"}),
        ({"train": "market1501, 5 pictures"}, {"train": "trained on market1501, 5 pictures"}),
        ({"cameras": True}, {"cameras": "crops of the query's own camera left out"}),
        ({"cameras": False}, {"cameras": "cameras not used"}),
        ({"tracklets": "none"}, {"tracklets": "no tracklets"}),
        ({"tracklets": "max"}, {"tracklets": "tracklets, each the maximum of its frames"}),
        ({"multi_query": "none"}, {"multi_query": "one picture for each query"}),
        (
            {"multi_query": "mean"},
            {"multi_query": "several pictures for each query, of its person and camera: their mean"},
        ),
        ({"leave_one_out": False}, {}),
        (
            {"leave_one_out": True},
            {"leave_one_out": "each picture in turn as the query, all others as the gallery"},
        ),
        ({"galleries": "one for all queries"}, {}),
        ({"galleries": "one for each query (sha256 01ab)"}, {"galleries": "a gallery for each query"}),
        ({"distractors_added": 0}, {"distractors_added": "no distractors added"}),
        ({"distractors_added": 1}, {"distractors_added": "1 distractor added"}),
        ({"distractors_added": 500_000}, {"distractors_added": "500,000 distractors added"}),
        ({"post_processing": "none"}, {"post_processing": "no post-processing"}),
        ({"post_processing": "re-ranking, k1 20"}, {"post_processing": "post-processing: re-ranking, k1 20"}),
        ({"unreadable": 0}, {}),
        ({"unreadable": 1}, {"unreadable": "1 unreadable picture left out"}),
        ({"unreadable": 1200}, {"unreadable": "1,200 unreadable pictures left out"}),
        ({"flip": False}, {}),
        ({"flip": True}, {"flip": "pictures and their mirror images"}),
        ({"metric": "euclidean"}, {"metric": "euclidean distance"}),
        ({"model": None, "train": None}, {}),
        ({"people": None}, {"people": "the people of the queries are not known"}),
        ({}, {}),
    ],
)
def test_each_fact_in_words(facts, words):
    assert dependence({"a": told(**facts)}).shared == words


def test_only_what_all_say_alike_is_shared():
    shared, own = dependence(
        {"a": told(data="x", cameras=True), "b": told(data="y", cameras=True), "c": told(data="x")}
    )
    assert shared == {}
    assert own["a"] == {"data": "data set x", "cameras": "crops of the query's own camera left out"}
    assert own["c"] == {"data": "data set x"}


def test_the_order_is_that_of_the_facts_and_not_of_the_protocol():
    one = scores(data="market1501", official="yes")
    backwards = told(**dict(reversed(one.protocol.items())))
    assert list(dependence({"a": backwards}).shared) == list(dependence({"a": one}).shared)


@pytest.mark.parametrize("value", ["a\x1b[31m", 7, 0.5, True, False, "x" * 10_000])
@pytest.mark.parametrize(
    "fact",
    ["data", "official", "model", "train", "cameras", "tracklets", "multi_query", "galleries", "post_processing"],
)
def test_odd_values_of_a_file_become_short_printable_words(fact, value):
    for words in dependence({"a": told(**{fact: value})}).shared.values():
        assert words.isprintable()
        assert len(words) < 400
