"""The order of exact arithmetic, held against fractions; and the finer keys that spare it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from awkward import CASES, METRICS, exact, pair
from passerby.search.counting import undecided
from passerby.search.counting.finer import apart, compared, of_all, of_pairs, parts
from passerby.search.counting.order import order
from passerby.search.counting.sides import sides
from passerby.search.counting.undecided import orders

LEAST = 2.0**-149
NUMBERS = st.one_of(
    st.floats(-(2.0**30), 2.0**30, width=32),
    st.integers(-4, 4).map(float),
    st.integers(-40, 40).map(lambda exponent: 2.0**exponent),
    st.sampled_from([0.0, -0.0, LEAST, -LEAST, 2.0**-126, 1 + 2.0**-23, 1 - 2.0**-24, -1 - 2.0**-23, 3 * LEAST]),
)
RELATED = ["unlike", "the same", "twice", "three times", "turned round", "the other way", "a step apart", "signs of 0"]


@st.composite
def three(draw):
    """A query and two crops (D,) that have something to do with each other."""
    dim = draw(st.integers(1, 6))
    query, one, other = (
        np.array(draw(st.lists(NUMBERS, min_size=dim, max_size=dim)), dtype=np.float32) for _ in range(3)
    )
    how = draw(st.sampled_from(RELATED))
    if how == "the same":
        other = one.copy()
    elif how in ("twice", "three times"):
        other = one * np.float32(2 if how == "twice" else 3)
    elif how == "turned round":
        query, other = np.full_like(query, query[0]), one[::-1].copy()
    elif how == "the other way":
        other = -one
    elif how == "a step apart":
        other = np.nextafter(one, np.float32(draw(st.sampled_from([-math.inf, math.inf]))))
    elif how == "signs of 0":
        other = one + np.float32(0)
    return query, one, other


def true_order(query, one, other, metric):
    ours, theirs = exact(query, one, metric), exact(query, other, metric)
    return (ours > theirs) - (ours < theirs)


@given(vectors=three(), metric=st.sampled_from(METRICS))
@settings(max_examples=300, deadline=None)
def test_the_exact_order_is_that_of_fractions_and_turns_with_its_sides(vectors, metric):
    query, one, other = vectors
    assume(metric != "cosine" or (one.any() and other.any()))
    assert order(query, one, other, metric) == true_order(query, one, other, metric)
    assert order(query, other, one, metric) == true_order(query, other, one, metric)
    assert order(query, one, one.copy(), metric) == 0


@given(made=st.lists(three(), min_size=1, max_size=5), metric=st.sampled_from(METRICS), later=st.booleans())
@settings(max_examples=100, deadline=None)
def test_orders_of_many_pairs_are_those_of_fractions(made, metric, later):
    dim = max(len(query) for query, _, _ in made)
    sizes = [np.stack([np.pad(side, (0, dim - len(side))) for side in column]) for column in zip(*made, strict=True)]
    query, one, other = (torch.from_numpy(side) for side in sizes)
    if metric == "cosine":
        norms = torch.cat(sizes_of(query, one, other))
        assume(bool(((norms >= 1e-12) & (norms <= 1e12)).all()))
    both = sides(query, torch.cat([one, other]), metric)
    count = len(query)
    rows = np.arange(count)
    # the second of each pair may come from vectors that are looked at later
    theirs, others = (sides(query, other, metric), rows) if later else (both, count + rows)
    expected = [true_order(*(side[row] for side in sizes), metric) for row in range(count)]
    assert orders(rows, both, rows, theirs, others).tolist() == expected
    assert orders(rows, theirs, others, both, rows).tolist() == [-sign for sign in expected]


def sizes_of(*vectors):
    return [side.double().norm(dim=1) for side in vectors]


@pytest.mark.parametrize("metric", METRICS)
def test_no_pair_is_looked_at_in_exact_arithmetic_that_needs_none(monkeypatch, metric):
    looked = []
    monkeypatch.setattr(undecided, "order", lambda *given: looked.append(1) or order(*given))
    queries, crops = pair("nearly the same", 40, 40, 64)
    both = sides(queries, torch.cat([crops, 4 * crops, crops.flip(0)]), metric)
    rows = np.arange(40)
    copies, scaled, unlike = (orders(rows, both, rows, both, rows + shift) for shift in (0, 40, 80))
    assert copies.tolist() == [0] * 40
    assert metric != "cosine" or not scaled.any()
    assert np.count_nonzero(unlike) >= 36
    assert len(looked) <= 4


def test_cosines_of_whole_numbers_need_no_exact_arithmetic(monkeypatch):
    monkeypatch.setattr(undecided, "order", lambda *_: pytest.fail("an exact sum"))
    rng = np.random.default_rng(0)
    queries, crops = (torch.from_numpy(rng.integers(-3, 4, (50, 8)).astype(np.float32)) for _ in range(2))
    queries[:, 0], crops[:, 0] = 1, 1
    both = sides(queries, torch.cat([crops, crops.flip(1)]), "cosine")
    found = orders(np.arange(50), both, np.arange(50), both, 50 + np.arange(50))
    assert found.tolist() == [
        true_order(query, one, other, "cosine") for query, one, other in zip(queries, crops, crops.flip(1), strict=True)
    ]
    assert (found == 0).any()


@pytest.mark.parametrize("dim", [1, 2, 3, 16, 257])
@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_finer_keys_are_within_their_errors_and_these_are_tiny(kind, metric, dim):
    queries, crops = (side.numpy() for side in pair(kind, 2, 5, dim))
    ours, theirs = parts(queries), parts(crops, unit=metric == "cosine")
    all_keys = of_all(ours, theirs, metric)
    some = of_pairs(parts(queries[[0, 1, 1]]), parts(crops[[4, 0, 3]], unit=metric == "cosine"), metric)
    places = [(0, 4), (1, 0), (1, 3)]
    for number, (query, crop) in enumerate(places):
        size = np.linalg.norm(queries[query].astype(float))
        size *= 1 if metric == "cosine" else np.linalg.norm(crops[crop].astype(float))
        size += np.linalg.norm(crops[crop].astype(float)) ** 2 if metric == "euclidean" else 0
        for keys, at in ((all_keys, (query, crop)), (some, number)):
            assert keys.errors[at] <= 2.0**-58 * size
            most = fraction(keys.errors[at]) + fraction(4 * 2.0**-53 * abs(keys.low[at]))
            within(fraction(keys.high[at]) + fraction(keys.low[at]), most, queries[query], crops[crop], metric)


def fraction(number):
    return exact([-1], [number], "dot")


def within(key, most, query, crop, metric):
    """A key is so near the true one, which under cosine is a root."""
    true = exact(query, crop, metric)
    if metric != "cosine":
        assert abs(key - true) <= most
        return
    low, high = key - most, key + most
    assert low * abs(low) <= true <= high * abs(high)


def test_finer_keys_of_whole_numbers_are_exact_but_for_cosines():
    rng = np.random.default_rng(0)
    queries, crops = (rng.integers(-2000, 2000, (count, 300)).astype(np.float32) for count in (4, 9))
    for metric in ("euclidean", "dot"):
        keys = of_all(parts(queries), parts(crops), metric)
        assert not keys.errors.any()
        assert not keys.low.any()
        assert keys.high[1, 2] == float(exact(queries[1], crops[2], metric))


def test_keys_that_may_be_the_same_are_not_told_apart():
    queries, crops = (side.numpy() for side in pair("normal", 3, 1, 40))
    keys = of_all(parts(queries), parts(np.repeat(crops, 2, axis=0)), "euclidean")
    one, other = (type(keys)(*(side[:, place] for side in keys)) for place in (0, 1))
    signs, sure = compared(one, other, 0.0)
    assert signs.tolist() == [0, 0, 0]
    assert not sure.any()
    assert compared(one, other, 1.0)[1].all()
    moved = other._replace(low=other.low + 4 * keys.errors.max())
    assert compared(one, moved, 0.0)[0].tolist() == [-1, -1, -1]
    assert compared(moved, one, 0.0)[0].tolist() == [1, 1, 1]


@given(seed=st.integers(0, 2**32), metric=st.sampled_from(METRICS), dim=st.integers(1, 4), step=st.integers(-20, 20))
@settings(max_examples=150, deadline=None)
def test_keys_of_multiples_of_a_step_differ_by_as_much_as_told_or_not_at_all(seed, metric, dim, step):
    rng = np.random.default_rng(seed)
    both = (rng.integers(-5, 6, (9, dim)) * 2.0**step).astype(np.float32)
    both[~both.any(axis=1), 0] = 2.0**step
    given_ = sides(torch.from_numpy(both[:1]), torch.from_numpy(both[1:]), metric)
    least = apart(given_, given_)[0]
    assert least > 0
    keys = [exact(both[0], crop, metric) for crop in both[1:]]
    roots = [math.copysign(math.sqrt(abs(key)), key) if metric == "cosine" else float(key) for key in keys]
    for one, root in zip(keys, roots, strict=True):
        for other, other_root in zip(keys, roots, strict=True):
            assert one == other or abs(root - other_root) >= 0.99 * least
