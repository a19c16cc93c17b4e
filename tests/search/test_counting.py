"""The bounds and the exact order by which ranks are counted, held against fractions."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cuts import CUTS, cut
from passerby.search.counting.approximate import by_digits, by_float32, most_digits
from passerby.search.counting.closer import closer
from passerby.search.counting.digits import digits
from passerby.search.counting.order import order
from passerby.search.counting.pieces import pieces
from passerby.search.counting.sides import sides
from passerby.search.counting.targets import targets

METRICS = ("cosine", "euclidean", "dot")


def vectors(kind, rng, count, dim):
    plain = rng.standard_normal((count, dim))
    made = {
        "normal": plain,
        "positive, far from 0": np.abs(plain) + 3,
        "one huge element": np.where(np.arange(dim) == 0, plain * 1e4, plain),
        "lengths of every size": plain * 10.0 ** rng.uniform(-8, 8, (count, 1)),
        "nearly the same": np.ones(dim) + 1e-4 * plain,
        "tiny": plain * 1e-9,
    }[kind]
    return torch.from_numpy(made.astype(np.float32))


KINDS = (
    "normal",
    "positive, far from 0",
    "one huge element",
    "lengths of every size",
    "nearly the same",
    "tiny",
)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [1, 3, 511, 513, 2048])
@pytest.mark.parametrize("kind", KINDS)
def test_no_key_is_farther_from_the_true_one_than_its_bound(kind, dim, metric):
    rng = np.random.default_rng(dim)
    given_ = sides(vectors(kind, rng, 12, dim), vectors(kind, rng, 40, dim), metric)
    rows, most = np.arange(40), (12, 40)
    queries, crops = (side.double().numpy().astype(np.longdouble) for side in (given_.queries, given_.crops))
    true = -queries @ crops.T
    if metric == "cosine":
        true /= np.sqrt(np.square(crops).sum(axis=1))
    elif metric == "euclidean":
        true += np.square(crops).sum(axis=1) / 2
    count = min(2, most_digits(dim))
    ways = (*by_digits(given_, rows, count=count, most=most), by_float32(given_, rows, most=most, device="cpu"))
    for way in ways:
        tile = way(np.arange(12), slice(0, 40))
        wrong = np.abs(tile.keys.numpy().astype(np.longdouble) - true)
        assert (wrong <= tile.errors[:, None] + tile.spreads[:, None] * tile.shares).all()


def test_the_bounds_are_worth_having():
    rng = np.random.default_rng(0)
    given_ = sides(vectors("normal", rng, 12, 2048), vectors("normal", rng, 40, 2048), "cosine")
    ways = (
        *by_digits(given_, np.arange(40), count=2, most=(12, 40)),
        by_float32(given_, np.arange(40), most=(12, 40), device="cpu"),
    )
    tiles = [way(np.arange(12), slice(0, 40)) for way in ways]
    errors = [float(((tile.errors + tile.spreads) / given_.query_lengths).max()) for tile in tiles]
    assert errors[0] < 0.025
    assert errors[1] < 3e-4
    assert errors[2] < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_what_digits_leave_is_no_longer_than_they_say(kind):
    some = vectors(kind, np.random.default_rng(1), 30, 300)
    centre = some.mean(dim=0)
    cut_up = digits(some, centre, count=2)
    left = some.double() - centre.double()
    for place in range(2):
        assert (torch.linalg.vector_norm(left, dim=1) <= (cut_up.lengths if place == 0 else cut_up.rests[0])).all()
        part = cut_up.digits[:, place * 300 : (place + 1) * 300].double()
        assert part.abs().max() <= 127
        left = left - part * cut_up.steps.double()[:, None] / 254.0**place
    assert (torch.linalg.vector_norm(left, dim=1) <= cut_up.rests[1]).all()


def by_fractions(query, crop, metric):
    """A number in the order of the distances."""
    q, g = ([Fraction(float(x)) for x in side] for side in (query, crop))
    product = sum(x * y for x, y in zip(q, g, strict=True))
    if metric == "dot":
        return -product
    size = sum(y * y for y in g)
    if metric == "euclidean":
        return size / 2 - product
    return -(product * abs(product)) / size


FLOATS = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-4, 4, width=32),
    st.sampled_from([0.0, -0.0, 2.0**-60, -(2.0**-60), 1.5, 1e-30, 3e7]),
)


@given(
    numbers=st.integers(1, 4).flatmap(lambda dim: st.lists(FLOATS, min_size=3 * dim, max_size=3 * dim)),
    metric=st.sampled_from(METRICS),
    how=st.sampled_from(["as they are", "scaled", "turned round"]),
)
@settings(max_examples=400, deadline=None)
def test_the_exact_order_is_that_of_fractions(numbers, metric, how):
    query, one, other = np.array(numbers, dtype=np.float32).reshape(3, -1)
    if how == "scaled":
        other = one * np.float32(2)
    elif how == "turned round":
        query, other = np.full_like(query, query[0]), one[::-1].copy()
    if metric == "cosine" and not (one.any() and other.any() and query.any()):
        return
    ours, theirs = by_fractions(query, one, metric), by_fractions(query, other, metric)
    assert order(query, one, other, metric) == (ours > theirs) - (ours < theirs)
    assert order(query, other, one, metric) == (theirs > ours) - (theirs < ours)


@given(
    seed=st.integers(0, 2**32),
    metric=st.sampled_from(METRICS),
    kind=st.sampled_from(["as they come", "copies", "scaled copies", "a step apart", "whole numbers"]),
    pieces_=CUTS,
)
@settings(max_examples=150, deadline=None)
def test_crops_are_counted_as_fractions_say(seed, metric, kind, pieces_):
    rng = np.random.default_rng(seed)
    queries, size, dim = int(rng.integers(1, 5)), int(rng.integers(2, 20)), int(rng.integers(1, 6))
    made = rng.integers(-2, 3, (queries + size, dim)) if kind == "whole numbers" else None
    both = (rng.standard_normal((queries + size, dim)) if made is None else made).astype(np.float32)
    both[~both.any(axis=1)] = 1
    asked, crops = both[:queries], both[queries:]
    again = rng.integers(0, size, size)
    if kind in ("copies", "scaled copies"):
        crops = crops[again]
        if kind == "scaled copies":
            crops = crops * rng.choice([1, 2, 0.5], (size, 1)).astype(np.float32)
    elif kind == "a step apart":
        crops = np.nextafter(crops[again], rng.choice([-9, 9], (size, dim)).astype(np.float32))
    wanted = np.unique(rng.integers(0, size, 3))
    out = {query: np.union1d(wanted, rng.integers(0, size, 2)) for query in range(queries)}

    def left_out(some, tile):
        pairs = [(place, row - tile.start) for place, q in enumerate(some.tolist()) for row in out[q].tolist()]
        pairs = [(place, row) for place, row in pairs if 0 <= row < tile.stop - tile.start]
        return tuple(np.array(pairs, dtype=np.int64).reshape(-1, 2).T)

    given_ = sides(torch.from_numpy(asked), torch.from_numpy(crops), metric)
    found = targets(given_, np.repeat(np.arange(queries), len(wanted)), np.tile(wanted, queries))
    with cut(*pieces_):
        counts = closer(found, given_, rows=np.arange(size), left_out=left_out)
    for query, row, count in zip(found.queries.tolist(), found.rows.tolist(), counts.tolist(), strict=True):
        keys = [by_fractions(asked[query], crop, metric) for crop in crops]
        before = [(keys[i], i) < (keys[row], row) for i in range(size) if i not in out[query]]
        assert count == sum(before)


def test_counts_are_the_same_for_every_budget_and_number_of_threads():
    rng = np.random.default_rng(2)
    given_ = sides(vectors("normal", rng, 40, 64), vectors("normal", rng, 3000, 64), "cosine")
    found = targets(given_, np.repeat(np.arange(40), 5), rng.integers(0, 3000, 200))

    def count(memory):
        return closer(
            found, given_, rows=np.arange(3000), left_out=lambda *_: (np.empty(0, int), np.empty(0, int)), memory=memory
        ).tolist()

    with pytest.raises(ValueError, match="memory is 1 bytes") as told:
        count(1)
    least = int(str(told.value).split("needs ")[1].split(" beside")[0].replace(",", ""))
    usual = count(None)
    assert count(least) == usual
    with pytest.raises(ValueError, match="memory is"):
        count(least - 1)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2 if threads == 1 else 1)
        assert count(None) == usual
    finally:
        torch.set_num_threads(threads)
    wide = -given_.queries.double().numpy() @ torch.nn.functional.normalize(given_.crops.double()).numpy().T
    for query, row, ours in zip(found.queries, found.rows, usual, strict=True):
        assert ours == np.count_nonzero(wide[query] < wide[query, row])


def test_pieces_keep_to_the_budget_they_are_given():
    for memory in (2**25, 2**27, 2**29, 2**31):
        found = pieces(3368, 519732, 512, memory=2**26 + memory)
        assert found.memory <= 2**26 + memory
        assert found.queries >= 1
        assert found.crops >= 1
