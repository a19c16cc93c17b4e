import math
from itertools import product

import numpy as np
import pytest
import torch
from torch import nan

from passerby.evaluation import significance
from passerby.evaluation.significance import LEVEL, RESAMPLES, SEED, interval, sign_flip


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


def plain_interval(values, people, resamples):
    """The definition, draw by draw: whole people with replacement, the mean of all their queries, its percentiles."""
    queries = {}
    for value, person in zip(values, people, strict=True):
        if not math.isnan(value):
            queries.setdefault(person, []).append(value)
    everyone = [queries[person] for person in sorted(queries)]
    random, means = np.random.default_rng(SEED), []
    for _ in range(resamples):
        drawn = [value for place in random.integers(len(everyone), size=len(everyone)) for value in everyone[place]]
        means.append(sum(drawn) / len(drawn))
    means.sort()
    bounds = []
    for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        place = share * (len(means) - 1)
        low, high = means[math.floor(place)], means[math.ceil(place)]
        bounds.append(low + (place - math.floor(place)) * (high - low))
    return bounds


def plain_sign_flip(values, people, resamples):
    sums = {}
    for value, person in zip(values, people, strict=True):
        if not math.isnan(value):
            sums[person] = sums.get(person, 0) + value
    sums = [sums[person] for person in sorted(sums)]
    random, as_far = np.random.default_rng(SEED), 0
    for _ in range(resamples):
        signs = [1 if bit else -1 for bit in random.integers(2, size=len(sums))]
        as_far += abs(sum(sign * s for sign, s in zip(signs, sums, strict=True))) >= abs(sum(sums)) - 1e-9
    return (1 + as_far) / (resamples + 1)


def case(seed):
    """Values of people with 1 to 5 queries each, not in their order; some not judged, one person not at all."""
    random = np.random.default_rng(seed)
    people = random.choice(10**6, size=int(random.integers(3, 40)), replace=False) + 1
    people = random.permutation(np.concatenate([people, random.choice(people, size=2 * len(people))]))
    values = random.choice([0.0, 0.25, 0.7, 1.0, -0.5, nan], size=len(people))
    values[people == people[0]] = nan
    return doubles(*values), torch.tensor(people)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("held", [1, 100, 2**17])
def test_the_interval_is_that_of_plain_loops_with_the_same_draws(monkeypatch, seed, held):
    monkeypatch.setattr(significance, "_HELD", held)  # memory does not change the draws
    values, people = case(seed)
    expected = plain_interval(values.tolist(), people.tolist(), 200)
    assert interval(values, people, resamples=200) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("held", [1, 100, 2**17])
def test_the_p_value_is_that_of_plain_loops_with_the_same_signs(monkeypatch, seed, held):
    monkeypatch.setattr(significance, "_HELD", held)
    values, people = case(seed)
    expected = plain_sign_flip(values.tolist(), people.tolist(), 200)
    assert sign_flip(values, people, resamples=200) == expected


def test_without_people_each_query_is_a_person_of_its_own():
    values, _ = case(0)
    assert interval(values, None) == interval(values, torch.arange(len(values)))
    assert sign_flip(values, None) == sign_flip(values, torch.arange(len(values)))


def test_the_order_of_queries_does_not_count():
    values, people = case(1)
    order = torch.randperm(len(values), generator=torch.Generator().manual_seed(0))
    assert interval(values[order], people[order]) == pytest.approx(interval(values, people), abs=1e-12)
    assert sign_flip(values[order], people[order]) == sign_flip(values, people)


def test_the_same_values_have_the_same_interval_and_other_dtypes_and_strides_too():
    values, people = case(2)
    assert interval(values, people) == interval(values, people)
    twice = torch.stack([values, values], dim=1)
    assert interval(twice[:, 1], people) == interval(values, people)
    halves = torch.tensor([0.5, 1.0, 0.25, 0.5], dtype=torch.float32)
    assert interval(halves, None) == interval(halves.double(), None)


