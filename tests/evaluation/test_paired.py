import math

import pytest
import torch
from torch import nan

from passerby.evaluation.paired import paired
from passerby.evaluation.scores import Scores, first_is_right
from passerby.evaluation.significance import interval, sign_flip


def scores(ap, first, people=None, **facts):
    values = torch.tensor(ap, dtype=torch.float64)
    people = None if people is None else torch.tensor(people)
    return Scores(ap=values, inp=values, first=torch.tensor(first), people=people, protocol={"ap": "step", **facts})


def two(seed, queries=60, people=20):
    random = torch.Generator().manual_seed(seed)
    owners = torch.randint(1, people + 1, (queries,), generator=random).tolist()
    made = []
    for _ in range(2):
        ap = torch.rand(queries, generator=random).double()
        first = torch.randint(1, 4, (queries,), generator=random)
        ap[0], first[0] = nan, 0
        made.append(scores(ap.tolist(), first.tolist(), owners))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_the_difference_is_that_of_the_means_and_its_interval_that_of_the_differences(seed):
    one, other = two(seed)
    found = paired(one, other)
    assert found.mAP.value == pytest.approx(other.mAP - one.mAP)
    assert found.rank1.value == pytest.approx(other.rank(1) - one.rank(1))
    assert found.mAP.interval == interval(other.ap - one.ap, one.people)
    assert found.mAP.p == sign_flip(other.ap - one.ap, one.people)
    hits = (other.first == 1).double() - (one.first == 1).double()
    hits[0] = nan
    assert found.rank1.interval == interval(hits, one.people)
    assert found.people == len({int(p) for p, f in zip(one.people, one.first, strict=True) if f})


@pytest.mark.parametrize("seed", range(5))
def test_exchanged_results_have_the_other_sign_and_the_same_p_value(seed):
    one, other = two(seed)
    there, back = paired(one, other), paired(other, one)
    for x, y in ((there.mAP, back.mAP), (there.rank1, back.rank1)):
        assert y.value == pytest.approx(-x.value)
        assert y.interval == pytest.approx((-x.interval.high, -x.interval.low), abs=1e-12)
        assert y.p == x.p


def test_a_result_beside_itself_differs_by_0_with_p_1():
    one, _ = two(0)
    found = paired(one, one)
    for difference in (found.mAP, found.rank1):
        assert (difference.value, difference.interval, difference.p) == (0, (0, 0), 1)


def test_the_difference_is_surer_than_the_two_means_where_both_find_the_same_people_hard():
    hard = torch.rand(200, generator=torch.Generator().manual_seed(0)).double()
    one, other = (scores((hard * 0.8 + plus).tolist(), [1] * 200, list(range(1, 201))) for plus in (0.0, 0.02))
    found = paired(one, other).mAP
    alone = interval(one.ap, one.people)
    assert found.interval.low > 0
    assert found.interval.high - found.interval.low < (alone.high - alone.low) / 10


def test_one_person_has_neither_interval_nor_p_value():
    found = paired(scores([0.5, 1.0], [2, 1], [3, 3]), scores([0.7, 1.0], [1, 1], [3, 3]))
    assert found.mAP.value == pytest.approx(0.1)
    assert found.rank1.value == pytest.approx(0.5)
    assert math.isnan(found.mAP.p)
    assert math.isnan(found.mAP.interval.low)
    assert (found.people, found.named) == (1, True)


def test_no_judged_query_has_no_difference():
    found = paired(scores([nan], [0]), scores([nan], [0]))
    assert math.isnan(found.mAP.value)
    assert math.isnan(found.rank1.value)
    assert found.people == 0


def test_people_that_one_result_names_hold_for_both():
    one, other = two(1)
    bare = scores(other.ap.tolist(), other.first.tolist())
    assert paired(one, bare) == paired(one, other)
    assert paired(bare, one) == paired(other, one)
    assert paired(one, bare).named


def test_without_people_each_query_counts_for_itself():
    one, other = (scores(x.ap.tolist(), x.first.tolist()) for x in two(2))
    found = paired(one, other)
    assert (found.people, found.named) == (59, False)
    assert found.mAP.interval == interval(other.ap - one.ap, None)


def test_unlike_protocols_are_refused():
    with pytest.raises(
        ValueError, match="the first result and the second result are results of unlike protocols: data"
    ):
        paired(scores([1.0], [1], data="market1501"), scores([1.0], [1], data="dukemtmc"))


def test_rank_1_of_a_query_without_a_match_is_nan():
    assert str(first_is_right(scores([1.0, 0.5, nan], [1, 2, 0]).first).tolist()) == "[1.0, 0.0, nan]"
