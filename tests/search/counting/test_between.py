"""What is surely closer and what is left open, whether targets are held against all keys or keys are sorted."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from keys_with_errors import keys_with_errors
from passerby.search.counting import between as module
from passerby.search.counting.approximate import Tile
from passerby.search.counting.between import between
from passerby.search.counting.compiled_counts import CHUNK

WIDTHS = [1, 31, 33, CHUNK, CHUNK + 1, 8192]
WAYS = [0, 10**9]
ROOM = 2.0**-22
"""What adding a spread to a key may cost, as a share of both."""


def check(keys, true, errors, left_out, block, wanted, doubts, wrong, *, spreads=None, shares=None):
    """Counts lie between those of surely closer and not surely farther crops, whose true keys are given."""
    keys = torch.from_numpy(keys.astype(np.float32))
    if shares is None:  # a part for all crops alike, a part for each of them as it is for the worst
        spreads, shares = errors * np.random.default_rng(1).random(len(errors)), np.ones(keys.shape[1], np.float32)
        errors = errors - spreads + ROOM * (np.abs(keys.numpy()).max(axis=1) + errors) * (errors > 0)
    tile = Tile(keys, torch.empty(keys.shape, dtype=torch.int32), errors, spreads, shares)
    found = between(tile, np.nonzero(left_out), block, wanted, doubts)
    low, high = found.low, found.high
    for number, (query, key) in enumerate(zip(block, wanted + wrong, strict=True)):
        kept = ~left_out[query]
        assert low[number] <= (true[query][kept] < key).sum()
        assert (true[query][kept] <= key).sum() <= high[number] <= kept.sum()
        inside = found.places(np.array([number]))
        assert len(inside) == high[number] - low[number] == len(set(inside.tolist()))
        assert kept[inside].all()
        ahead = np.flatnonzero(kept & (true[query] < key))
        assert len(np.setdiff1d(ahead, inside)) == low[number]
        assert not np.isin(np.flatnonzero(true[query] == key), np.setdiff1d(np.flatnonzero(kept), inside)).any()
    some = np.arange(0, len(block), 2)
    alone = [found.places(np.array([one])) for one in some]
    assert np.array_equal(found.places(some), np.concatenate([np.empty(0, np.int64), *alone]))
    return low, high


@pytest.mark.parametrize("few", WAYS)
@pytest.mark.parametrize("size", [1e-37, 1e-10, 1, 4e36])
@pytest.mark.parametrize("width", WIDTHS)
def test_counts_are_on_either_side_of_the_true_one(width, size, few, monkeypatch):
    monkeypatch.setattr(module, "FEW", few)
    check(*keys_with_errors(width, size))


@given(
    seed=st.integers(0, 2**32),
    width=st.sampled_from([1, 2, 40, 600]),
    spread=st.sampled_from([0.0, 1e-45, 1e-8, 1.0]),
    shift=st.sampled_from([0.0, 1.0, -1.0, 1e-30]),
    error=st.sampled_from([0.0, 1e-9, 1e-3]),
    few=st.sampled_from(WAYS),
    threads=st.sampled_from([1, 3]),
)
@settings(max_examples=100, deadline=None)
def test_the_bounds_hold_however_close_keys_lie(seed, width, spread, shift, error, few, threads):
    rng = np.random.default_rng(seed)
    true = (shift + spread * rng.standard_normal((40, width))).astype(np.float32).astype(np.float64)
    keys = (true + error * rng.choice([-1, 0, 1], true.shape)).astype(np.float32)
    errors = np.abs(keys - true).max(axis=1)
    left_out = rng.random(true.shape) < 0.2
    block = np.sort(rng.integers(0, 40, 90))
    wanted = true[block, rng.integers(0, width, 90)]
    before, kept = torch.get_num_threads(), module.FEW
    try:
        torch.set_num_threads(threads)
        module.FEW = few
        check(keys, true, errors, left_out, block, wanted, np.zeros(90), 0)
    finally:
        torch.set_num_threads(before)
        module.FEW = kept


@given(
    seed=st.integers(0, 2**32),
    width=st.sampled_from([1, 40, CHUNK, CHUNK + 1, 600]),
    size=st.sampled_from([1e-30, 1.0, 1e30]),
    few=st.sampled_from(WAYS),
)
@settings(max_examples=60, deadline=None)
def test_the_bounds_hold_where_keys_of_some_crops_are_less_certain_than_others(seed, width, size, few):
    rng = np.random.default_rng(seed)
    shares = (rng.random(width) ** 4).astype(np.float32)
    true, spreads = size * rng.standard_normal((20, width)), size * rng.choice([0, 1e-6, 0.1, 2], 20)
    keys = true + rng.choice([-1, 1], true.shape) * spreads[:, None] * shares
    errors = ROOM * (np.abs(keys).max(axis=1) + spreads)
    block = np.sort(rng.integers(0, 20, 60))
    left_out, wanted = rng.random(true.shape) < 0.2, true[block, rng.integers(0, width, 60)]
    kept = module.FEW
    try:
        module.FEW = few
        check(keys, true, errors, left_out, block, wanted, np.zeros(60), 0, spreads=spreads, shares=shares)
    finally:
        module.FEW = kept


def test_a_crop_that_is_more_certain_than_the_worst_is_told_where_that_one_is_not():
    true, shares = np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([0.1, 1, 0.1, 1], np.float32)
    given = true, true, np.full(1, 1e-5), np.zeros((1, 4), bool), np.zeros(1, int), np.full(1, 5.0), np.zeros(1), 0
    low, high = check(*given, spreads=np.full(1, 8.0), shares=shares)
    assert (low[0], high[0]) == (1, 3)


@pytest.mark.parametrize("targets", [1, 2, 30])
def test_more_open_pairs_of_a_query_than_there_is_room_for_are_looked_for_again(targets):
    rng = np.random.default_rng(targets)
    true = rng.standard_normal((3, 700))
    wide = np.array([9.0, 0.6, 0.01])  # all, a part, a few are open for each target
    block = np.repeat(np.arange(3), targets)
    wanted = true[block, rng.integers(0, 700, len(block))]
    low, high = check(true, true, wide, rng.random(true.shape) < 0.1, block, wanted, np.zeros(len(block)), 0)
    assert int((high - low)[:targets].sum()) >= 600 * targets


@pytest.mark.parametrize("few", WAYS)
def test_targets_beyond_all_keys_have_all_or_none_ahead(few, monkeypatch):
    monkeypatch.setattr(module, "FEW", few)
    true = np.array([[-1.0, 0, 1, 2], [3e38, -3e38, 0, 0]])
    far = np.array([-1e200, -3, 3, 1e200, -1e200, 1e200])
    block = np.array([0, 0, 0, 0, 1, 1])
    low, high = check(true, true, np.zeros(2), np.zeros((2, 4), bool), block, far, np.zeros(6), 0)
    assert low.tolist() == [0, 0, 4, 4, 0, low[5]]
    assert high.tolist() == [0, 0, 4, 4, 0, 4]


@pytest.mark.parametrize("few", WAYS)
def test_what_is_left_out_is_never_counted_even_if_it_is_all(few, monkeypatch):
    monkeypatch.setattr(module, "FEW", few)
    left_out = np.array([[True] * 5, [True, False, True, True, True]])
    given = np.zeros((2, 5)), np.zeros((2, 5)), np.full(2, 9.0), left_out, np.arange(2)
    for wanted, open_ones in ((1e9, [0, 0]), (0, [0, 1]), (1e200, None)):
        low, high = check(*given, np.full(2, wanted), np.zeros(2), 0)
        assert high.tolist() == [0, 1]
        assert open_ones is None or (high - low).tolist() == open_ones


def test_keys_of_float32_that_differ_at_all_are_told_apart_where_few_are_sought():
    true = np.nextafter(np.float32(1), np.float32([0, 1, 2])).astype(np.float64)[None]
    low, high = check(true, true, np.zeros(1), np.zeros((1, 3), bool), np.zeros(1, int), true[0, 1:2], np.zeros(1), 0)
    assert (low[0], high[0]) in ((0, 3), (1, 2))  # bounds are rounded outwards by one
