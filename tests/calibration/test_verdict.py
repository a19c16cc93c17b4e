"""Many rates together: how many do not hold by chance, and which are refuted all the same."""

import math
from dataclasses import replace

import numpy as np
import pytest

from passerby.calibration.exceeded import exceeded
from passerby.calibration.tried import Tried
from passerby.calibration.verdict import verdict
from passerby.evaluation.significance import Interval

HOLDS = Tried(stated=0.1, at=0.1, size=50, seen=0.11, interval=Interval(0.08, 0.14), p=0.3, told=True)
OUT = replace(HOLDS, seen=0.2, interval=Interval(0.15, 0.25), p=0.02)


def test_a_rate_that_does_not_hold_among_many_that_do_is_counted_and_not_refuted():
    found = verdict([*[HOLDS] * 38, OUT, replace(OUT, p=0.01)])
    assert found.told == 40
    assert len(found.outside) == 2
    assert found.chance == pytest.approx(1)
    assert not found.refuted


def test_a_rate_alone_is_refuted_by_its_own_interval():
    assert verdict([OUT]).refuted == (OUT,)


def test_holms_steps_stop_at_the_first_that_chance_may_explain():
    gross, second, third = (replace(OUT, size=size, p=p) for size, p in ((1, 0.0061), (2, 0.0083), (3, 0.013)))
    assert verdict([HOLDS, third, second, gross]).refuted == (second, gross)  # .025 / 4, / 3, / 2, in the given order
    assert not verdict([HOLDS, third, second, replace(gross, p=0.0063)]).refuted


def test_rates_that_nobody_can_tell_have_no_verdict():
    found = verdict([replace(OUT, told=False, p=0.0), HOLDS])
    assert (found.told, found.outside, found.refuted) == (1, (), ())
    assert verdict([]) == (0, (), 0, ())


def test_a_rate_of_which_nothing_is_known_does_not_hold_and_is_not_refuted():
    lost = replace(OUT, interval=Interval(math.nan, math.nan), p=math.nan)
    gross = replace(OUT, p=0.0)
    assert verdict([lost, gross, HOLDS]).refuted == (gross,)


def test_p_is_that_of_a_share_among_independent_people():
    random = np.random.default_rng(0)
    for stated, people in ((0.1, 100), (0.5, 60), (0.9, 200)):
        shares = random.binomial(people, stated, size=2_000) / people
        ps = [
            exceeded(stated, seen, random.binomial(people, seen, size=400) / people, people=people) for seen in shares
        ]
        assert np.mean(np.array(ps) <= 0.025) == pytest.approx(0.025, abs=0.015)
        assert np.mean(np.array(ps) <= 0.5) == pytest.approx(0.5, abs=0.08)


def test_p_goes_below_what_the_draws_can_count_and_falls_with_the_distance():
    drawn = np.random.default_rng(0).normal(0.2, 0.02, 100)
    ps = [exceeded(stated, 0.2, drawn, people=50) for stated in (0.3, 0.2, 0.16, 0.1, 0.0)]
    assert ps == sorted(ps, reverse=True)
    assert ps[1] == pytest.approx(0.5)
    assert 0 < ps[3] < 1e-5


def test_where_all_draws_are_alike_p_is_bounded_by_the_people():
    ones = np.ones(50)
    assert exceeded(0.9, 1.0, ones, people=20) == pytest.approx(0.9**20)
    assert exceeded(1.0, 1.0, ones, people=20) == pytest.approx(0.5)
    assert exceeded(0.1, 0.0, 0 * ones, people=20) > 0.99


@pytest.mark.parametrize(
    ("stated", "seen", "drawn"), [(math.nan, 0.1, [0.1, 0.2]), (0.1, math.nan, [0.1, 0.2]), (0.1, 0.2, [math.nan, 0.1])]
)
def test_p_is_not_known_where_a_rate_is_not(stated, seen, drawn):
    assert math.isnan(exceeded(stated, seen, np.array(drawn), people=9))
