"""A calibration: what it says of people of a known law, and how it goes on beyond them."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import beta

from known_law import DIM, MODEL, made
from passerby.calibration import calibration_file
from passerby.calibration.calibrated import PEOPLE, calibrated
from passerby.calibration.held_out import held_out
from passerby.calibration.sightings import sightings
from passerby.calibration.tried import Tried
from passerby.evaluation.significance import Interval
from passerby.types import Crop, Embeddings


def test_thresholds_are_those_of_the_known_law(found):
    assert found.rates[0] == 0.1
    for one in found.thresholds:
        if one.rate in found.rates:
            assert one.low <= beta.isf(one.rate, (DIM - 1) / 2, (DIM - 1) / 2) * 2 - 1 <= one.high
            assert one.low <= one.similarity <= one.high
            assert found.threshold(one.rate) == pytest.approx(one.similarity)
    between = found.threshold(0.03)
    assert found.threshold(0.05) < between < found.threshold(0.02)


def test_a_rate_that_the_people_cannot_tell_is_refused(found):
    for rate in (1e-6, 0.9, 0, math.nan):
        with pytest.raises(ValueError, match=r"150 people were calibrated on; give 0.0005 .. 0.1"):
            found.threshold(rate)


def test_probabilities_are_true_of_other_people(found):
    pairs = made(300, seed=7).some(1200).pairs()
    for prior in (0.5, 0.01):
        said = found.probability(pairs.similarity, prior=prior)
        weight = np.where(pairs.same, prior / pairs.same.sum(), (1 - prior) / (~pairs.same).sum())
        for low, high in ((0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.95)):
            here = (said >= low) & (said < high)
            if pairs.same[here].sum() < 50:
                continue
            true = np.average(pairs.same[here], weights=weight[here])
            assert true == pytest.approx(np.average(said[here], weights=weight[here]), abs=0.1)


def test_probability_never_falls_and_is_never_certain(found):
    for cameras in (None, (0, 1), (1, None)):
        said = found.probability(np.linspace(-1, 1, 2001), cameras=cameras)
        assert (np.diff(said) >= 0).all()
        assert said[0] > 0
        assert said[-1] < 1
    assert found.probability(np.float64(0.5)).shape == ()


def test_the_prior_can_be_changed_and_moves_odds_by_what_it_should(found):
    at = np.array([0.6])
    odds = [p / (1 - p) for p in (found.probability(at, prior=prior)[0] for prior in (0.5, 0.01))]
    assert odds[0] / odds[1] == pytest.approx(99)
    for prior in (0, 1, -1, math.nan):
        with pytest.raises(ValueError, match="prior is"):
            found.probability(at, prior=prior)


@pytest.mark.parametrize("similarity", [1.1, -2, math.nan, math.inf])
def test_what_is_no_cosine_is_refused(found, similarity):
    with pytest.raises(ValueError, match="give cosines"):
        found.probability(np.array([0.1, similarity]))
    with pytest.raises(ValueError, match="give cosines"):
        found.top1(similarity, size=10)


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match=f"There are {PEOPLE - 1} people"):
        calibrated(made(PEOPLE - 1), model=MODEL, data="made")
    with pytest.raises(ValueError, match="seen by two cameras"):
        calibrated(made(PEOPLE, cameras=1), model=MODEL, data="made")


def test_people_who_are_seldom_seen_twice_and_vectors_that_are_all_alike_do_not_stop_it():
    few = calibrated(made(30, each=2, spread=0), model=MODEL, data="copies")  # one person: always 1
    assert few.probability(np.array([1.0]))[0] > few.probability(np.array([0.3]))[0]
    same = sightings(Embeddings(torch.ones(40, 3), tuple(Crop(Path(f"{n}"), n // 2 + 1, n % 2) for n in range(40))))
    flat = calibrated(same, model=MODEL, data="all alike")
    assert flat.probability(np.array([1.0]), prior=0.3)[0] == pytest.approx(0.3, abs=0.02)
    assert flat.nobody_below(0.1, size=10) > 0.99


def test_two_cameras_have_a_line_of_their_own_only_with_enough_people():
    assert not calibrated(made(40, offset=1.5), model=MODEL, data="made").cameras
    many = calibrated(made(80, each=4, cameras=2, offset=0.8), model=MODEL, data="made")
    assert {*many.cameras} <= {(0, 1)}


def test_two_cameras_have_the_same_line_whatever_their_numbers():
    small = made(80, each=6, cameras=3, offset=0.8)
    large = replace(small, cameras=small.cameras + 2**31 - 3)
    lines = [calibrated(one, model=MODEL, data="made").cameras for one in (small, large)]
    assert lines[0]
    assert {(a + 2**31 - 3, b + 2**31 - 3): line for (a, b), line in lines[0].items()} == dict(lines[1])


def test_the_same_sightings_give_the_same_calibration(tmp_path):
    for name in ("a", "b"):
        calibration_file.write(calibrated(made(25), model=MODEL, data="made"), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_held_out_people_have_the_stated_rates_within_their_intervals():
    tried = held_out(made(80, seed=3), model=MODEL)
    assert tried.people == (40, 40)
    assert tried.even.ece < 0.05
    assert tried.natural.ece < 0.03
    assert tried.even_interval.low <= tried.even_interval.high
    assert [(one.at, one.size) for one in tried.missed] == [(one.at, one.size) for one in tried.absent]
    for one in (*tried.pairs, *tried.absent, *tried.missed):
        if one.told:
            assert one.interval.low <= one.stated <= one.interval.high, one
    assert [one.told for one in tried.pairs] == [True, True, False, False]
    assert {number.name for number in tried.open_set} == {"DIR at FAR", "TTR at FTR", "FNMR at FMR"}


def test_where_nobody_was_missed_in_any_draw_three_among_so_many_people_still_may_be():
    tried = held_out(made(60, spread=0.02), model=MODEL)
    small = [one for one in tried.missed if one.at == 0.1]
    assert small
    for one in small:
        assert (one.seen, one.interval.low, one.interval.high) == (0, 0, pytest.approx(3 / 30))
        assert one.holds


def test_a_rate_holds_where_it_is_not_exceeded_and_not_where_nobody_knows():
    tried = Tried(stated=0.1, at=0.1, size=2, seen=0.2, interval=Interval(0.1, 0.3), p=0.03, told=True)
    assert tried.holds
    assert replace(tried, stated=0.5).holds
    assert not replace(tried, stated=0.09).holds
    assert not replace(tried, interval=Interval(math.nan, math.nan)).holds
    assert not replace(tried, stated=math.nan).holds
