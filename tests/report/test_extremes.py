import math

import pytest
import torch

from passerby.report.extremes import extremes


def test_best_come_highest_first_and_worst_lowest_first():
    ap = torch.tensor([0.5, 0.9, 0.1, 1.0, 0.3, 0.7], dtype=torch.float64)
    assert extremes(ap, best=2, worst=3) == ((3, 1), (2, 4, 0))


def test_among_equals_the_earlier_query_comes_first_and_none_stands_in_both():
    assert extremes(torch.ones(7).double(), best=3, worst=3) == ((0, 1, 2), (3, 4, 5))


def test_with_too_few_queries_the_worst_are_fewer():
    assert extremes(torch.tensor([0.2, 0.8, 0.5]), best=2, worst=2) == ((1, 2), (0,))


def test_a_query_without_a_match_is_neither():
    assert extremes(torch.tensor([math.nan, 0.2, math.nan, 0.1]), best=1, worst=5) == ((1,), (3,))
    assert extremes(torch.tensor([math.nan, math.nan]), best=1, worst=1) == ((), ())


def test_none_may_be_asked_for_but_not_fewer():
    assert extremes(torch.tensor([0.5]), best=0, worst=0) == ((), ())
    with pytest.raises(ValueError, match="best is -1"):
        extremes(torch.tensor([0.5]), best=-1, worst=0)
