"""Counts are those of exact arithmetic, by every kind of keys, in every kind of pieces."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import ways
from awkward import CASES, METRICS, float64_keys, pair, vectors
from cuts import CUTS, cut
from passerby.search.counting import choose, classes, closer, undecided
from passerby.search.counting.order import order
from passerby.search.counting.pieces import needed
from passerby.search.counting.sides import doubt, sides

TILES = [(1, 5), (2, 3), (3, 16)]


def related(rng, count, dim, how):
    """Vectors of which many are equally close to a query, or nearly."""
    plain = rng.standard_normal((count, dim))
    again = rng.integers(0, count, count)
    if how == "whole numbers":
        plain = rng.integers(-2, 3, (count, dim))
    elif how == "copies":
        plain = plain[again % 5]
    elif how == "copies and others":
        plain = np.where(rng.random((count, 1)) < 0.5, plain[again % 3], plain)
    elif how == "scaled copies":
        plain = plain.astype(np.float32)[again % 5] * rng.choice([1, 2, 0.25], (count, 1))
    elif how == "turned round":
        plain = np.stack([rng.permutation(row) for row in plain[again % 5]])
    elif how == "nearly the same":
        plain = 1 + 1e-7 * plain
    found = plain.astype(np.float32)
    if how == "a step apart":
        found = np.nextafter(found[again % 5], rng.choice([-9, 9], (count, dim)).astype(np.float32))
    found[~found.any(axis=1)] = 1
    return torch.from_numpy(found)


RELATED = [
    *("as they come", "whole numbers", "copies", "copies and others", "scaled copies", "turned round"),
    *("nearly the same", "a step apart"),
]


@given(
    seed=st.integers(0, 2**32),
    metric=st.sampled_from(METRICS),
    how=st.sampled_from(RELATED),
    level=st.booleans(),
    later=st.booleans(),
    pieces=CUTS,
)
@settings(max_examples=200, deadline=None)
def test_crops_are_counted_as_fractions_say(seed, metric, how, level, later, pieces):
    rng = np.random.default_rng(seed)
    queries, size, dim = int(rng.integers(1, 5)), int(rng.integers(2, 25)), int(rng.integers(1, 6))
    asked = related(rng, queries, dim, how)
    if level:
        asked = asked[:, :1].expand(queries, dim).contiguous() + 3  # turned round is equally close
    crops, further = related(rng, size + 20, dim, how).split([size, 20])
    wanted = np.unique(rng.integers(0, size, 4))
    found = ways.made(asked, crops, metric, wanted)
    rows = np.flatnonzero(rng.random(20 if later else size) < 0.8)
    out = [np.flatnonzero(rng.random(len(rows)) < 0.2) for _ in range(queries)]
    if not later:
        out = [np.union1d(mine, np.flatnonzero(np.isin(rows, wanted))) for mine in out]
    side = sides(asked, further, metric) if later else None
    expected = ways.plain(found, side, rows=rows, out=out)
    with cut(*pieces):
        assert ways.counts(found, side, rows=rows, out=out) == expected


def test_targets_stand_in_the_order_of_exact_arithmetic_and_of_the_gallery():
    for metric in METRICS:
        for how in RELATED:
            rng = np.random.default_rng(3)
            asked, crops = related(rng, 3, 4, how), related(rng, 30, 4, how)
            found = ways.made(asked, crops, metric, np.arange(30))
            places = ways.plain(found)
            for query in range(3):
                mine = found.rows[found.queries == query].tolist()
                assert [places[query, row] for row in mine] == list(range(30))


def test_a_crop_of_zeros_stands_where_its_product_is_and_not_where_a_rounded_one_is():
    query = torch.ones(1, 3)
    nearly = torch.tensor([[1.0, 2.0**-60, -1.0]])
    for sign in (1, -1):
        for crops in (torch.cat([torch.zeros(1, 3), sign * nearly]), torch.cat([sign * nearly, torch.zeros(1, 3)])):
            found = ways.made(query, crops, "dot", np.arange(2))
            first = [row for row in range(2) if bool(crops[row].any()) == (sign > 0)]
            assert found.rows[:1].tolist() == first
            alone = ways.made(query, crops, "dot", np.array([1]))
            assert ways.counts(alone, out=[np.array([1])]) == {(0, 1): int(first == [0])}


@pytest.mark.parametrize(("kind", "metric"), CASES)
def test_awkward_vectors_are_counted_as_fractions_say_whatever_the_keys(kind, metric):
    queries, crops = pair(kind, 3, 40, 24, seed=7)
    crops = torch.cat([crops, crops[:5]])
    wanted = np.array([0, 7, 40, 44])
    found = ways.made(queries, crops, metric, wanted)
    out = [wanted] * 3
    expected = ways.plain(found, out=out)
    for keys in (None, "classes", (0,), (1,), (2,), (0, 1, 2)):
        with cut((2, 16), keys):
            assert ways.counts(found, out=out) == expected


def float64_counts(found, wanted):
    """Counts by a full product in float64, and how many pairs are nearer than it can tell."""
    keys = float64_keys(found.sides.queries, found.sides.crops, found.sides.metric)
    others = np.flatnonzero(~np.isin(np.arange(keys.shape[1]), wanted))
    told, near = {}, 0
    for query, row in zip(found.queries.tolist(), found.rows.tolist(), strict=True):
        ahead = keys[query, others] - keys[query, row]
        most = 2 * doubt(found.sides, np.full(len(others), query), others).max()
        near += int((np.abs(ahead) <= most).sum())
        told[query, row] = int((ahead < 0).sum())
    return told, near


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [512, 2048])
def test_vectors_as_they_come_have_the_same_counts_by_all_keys_budgets_and_threads(dim, metric):
    queries, crops = pair("normal", 100, 1500, dim)
    wanted = np.arange(0, 1500, 400)
    found = ways.made(queries, crops, metric, wanted)
    out = [wanted] * 100
    expected, near = float64_counts(found, wanted)
    assert near == 0
    before = torch.get_num_threads()
    try:
        for threads, memory, keys in (
            *((1, None, keys) for keys in (None, "classes", (1,), (0, 2))),
            *((2, None, keys) for keys in (None, (0, 1, 2))),
            *((1, memory, None) for memory in (needed(100, 1500, dim), 2**25, 2**30)),
        ):
            torch.set_num_threads(threads)
            with cut(None, keys):
                assert ways.counts(found, out=out, memory=memory) == expected
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("keys", ways.KEYS)
def test_tiles_of_every_size_give_the_same_counts(keys):
    queries, crops = pair("normal", 3, 24, 16)
    found = ways.made(queries, crops, "cosine", np.array([0, 12, 23]))
    expected = ways.counts(found)
    assert expected == ways.plain(found)
    for tile in [*TILES, (3, 24), (3, 23), (2, 25), (1, 1)]:
        with cut(tile, keys):
            assert ways.counts(found) == expected


def test_queries_without_a_target_and_crops_that_are_none_cost_nothing():
    queries, crops = pair("normal", 4, 20, 8)
    found = ways.made(queries, crops, "cosine", np.empty(0, np.int64))
    assert ways.counts(found) == {}
    found = ways.made(queries, crops, "cosine", np.array([3]))
    assert set(ways.counts(found, rows=np.empty(0, np.int64)).values()) == {0}


def test_a_budget_below_what_is_needed_is_refused_and_that_much_is_enough():
    queries, crops = pair("normal", 20, 2000, 8)
    found = ways.made(queries, crops, "cosine", np.array([3]))
    least = needed(20, 2000, 8)
    for memory in (0, -1, 1, least - 1):
        with pytest.raises(ValueError, match=f"memory is {memory:,} bytes.* needs {least:,} beside the vectors"):
            ways.counts(found, memory=memory)
    assert ways.counts(found, memory=least) == ways.counts(found)


@pytest.mark.parametrize("keys", ["classes", (1,), (2,)])
def test_no_more_memory_is_taken_than_is_given(keys):
    crops = vectors("normal", 9000, 64, seed=0)
    found = ways.made(crops[:50], crops, "cosine", np.arange(0, 9000, 3000))
    memory = needed(50, 9000, 64) + 3 * 2**20
    with cut(None, keys):
        ways.counts(found)
        tracemalloc.start()
        try:
            ways.counts(found, memory=memory)
            assert tracemalloc.get_traced_memory()[1] <= memory
        finally:
            tracemalloc.stop()


def alike(how, rng, size, dim):
    plain = rng.standard_normal((size, dim))
    some = {
        "all the same": lambda: plain[:1].repeat(size, axis=0),
        "half the same": lambda: np.where(rng.random((size, 1)) < 0.5, plain[:1], plain),
        "a few kinds": lambda: plain[rng.integers(0, 30, size)],
        "a few kinds, scaled": lambda: (
            plain[rng.integers(0, 30, size)].astype(np.float32) * 2.0 ** rng.integers(-2, 3, (size, 1))
        ),
        "a constant and noise": lambda: 1 + 1e-7 * plain,
        "a vector and noise": lambda: plain[:1] + 1e-7 * rng.standard_normal((size, dim)),
        "a vector and more noise": lambda: plain[:1] + 1e-3 * rng.standard_normal((size, dim)),
        "two vectors and noise": lambda: plain[rng.integers(0, 2, size)] + 1e-7 * rng.standard_normal((size, dim)),
        "signs": lambda: np.sign(plain),
        "small whole numbers": lambda: rng.integers(-2, 3, (size, dim)),
        "half precision": lambda: (plain / 16).astype(np.float16),
    }
    return torch.from_numpy(some[how]().astype(np.float32))


ALIKE = [
    *("all the same", "half the same", "a few kinds", "a few kinds, scaled", "a constant and noise"),
    *("a vector and noise", "a vector and more noise", "two vectors and noise", "signs", "small whole numbers"),
    "half precision",
]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("how", ALIKE)
def test_vectors_that_are_much_alike_are_counted_rightly_and_hardly_ever_by_exact_sums(monkeypatch, how, metric):
    looked = []
    monkeypatch.setattr(undecided, "order", lambda *given: looked.append(1) or order(*given))
    rng = np.random.default_rng(1)
    both = alike(how, rng, 520, 24)
    queries, crops = both[:20] if "noise" in how else torch.from_numpy(rng.random((20, 24), np.float32)), both[20:]
    wanted = np.arange(0, 500, 100)
    found = ways.made(queries, crops, metric, wanted)
    out = [wanted] * 20
    told = ways.counts(found, out=out)
    assert len(looked) <= 0.005 * 20 * 5 * 500
    few = ways.made(queries[:1], crops, metric, wanted[:3])
    assert ways.plain(few, out=out) == {place: told[place] for place in ways.counts(few)}


def test_all_crops_are_put_in_order_where_much_is_left_open(monkeypatch):
    taken = []
    in_order = closer.closer_by_classes
    monkeypatch.setattr(closer, "closer_by_classes", lambda *given, **more: taken.append(1) or in_order(*given, **more))
    queries, crops = pair("normal", 60, 2000, 128)
    for far, all_in_order in ((0, False), (1, False), (300, True), (3e7, True)):
        taken.clear()
        ways.counts(ways.made(queries + far, crops + far, "cosine", np.arange(0, 2000, 200)))
        assert bool(taken) == all_in_order


def test_int8_products_that_are_not_exact_are_never_used(monkeypatch):
    used = []
    made, product = choose.by_digits, torch._int_mm

    def in_16_bits(left, right, *, out):
        """Processors without the instructions for it end sums at 2 ** 15."""
        return out.copy_(product(left, right).clamp(-(2**15), 2**15 - 1))

    monkeypatch.setattr(choose, "by_digits", lambda *given, **more: used.append(1) or made(*given, **more))
    monkeypatch.setattr(choose, "_timed", lambda work: [0.01 if work().dtype == torch.int32 else 1.0])
    found = ways.made(*pair("normal", 300, 2000, 64), "cosine", np.array([5]))
    try:
        for multiply, exact in ((product, True), (in_16_bits, False)):
            used.clear()
            monkeypatch.setattr(torch, "_int_mm", multiply)
            choose._int8_cost.cache_clear()
            assert np.isfinite(choose._int8_cost()) == exact
            choose._int8_cost.cache_clear()
            with cut(None, None):
                counts = ways.counts(found)
            assert bool(used) == exact
            assert counts == ways.counts(found)
    finally:
        choose._int8_cost.cache_clear()


def test_unlike_vectors_of_one_sum_are_no_class(monkeypatch):
    class Zeros:
        def integers(self, *_, size, dtype):
            return np.zeros(size, dtype)

    queries, crops = pair("normal", 4, 30, 5)
    crops = torch.cat([crops, crops[:9]])
    found = ways.made(queries, crops, "euclidean", np.array([0, 8, 30]))
    expected = ways.plain(found)
    monkeypatch.setattr(classes.np.random, "default_rng", lambda _: Zeros())
    # every factor is 1: what is turned round has the same sum
    turned = torch.cat([crops, crops.flip(1)])
    alike_ = ways.made(queries, turned, "euclidean", np.array([0, 8, 30]))
    with cut(None, "classes"):
        assert ways.counts(found) == expected
        assert ways.counts(alike_) == ways.plain(alike_)
