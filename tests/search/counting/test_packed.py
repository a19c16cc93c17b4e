"""Counting among packed keys: what is surely closer, and what is not surely farther."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from keys_with_errors import keys_with_errors
from passerby.search.counting.approximate import Tile
from passerby.search.counting.packed import between, packed, places

WIDTHS = [1, 2, 3, 511, 512, 513, 8191, 8192]


def tile(keys, errors):
    keys = torch.as_tensor(keys, dtype=torch.float32).clone()
    # Half of the errors for all crops alike, half by their shares, of which packed keys know that they are 1 at most.
    half = np.asarray(errors, dtype=np.float64) / 2
    return Tile(keys, torch.empty(keys.shape, dtype=torch.int32), half, half, np.ones(keys.shape[1], np.float32))


def check(keys, true, errors, left_out, block, wanted, doubts, wrong):
    """Counts lie between those of surely closer and not surely farther crops, whose true keys are given."""
    rows, columns = np.nonzero(left_out)
    order = packed(tile(keys, errors), rows, columns)
    low, high = between(order, block, wanted, doubts)
    for number, (query, key) in enumerate(zip(block, wanted + wrong, strict=True)):
        kept = ~left_out[query]
        closer = int((true[query][kept] < key).sum())
        not_farther = int((true[query][kept] <= key).sum())
        assert low[number] <= closer
        assert not_farther <= high[number] <= kept.sum()
        inside = places(order, np.full(high[number] - low[number], query), np.arange(low[number], high[number]))
        assert kept[inside].all()
        assert len(set(inside.tolist())) == len(inside)
        before = set(places(order, np.full(low[number], query), np.arange(low[number])).tolist())
        assert (true[query][sorted(before)] < key).all()
        assert not before & set(inside.tolist())
    return low, high


@pytest.mark.parametrize("size", [1e-37, 1e-27, 1e-10, 1, 1e10, 4e36])
@pytest.mark.parametrize("width", WIDTHS)
def test_counts_are_on_either_side_of_the_true_one(width, size):
    check(*keys_with_errors(width, size))


@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, -1.0, 1e-30, 1e37, -1e37])
@pytest.mark.parametrize("width", WIDTHS)
def test_keys_that_are_all_the_same_are_all_open(width, value):
    true = np.full((2, width), np.float32(value), dtype=np.float64)
    left_out = np.zeros(true.shape, dtype=bool)
    left_out[1, width // 2] = True
    low, high = check(true, true, np.zeros(2), left_out, np.arange(2), true[:, 0], np.zeros(2), 0)
    assert low.tolist() == [0, 0]
    assert high.tolist() == [width, width - 1]


def test_targets_beyond_all_keys_have_all_or_none_ahead():
    true = np.array([[-1.0, 0, 1, 2]])
    far = np.array([-1e30, -3, 3, 1e30])
    low, high = check(true, true, np.zeros(1), np.zeros((1, 4), bool), np.zeros(4, int), far, np.zeros(4), 0)
    assert low.tolist() == high.tolist() == [0, 0, 4, 4]


def test_keys_a_few_steps_apart_are_told_apart():
    steps = np.arange(2000) / 2000
    true = np.stack([steps, -steps])
    low, high = check(
        true.astype(np.float32),
        true,
        np.full(2, 1e-7),
        np.zeros(true.shape, bool),
        np.repeat(np.arange(2), 2000),
        true.ravel(),
        np.zeros(4000),
        0,
    )
    assert int((high - low).max()) <= 3


def test_what_is_left_out_is_never_counted_even_if_it_is_all():
    true = np.zeros((2, 5))
    left_out = np.array([[True] * 5, [True, False, True, True, True]])
    low, high = check(true, true, np.full(2, 9.0), left_out, np.arange(2), np.full(2, 1e9), np.zeros(2), 0)
    assert low.tolist() == [0, 1]
    assert high.tolist() == [0, 1]


@given(
    seed=st.integers(0, 2**32),
    width=st.sampled_from([1, 2, 7, 40, 600]),
    spread=st.sampled_from([0.0, 1e-8, 1e-6, 1.0]),
    shift=st.sampled_from([0.0, 1.0, -1.0, 1e-30]),
    error=st.sampled_from([0.0, 1e-9, 1e-6, 1e-3]),
    threads=st.sampled_from([1, 2, 3]),
)
@settings(max_examples=150, deadline=None)
def test_the_bounds_hold_however_close_keys_lie(seed, width, spread, shift, error, threads):
    rng = np.random.default_rng(seed)
    true = (shift + spread * rng.standard_normal((3, width))).astype(np.float32).astype(np.float64)
    keys = (true + error * rng.choice([-1, 0, 1], true.shape)).astype(np.float32)
    errors = np.abs(keys - true).max(axis=1)
    left_out = rng.random(true.shape) < 0.2
    block = np.sort(rng.integers(0, 3, 9))
    wanted = true[block, rng.integers(0, width, 9)]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        check(keys, true, errors, left_out, block, wanted, np.zeros(9), 0)
    finally:
        torch.set_num_threads(before)
