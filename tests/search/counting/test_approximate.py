"""Keys of approximate products lie within the bound that is given for them."""

import numpy as np
import pytest
import torch

from awkward import CASES, float64_keys, pair
from passerby.search.counting.approximate import DEPTH, by_digits, by_float32, most_digits
from passerby.search.counting.sides import sides

DIMS = [1, 2, 3, 255, 256, 257, 513, 2048]


def kinds_of_keys(given, rows, most, count=2):
    count = min(count, most_digits(given.crops.shape[1]))
    first = by_digits(given, rows, count=count, most=most) if count else ()
    return *first, by_float32(given, rows, most=most, device="cpu")


def bounds(tile):
    """How far each key of a tile can be from exact arithmetic."""
    assert ((tile.shares >= 0) & (tile.shares <= 1)).all()
    return tile.errors[:, None] + tile.spreads[:, None] * tile.shares.astype(np.float64)


def shares(given, rows=None, asked=None):
    """The largest share of its bound by which a key of each kind is wrong; tile by tile of 7 crops, and all at once."""
    rows = np.arange(len(given.crops)) if rows is None else rows
    asked = np.arange(len(given.queries)) if asked is None else asked
    true = float64_keys(given.queries[asked], given.crops[rows], given.metric)
    found = []
    for kind in kinds_of_keys(given, rows, (len(asked), len(rows))):
        worst = 0.0
        for tile in [slice(0, len(rows)), *(slice(at, min(at + 7, len(rows))) for at in range(0, len(rows), 7))]:
            given_keys = kind(asked, tile)
            errors = bounds(given_keys)
            assert np.isfinite(errors).all()
            worst = max(worst, float((np.abs(given_keys.keys.numpy() - true[:, tile]) / errors).max()))
        found.append(worst)
    return found


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_no_key_is_farther_from_the_true_one_than_its_bound(kind, metric, dim):
    found = shares(sides(*pair(kind, 5, 30, dim), metric))
    assert max(found) <= 1
    assert len(found) == (1 if dim == 1 else 3)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot"])
def test_keys_of_two_dimensions_come_near_their_bound(metric):
    found = shares(sides(*pair("normal", 300, 700, 2), metric))
    assert min(found[:2]) > 0.6
    assert max(found[:2]) <= 1


@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_keys_of_some_queries_and_crops_are_within_their_bound_too(kind, metric):
    given = sides(*pair(kind, 9, 40, 20, seed=1), metric)
    assert max(shares(given, np.array([0, 1, 5, 20, 21, 22, 39]), np.array([2, 3, 8]))) <= 1


def test_the_bounds_are_worth_having():
    given = sides(*pair("normal", 20, 100, 512), "cosine")
    for kind, most in zip(kinds_of_keys(given, np.arange(100), (20, 100)), (2.5e-2, 2e-4, 4e-5), strict=True):
        errors = bounds(kind(np.arange(20), slice(0, 100))) / given.query_lengths[:, None]
        assert errors.max() < most


def test_a_common_part_of_all_vectors_costs_digits_no_precision():
    near, far = (sides(*pair(kind, 20, 100, 512), "dot") for kind in ("normal", "far from 0"))
    errors = [
        bounds(by_digits(given, np.arange(100), count=1, most=(20, 100))[0](np.arange(20), slice(0, 100))).max()
        for given in (near, far)
    ]
    assert errors[1] < 2 * errors[0]


def test_digits_of_copies_differ_by_less_than_their_bound():
    queries, crops = pair("normal", 3, 20, 64)
    given = sides(queries, torch.cat([crops, crops * (1 + 2.0**-23), crops]), "euclidean")
    assert max(shares(given)) <= 1


def test_float32_that_may_be_rounded_further_is_not_relied_on():
    given = sides(*pair("normal", 4, 30, 300), "dot")
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        assert shares(given)[-1] <= 1
    finally:
        torch.set_float32_matmul_precision(before)


def test_float32_sums_up_no_more_dimensions_than_its_bound_is_for():
    ones = torch.ones(1, 8 * DEPTH)
    tilted = torch.cat([torch.ones(1, 1), torch.full((1, 8 * DEPTH - 1), 2.0**-24)], dim=1)
    given = sides(ones, tilted, "dot")
    tile = by_float32(given, np.arange(1), most=(1, 1), device="cpu")(np.arange(1), slice(0, 1))
    true = -(1 + (8 * DEPTH - 1) * 2.0**-24)
    assert abs(float(tile.keys) - true) <= tile.errors[0] < 5e-5 * given.query_lengths[0]


LARGEST = {1: 133_144, 2: 66_572}


@pytest.mark.parametrize("count", [1, 2])
def test_sums_of_the_largest_digits_do_not_overflow_at_the_largest_dimension(count):
    dim = LARGEST[count]
    assert most_digits(dim) == count
    assert most_digits(dim + 1) == count - 1
    assert count * dim * 127 * 127 <= 2**31 - 1
    one = torch.full((2, count * dim), 127, dtype=torch.int8)
    one[1].neg_()
    assert torch._int_mm(one, one.T).tolist() == [
        [count * dim * 127**2, -count * dim * 127**2],
        [-count * dim * 127**2, count * dim * 127**2],
    ]


@pytest.mark.parametrize(("dim", "count"), [(1, 1), (1, 2), (66_573, 2), (133_145, 1)])
def test_digits_whose_products_would_not_be_exact_are_refused(dim, count):
    given = sides(torch.ones(1, dim), torch.ones(2, dim), "dot")
    with pytest.raises(ValueError, match=f"count is {count}; products of {dim:,} dimensions are exact for"):
        by_digits(given, np.arange(2), count=count, most=(1, 2))


@pytest.mark.parametrize("count", [1, 2])
def test_keys_of_the_largest_dimension_are_within_their_bound(count):
    dim = LARGEST[count]
    given = sides(*pair("whole steps", 1, 2, dim), "dot")
    kinds = by_digits(given, np.arange(2), count=count, most=(1, 2))
    true = float64_keys(given.queries, given.crops, "dot")
    for kind in kinds:
        tile = kind(np.arange(1), slice(0, 2))
        assert (np.abs(tile.keys.numpy() - true) <= bounds(tile)).all()
