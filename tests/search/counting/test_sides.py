"""Keys of single pairs in float64, and what is known of all vectors."""

import numpy as np
import pytest
import torch

from awkward import CASES, METRICS, exact, pair
from passerby.search.counting.sides import doubt, keys, sides


def within(key, most, query, crop, metric):
    if metric != "cosine":
        assert abs(exact([-1], [key], "dot") - exact(query, crop, metric)) <= exact([-1], [most], "dot")
        return
    low, high = exact([-1], [key], "dot") - exact([-1], [most], "dot"), exact([-1], [key + most], "dot")
    assert low * abs(low) <= exact(query, crop, metric) <= high * abs(high)


@pytest.mark.parametrize("dim", [1, 3, 64, 300])
@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_a_key_in_float64_is_within_its_doubt(kind, metric, dim):
    queries, crops = pair(kind, 3, 40, dim)
    given = sides(queries, crops, metric)
    asked, looked = np.repeat(np.arange(3), 3), np.array([39, 0, 5, 6, 7, 8, 1, 39, 2])
    found, doubts = keys(given, asked, looked), doubt(given, asked, looked)
    for key, most, query, crop in zip(found, doubts, asked, looked, strict=True):
        within(key, most, queries[query], crops[crop], metric)


def step(queries, crops=((0.0, 0.0),)):
    found = sides(torch.tensor(queries), torch.tensor(crops), "dot")
    return found.step, found.whole


def test_the_step_is_the_largest_of_which_all_numbers_are_multiples():
    assert step([[1.0, -3]]) == (1, True)
    assert step([[4.0, -12]]) == (4, True)
    assert step([[0.0, 4]], [[2.0, 0]]) == (2, True)
    assert step([[0.0, 4]], [[0.5, 0]]) == (0.5, True)
    assert step([[2.0**-20, 0]]) == (2.0**-20, True)
    assert step([[1 + 2.0**-23, 1]]) == (2.0**-23, False)
    assert step([[1.0, 2.0**-31]]) == (2.0**-31, False)
    assert step([[1.0, 2.0**-33]]) == (0, False)
    assert step([[4096.0, 1]]) == (1, True)
    assert step([[4096.0, 8194]]) == (2, False)
    assert step([[0.0, 0]]) == (0, True)


@pytest.mark.parametrize("place", [0, 5, 31, 32, 200])
def test_one_number_anywhere_is_enough_for_a_smaller_step(place):
    whole = torch.ones(300, 4)
    whole[place, 3] = 1.25
    assert sides(torch.ones(1, 4), whole, "dot").step == 0.25
    assert sides(whole, torch.ones(1, 4), "dot").step == 0.25


def test_numbers_as_they_come_have_no_step():
    for metric in METRICS:
        given = sides(*pair("normal", 10, 50, 64), metric)
        assert (given.step, given.whole) == (0, False)


def test_whole_numbers_have_no_doubt_and_exact_keys_but_for_cosines():
    rng = np.random.default_rng(0)
    queries, crops = (torch.from_numpy(rng.integers(-4000, 4000, (9, 50)).astype(np.float32) / 64) for _ in range(2))
    asked, looked = np.arange(9), np.arange(9)[::-1].copy()
    for metric in METRICS:
        given = sides(queries, crops, metric)
        assert given.whole
        assert doubt(given, asked, looked).any() == (metric == "cosine")
        if metric != "cosine":
            found = keys(given, asked, looked)
            assert found[2] == float(exact(queries[2], crops[looked[2]], metric))


def test_vectors_without_dimensions_are_refused():
    with pytest.raises(ValueError, match="queries have 0 dimensions; give vectors of 1 or more"):
        sides(torch.ones(2, 0), torch.ones(3, 0), "dot")
