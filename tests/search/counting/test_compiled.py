"""What is compiled says what plain NumPy in float64 says, for arrays of every kind."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from numba.core.caching import CacheImpl

from awkward import KINDS, NOT_COSINE, vectors
from passerby.search.counting.compiled import compiled, shared
from passerby.search.counting.compiled_counts import count
from passerby.search.counting.compiled_cut import cut
from passerby.search.counting.compiled_keys import CHUNK, keys
from passerby.search.counting.compiled_products import products
from passerby.search.counting.digits import digits
from passerby.search.counting.sides import products as of_sides
from passerby.search.counting.sides import sides

DIMS = [1, 2, 15, 16, 17, 100, 257]


def layouts(given, folder):
    """The same numbers, as arrays come: of rows, of columns, parts of others, read-only, in a file."""
    wide = np.zeros((len(given), 2 * given.shape[1] + 1), np.float32)
    wide[:, ::2][:, : given.shape[1]] = given
    fixed = given.copy()
    fixed.flags.writeable = False
    np.save(folder / "vectors.npy", given)
    file = np.load(folder / "vectors.npy", mmap_mode="r")
    beside = np.concatenate([given, given], axis=1)[:, : given.shape[1]]
    return [given, np.asfortranarray(given), wide[:, ::2][:, : given.shape[1]], beside, fixed, file]


def dot(queries, crops, asked, looked):
    found = np.full(len(asked), np.nan)
    products(0, len(asked), queries, crops, asked, looked, found)
    return found


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("kind", [*KINDS, *NOT_COSINE])
def test_products_err_by_no_more_than_roundings_of_each(kind, dim):
    given = vectors(kind, 30, dim, seed=1).numpy()
    asked, looked = np.arange(30), np.arange(30)[::-1].copy()
    wide = given.astype(np.longdouble)
    true, size = (wide[asked] * wide[looked]).sum(axis=1), np.abs(wide[asked] * wide[looked]).sum(axis=1)
    assert (np.abs(dot(given, given, asked, looked) - true) <= dim * 2.0**-53 * size).all()


@pytest.mark.parametrize(
    ("asked", "looked"),
    [
        ([3, 3, 3, 3, 3], [0, 1, 2, 3, 4]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], [5] * 9),
        ([0, 1, 2, 3], [5, 6, 7, 5]),  # the first and the last are the same, those between are not
        ([5, 6, 7, 5], [0, 1, 2, 3]),
        ([2, 2, 2, 2, 4, 5, 6, 7], [2] * 8),
        ([1, 1, 1], [0, 1, 2]),
    ],
)
@pytest.mark.parametrize("start", [0, 1])
def test_pairs_of_one_query_or_one_crop_have_the_products_of_any_others(asked, looked, start):
    queries, crops = (vectors("normal", 10, 33, seed=seed).numpy() for seed in (4, 5))
    both, found = (np.array(asked), np.array(looked)), np.full(len(asked), np.nan)
    products(start, len(asked), queries, crops, *both, found)
    assert np.isnan(found[:start]).all()
    expected = (queries[both[0]].astype(np.float64) * crops[both[1]]).sum(axis=1)
    assert found[start:] == pytest.approx(expected[start:], rel=1e-13, abs=1e-13)


def test_products_of_denormal_and_of_huge_numbers_are_there():
    given = np.array([[1e-45, 0], [1e30, -1e30], [3e38, 3e38]], np.float32)
    wide = given.astype(np.float64)
    both = np.array([0, 0, 1, 2, 1]), np.array([0, 2, 1, 2, 2])
    assert dot(given, given, *both).tolist() == [
        float(wide[one] @ wide[other]) for one, other in zip(*both, strict=True)
    ]


@pytest.mark.parametrize("dim", [1, 17, 64])
def test_arrays_of_every_layout_give_the_same(dim, tmp_path):
    given = vectors("normal", 40, dim, seed=2).numpy()
    asked, looked = np.arange(40), np.roll(np.arange(40), 7)
    expected = (given[asked].astype(np.float64) * given[looked]).sum(axis=1)
    for one in layouts(given, tmp_path):
        assert dot(one, one, asked, looked) == pytest.approx(expected, rel=1e-12, abs=1e-12)
        found, steps = np.empty((40, 2 * dim), np.int8), np.empty(40, np.float32)
        limits, rests = (np.float32(127), np.float32(254), np.float32(1e-30)), np.empty((2, 40))
        none = np.empty(0, np.float32)
        cut(0, 40, one, np.arange(40), none, limits, np.array([0, dim]), found, steps, np.empty(40), rests)
        assert np.array_equal(found, digits(torch.from_numpy(given.copy()), None, count=2).digits.numpy())


def test_nothing_to_do_is_done():
    given = sides(torch.ones(3, 4), torch.ones(0, 4), "dot")
    assert of_sides(given, np.empty(0, np.int64), np.empty(0, np.int64)).shape == (0,)
    assert digits(torch.ones(0, 4), None, count=2).digits.shape == (0, 8)
    assert digits(torch.ones(3, 4), torch.ones(4), count=2, rows=torch.empty(0, dtype=torch.int64)).rests.shape == (
        2,
        0,
    )


@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, 1e30, 1e-30, 1e-38, 1e-45, -3e38])
@pytest.mark.parametrize("centred", [False, True])
def test_equal_numbers_of_any_size_are_cut_within_what_is_told(value, centred):
    given = torch.full((5, 33), value)
    given[1, 3:] = 0
    centre = torch.full((33,), value / 3) if centred else None
    found = digits(given, centre, count=2)
    assert found.steps.isfinite().all()
    left = given.double() - (0 if centre is None else centre.double())
    assert (found.lengths >= torch.linalg.vector_norm(left, dim=1)).all()
    assert found.lengths.isfinite().all()
    for place in range(2):
        digit = found.digits[:, place * 33 : (place + 1) * 33]
        assert int(digit.int().abs().max()) <= 127
        left = left - found.steps.double()[:, None] / 254.0**place * digit.double()
        assert (found.rests[place] >= torch.linalg.vector_norm(left, dim=1)).all()


def test_digits_are_the_same_for_every_number_of_threads():
    given, before = vectors("numbers of every size", 500, 33, seed=3), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = digits(given, given.mean(dim=0), count=2)
        torch.set_num_threads(3)
        three = digits(given, given.mean(dim=0), count=2)
    finally:
        torch.set_num_threads(before)
    assert one.digits.equal(three.digits)
    assert one.rests.equal(three.rests)


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("width", [1, 17, CHUNK, CHUNK + 1, 3 * CHUNK - 1])
def test_keys_may_be_written_where_the_second_sums_stood(width, level):
    rng = np.random.default_rng(width)
    sums, more = rng.integers(-(2**31), 2**31, (2, 7, width)).astype(np.int32)
    rates, above = rng.standard_normal((1, width)).astype(np.float32)[0], rng.standard_normal((2, width), np.float32)
    steps, beside = rng.standard_normal((2, 7)).astype(np.float32)
    wide = sums.astype(np.float64) + (more / 254 if level == 2 else 0)
    expected = wide * rates * steps[:, None] + beside[:, None] * above[0] + above[1]
    size = (np.abs(sums.astype(np.float64)) + np.abs(more / 254.0)) * np.abs(rates * steps[:, None]) + 10
    found = more.view(np.float32)
    keys(0, 7, sums, more, level, np.float32(254), rates, steps, beside, above, found)
    assert (np.abs(found - expected) <= 16 * 2.0**-24 * size).all()


@pytest.mark.parametrize(
    "row", [[-0.0, 0.0], [0.0, -0.0], [-3, -1, -2], [5, np.inf, 7], [1e-45, -1e-45], [-3e38, 3e38]]
)
def test_counts_below_bounds_of_either_sign_are_those_of_a_plain_loop(row):
    given = np.array([row], np.float32)
    bounds = np.concatenate([given[0], [-4, -0.0, 0.0, 1e-45, 4]]).astype(np.float32)
    below, not_above, begins = np.zeros((3, len(bounds)), dtype=np.int64)
    none, room = (np.zeros(1, np.float32), np.zeros(len(row), np.float32)), np.empty((1, len(row)), np.int32)
    count(0, 1, given, *none, room, len(row), np.array([0, len(bounds)]), bounds, bounds, below, not_above, begins)
    assert below.tolist() == [(given[0] < bound).sum() for bound in bounds]
    assert not_above.tolist() == [(given[0] <= bound).sum() for bound in bounds]
    assert (begins >= -1).all()


@pytest.mark.parametrize("number", [0, 1, 5, 99])
def test_all_work_is_done_once_in_any_number_of_threads(number):
    before, done = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            done.clear()
            shared(lambda start, end, into: into.extend(range(start, end)), number, done, least=2)
            assert sorted(done) == list(range(number))
    finally:
        torch.set_num_threads(before)


def test_an_error_in_a_thread_is_told():
    def work(start, end):
        raise ValueError(f"{start} .. {end}")

    with pytest.raises(ValueError, match=r"\.\."):
        shared(work, 10, least=1)


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(monkeypatch):
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])

    def twice(number):
        return 2 * number

    assert compiled(twice)(21) == 42


def test_numba_is_loaded_when_something_is_counted_and_not_before():
    code = "import sys, passerby.evaluation.score, passerby.search.neighbours; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