def test_a_person_with_many_queries_makes_the_interval_wider_than_as_many_people():
    values = doubles(*[1.0] * 50, *[0.0] * 50)
    few = interval(values, torch.arange(100) // 10)
    many = interval(values, None)
    assert few.high - few.low > 2 * (many.high - many.low)


@pytest.mark.parametrize(
    ("values", "people"),
    [((), ()), ((nan, nan), (1, 2)), ((0.5,), (1,)), ((0.5, 0.7), (3, 3)), ((0.5, nan, 0.2), (1, 2, 1))],
)
def test_fewer_than_two_people_have_neither_interval_nor_p_value(values, people):
    given = doubles(*values), torch.tensor(people, dtype=torch.int64)
    assert all(math.isnan(bound) for bound in interval(*given))
    assert math.isnan(sign_flip(*given))
    assert interval(*given).percent() == "[no interval]"


def test_equal_values_have_an_interval_of_no_width():
    assert interval(doubles(1, 1, 1), None) == (1, 1)
    assert interval(doubles(0, 0, 0), torch.tensor([1, 1, 2])) == (0, 0)


def test_bounds_in_percent_have_no_minus_zero():
    assert interval(doubles(0, 0), None).percent() == "[0.0, 0.0]"
    assert significance.Interval(-0.0001, 1.0).percent() == "[0.0, 100.0]"


def test_a_higher_level_is_wider():
    values, people = case(3)
    narrow, wide = (interval(values, people, level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("function", [interval, sign_flip])
@pytest.mark.parametrize(
    ("values", "people", "told"),
    [
        (torch.ones(2, 2), None, r"values are \(2, 2\), people None"),
        (torch.ones(2), torch.ones(3, dtype=torch.int64), r"values are \(2,\), people \(3,\)"),
        (torch.tensor(1.0), None, r"values are \(\)"),
        (torch.tensor([1.0, math.inf]), None, "infinite"),
    ],
)
def test_what_is_no_list_of_values_is_refused(function, values, people, told):
    with pytest.raises(ValueError, match=told):
        function(values, people)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, nan])
def test_a_level_outside_of_0_and_1_is_refused(level):
    with pytest.raises(ValueError, match="level is"):
        interval(torch.ones(3), None, level=level)


@pytest.mark.parametrize("function", [interval, sign_flip])
def test_no_draw_is_refused(function):
    with pytest.raises(ValueError, match="resamples is 0"):
        function(torch.ones(3), None, resamples=0)


def clustered(random, people=100):
    """Rank-1 of people whose queries are alike, where easy people have four times the queries; the true mean is 0.8."""
    easy = random.random(people) < 0.5
    counts = np.where(easy, 8, 2)
    owners = np.repeat(np.arange(people), counts)
    chance = np.where(easy, 0.9, 0.4)[owners]
    return torch.from_numpy((random.random(len(owners)) < chance).astype(np.float64)), torch.from_numpy(owners)


TRUE = (8 * 0.9 + 2 * 0.4) / (8 + 2)


def test_the_interval_holds_the_true_mean_as_often_as_it_says_and_one_over_queries_does_not():
    random = np.random.default_rng(7)
    repetitions, over_people, over_queries = 400, 0, 0
    for _ in range(repetitions):
        values, people = clustered(random)
        low, high = interval(values, people, resamples=1000)
        over_people += low <= TRUE <= high
        low, high = interval(values, None, resamples=1000)
        over_queries += low <= TRUE <= high
    tolerance = 3 * math.sqrt(LEVEL * (1 - LEVEL) / repetitions)
    print(over_people / repetitions, over_queries / repetitions)
    assert abs(over_people / repetitions - LEVEL) < tolerance
    assert over_queries / repetitions < LEVEL - tolerance


def test_p_values_are_uniform_where_neither_is_better():
    random = np.random.default_rng(8)
    found = []
    for _ in range(400):
        owners = np.repeat(np.arange(40), random.integers(1, 6, size=40))
        differences = random.normal(size=40)[owners] + 0.3 * random.normal(size=len(owners))
        found.append(sign_flip(torch.from_numpy(differences), torch.from_numpy(owners), resamples=1000))
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        print(share, np.mean(np.array(found) <= share))
        assert abs(np.mean(np.array(found) <= share) - share) < 3 * math.sqrt(share * (1 - share) / 400)


def test_a_test_over_queries_would_find_differences_where_there_are_none():
    """Why people: one person's queries are better or worse together, which a test over queries takes as proof."""
    random = np.random.default_rng(9)
    found = []
    for _ in range(200):
        owners = np.repeat(np.arange(40), 5)
        found.append(sign_flip(torch.from_numpy(random.normal(size=40)[owners]), None, resamples=200))
    print(np.mean(np.array(found) <= 0.05))
    assert np.mean(np.array(found) <= 0.05) > 0.2


@pytest.mark.parametrize("mean", [0.0, 0.05, 0.1, 0.15])
def test_for_many_people_the_p_value_is_that_of_the_normal_distribution(mean):
    values = np.random.default_rng(10).normal(mean, 1, size=400)
    z = abs(values.sum()) / math.sqrt((values**2).sum())
    p = math.erfc(z / math.sqrt(2))
    found = sign_flip(torch.from_numpy(values), None)
    assert abs(found - p) < 4 * math.sqrt(p * (1 - p) / RESAMPLES) + 1 / RESAMPLES


def test_a_true_difference_has_a_small_p_value_that_is_never_0():
    random = np.random.default_rng(11)
    assert sign_flip(torch.from_numpy(random.normal(0.5, 1, size=400)), None) < 0.001
    assert sign_flip(torch.ones(400), None) == 1 / (RESAMPLES + 1)


def test_no_difference_has_p_1():
    assert sign_flip(torch.zeros(5), None) == 1
    assert sign_flip(doubles(0.1, 0.2, -0.3), None) == 1  # the sum is 6e-17 in floating point


def exact_p(tenths):
    """Of all signs, the share of those whose total is at least as far from 0, in whole numbers."""
    totals = [sum(s * t for s, t in zip(signs, tenths, strict=True)) for signs in product((1, -1), repeat=len(tenths))]
    return sum(abs(total) >= abs(sum(tenths)) for total in totals) / len(totals)


@pytest.mark.parametrize("seed", range(30))
def test_totals_that_differ_by_rounding_only_count_as_equal(seed):
    """Tenths are not exact in floating point, and many signs give the same total."""
    tenths = np.random.default_rng(seed).integers(-9, 10, size=8).tolist()
    p = exact_p(tenths)
    found = sign_flip(doubles(*(tenth / 10 for tenth in tenths)), None)
    assert abs(found - p) <= 4 * math.sqrt(p * (1 - p) / RESAMPLES) + 1 / RESAMPLES


def test_the_other_side_has_the_interval_of_the_other_sign_and_the_same_p_value():
    values, people = case(4)
    low, high = interval(values, people)
    assert interval(-values, people) == pytest.approx((-high, -low), abs=1e-12)
    assert sign_flip(-values, people) == sign_flip(values, people)
