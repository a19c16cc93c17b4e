"""Open-set numbers against their definitions as plain loops."""

import math

import numpy as np
import pytest

from passerby.calibration.open_set import NOTHING, dir_at_far, fnmr_at_fmr, ttr_at_ftr

RATES = (0.0, 0.01, 0.1, 0.25, 0.5, 1.0)


def plain_threshold(values, rate):
    """The lowest of all possible thresholds at which at most this share is reached."""
    values = list(values)
    for candidate in [NOTHING, *sorted(np.nextafter(value, math.inf) for value in values)]:
        if sum(value >= candidate for value in values) <= rate * len(values) + 1e-9:
            return candidate
    raise AssertionError("there is always one")


def plain(match, other, rate, *, identified):
    absent = [wrong for right, wrong in zip(match, other, strict=True) if right == NOTHING]
    present = [(right, wrong) for right, wrong in zip(match, other, strict=True) if right != NOTHING]
    if not absent or not present:
        return math.nan
    least = plain_threshold(absent, rate)
    if identified:
        return sum(right > wrong and right >= least for right, wrong in present) / len(present)
    return sum(max(right, wrong) >= least for right, wrong in present) / len(present)


def drawn(seed, queries=60, absent=0.5, steps=8):
    """Similarities in a few steps, so that most are tied."""
    random = np.random.default_rng(seed)
    match = random.integers(-steps, steps, queries) / steps
    other = random.integers(-steps, steps, queries) / steps
    match[random.random(queries) < absent] = NOTHING
    other[random.random(queries) < 0.1] = NOTHING
    return match, other


def same(found, wanted):
    return (math.isnan(found) and math.isnan(wanted)) or found == pytest.approx(wanted)


@pytest.mark.parametrize("absent", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_rates_of_queries_are_those_of_the_loops_with_ties_and_with_none_or_all_absent(seed, absent):
    match, other = drawn(seed, absent=absent)
    for function, identified in ((dir_at_far, True), (ttr_at_ftr, False)):
        for one in function(match, other, RATES):
            assert same(one.value, plain(match, other, one.rate, identified=identified))


@pytest.mark.parametrize("seed", range(6))
def test_false_non_match_rate_is_that_of_the_loops(seed):
    random = np.random.default_rng(seed)
    genuine, impostor = random.integers(-4, 9, 40) / 8, random.integers(-8, 5, 70) / 8
    for one in fnmr_at_fmr(genuine, impostor, RATES):
        least = plain_threshold(impostor, one.rate)
        assert one.value == pytest.approx(sum(value < least for value in genuine) / len(genuine))
        assert sum(value >= one.threshold for value in impostor) <= one.rate * len(impostor) + 1e-9


def test_a_wrong_answer_that_is_as_similar_as_the_right_one_is_no_identification():
    match, other = np.array([0.5, NOTHING]), np.array([0.5, 0.1])
    assert dir_at_far(match, other, [0.0])[0].value == 0
    assert ttr_at_ftr(match, other, [0.0])[0].value == 1


def test_without_absent_queries_there_is_no_threshold_and_no_number():
    found = dir_at_far(np.array([0.5]), np.array([0.1]), [0.1])[0]
    assert math.isnan(found.threshold)
    assert math.isnan(found.value)


def test_without_pairs_of_a_kind_there_is_no_false_non_match_rate():
    assert math.isnan(fnmr_at_fmr(np.empty(0), np.array([0.1]), [0.1])[0].value)
    assert math.isnan(fnmr_at_fmr(np.array([0.1]), np.empty(0), [0.1])[0].value)


@pytest.mark.parametrize(
    ("match", "other", "rates"),
    [
        ([0.1, math.nan], [0.1, 0.2], [0.1]),
        ([0.1], [0.1, 0.2], [0.1]),
        ([0.1], [math.inf], [0.1]),
        ([0.1], [0.2], [1.5]),
        ([[0.1]], [[0.2]], [0.1]),
    ],
)
def test_what_is_no_similarity_or_no_rate_is_refused(match, other, rates):
    with pytest.raises(ValueError, match=r"give (one|\(Q|shares)"):
        dir_at_far(np.array(match), np.array(other), rates)
