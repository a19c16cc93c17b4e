import json
import math

import pytest

from passerby.report.results import results
from passerby.report.results_json import results_json
from result_sets import NASTY, scores


def refuse(name):
    raise AssertionError(f"{name} is not JSON")


def loaded(found):
    return json.loads(results_json(found), parse_constant=refuse)


def test_it_holds_the_numbers_the_intervals_and_the_protocol():
    one = scores((1, 2, 0, 7))
    found = results({"a": one}, ranks=(3, 20))
    document = loaded(found)
    assert document["level"] == 0.95
    told = document["results"]["a"]
    assert told["summary"]["mAP"] == one.mAP
    assert told["summary"]["ap"] == "step"
    assert [told["summary"][f"rank{k}"] for k in (1, 3, 20)] == [one.rank(k) for k in (1, 3, 20)]
    assert told["summary"]["queries_without_match"] == 1
    assert told["intervals"] == {name: list(ends) for name, ends in found.intervals["a"].items()}
    assert told["protocol"] == one.protocol


def test_what_is_not_defined_is_null():
    told = loaded(results({"a": scores((0,), people=(1,), share=math.nan)}))["results"]["a"]
    assert told["summary"]["mAP"] is None
    assert told["intervals"] == {"rank1": [None, None], "mAP": [None, None]}
    assert told["protocol"]["share"] is None


@pytest.mark.parametrize("label", [*NASTY, "a\nb\x00", "\ud800", ""])
def test_labels_keep_every_sign_and_their_order(label):
    assert list(loaded(results({"z": scores(), label: scores(), "a": scores()}))["results"]) == ["z", label, "a"]
