"""Ranks are those of exact arithmetic on the descriptors, whatever computes them."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import plain_judge
from awkward import METRICS, exact, float64_keys
from cuts import CUTS, cut
from passerby.evaluation.enlarged import enlarged
from passerby.evaluation.exact_ranks import added, exact_ranks
from passerby.evaluation.score import score
from passerby.search.counting.pieces import needed
from passerby.search.counting.sides import doubt, sides
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings


def crops(rng, count, *, least, people=3, name="p"):
    return tuple(
        Crop(Path(f"{name}{rng.randrange(3 * count)}"), rng.randint(least, people), rng.randrange(3))
        for _ in range(count)
    )


def gallery_of(rng, size, dim):
    """Copies, scaled copies, turned ones, near copies, whole numbers and ordinary rows, all mixed."""
    rows = np.random.default_rng(rng.randrange(2**32)).standard_normal((size, dim)).astype(np.float32)
    for row in range(size):
        before = rows[rng.randrange(row + 1)].copy()
        kind = rng.choice(["ordinary", "copy", "scaled", "turned", "near", "whole", "signs of 0"])
        if kind == "copy":
            rows[row] = before
        elif kind == "scaled":
            rows[row] = before * np.float32(rng.choice([0.25, 2, 4]))
        elif kind == "turned":
            rows[row] = before[::-1]
        elif kind == "near":
            rows[row] = np.nextafter(before, np.float32(rng.choice([-9, 9])))
        elif kind == "whole":
            rows[row] = [rng.randint(-2, 2) for _ in range(dim)]
        elif kind == "signs of 0":
            rows[row, 1:] = [rng.choice([0.0, -0.0]) for _ in range(dim - 1)]
    rows[~rows.any(axis=1)] = 1
    return rows


def queries_of(rng, count, dim):
    """Ordinary ones, and ones for which what is turned round is equally close."""
    found = np.random.default_rng(rng.randrange(2**32)).standard_normal((count, dim)).astype(np.float32)
    for row in range(count):
        if rng.random() < 0.4:
            found[row] = rng.choice([1, -3])
    return found


def own_galleries(rng, queries, size):
    return {query: sorted(rng.sample(range(size), rng.randint(1, size))) for query in range(queries)}


def plain_ranks(keys, queries, gallery, *, cameras, galleries=None):
    """The place of each match among what is kept, from 1."""
    found = []
    for number, query in enumerate(queries):
        own = None if galleries is None else galleries[number]
        kept = plain_judge.kept(query, gallery, cameras=cameras, own=own)
        ranking = sorted(kept, key=lambda row: (keys[number][row], row))
        found.append([place for place, row in enumerate(ranking, 1) if gallery[row].pid == query.pid])
    return found


def told(found):
    return [side.tolist() for side in found.ranks.split(found.counts.tolist())]


@given(
    seed=st.integers(0, 2**32),
    size=st.integers(1, 30),
    later=st.integers(0, 12),
    dim=st.integers(1, 5),
    metric=st.sampled_from(METRICS),
    cameras=st.booleans(),
    own=st.booleans(),
    pieces=CUTS,
)
@settings(max_examples=200, deadline=None)
def test_ranks_are_those_of_a_plain_loop_over_fractions(seed, size, later, dim, metric, cameras, own, pieces):
    rng = random.Random(seed)
    count = rng.randint(1, 5)
    asked, rows = queries_of(rng, count, dim), gallery_of(rng, size + later, dim)
    if metric == "cosine":  # which zero vectors have none of
        assume(all(np.linalg.norm(side.astype(np.float64), axis=1).min() > 1e-12 for side in (asked, rows)))
    query = Embeddings(torch.from_numpy(asked), crops(rng, count, least=1))
    gallery = Embeddings(torch.from_numpy(rows[:size]), crops(rng, size, least=JUNK))
    further = Embeddings(torch.from_numpy(rows[size:]), tuple(Crop(Path(f"d{n}"), DISTRACTOR, 0) for n in range(later)))
    galleries = own_galleries(rng, count, size) if own else None
    keys = [[exact(one, other, metric) for other in rows] for one in asked]
    with cut(*pieces):
        found = exact_ranks(query, gallery, metric=metric, cameras=cameras, galleries=galleries)
        assert told(found.ranks) == plain_ranks(keys, query.crops, gallery.crops, cameras=cameras, galleries=galleries)
        if later and not own:
            for part in (slice(later // 2), slice(later // 2, later)):
                found = added(found, query, Embeddings(further.vectors[part], further.crops[part]))
            both = gallery.crops + further.crops
            assert told(found.ranks) == plain_ranks(keys, query.crops, both, cameras=cameras)


def people(rng, count, *, name, number):
    pids, camids = rng.integers(1, number + 1, count).tolist(), rng.integers(0, 6, count).tolist()
    return tuple(Crop(Path(f"{name}{n}"), *both) for n, both in enumerate(zip(pids, camids, strict=True)))


def as_they_come(queries, size, dim, *, number, seed=0):
    """Descriptors that are the sum of a person's part and a crop's own."""
    rng = np.random.default_rng(seed)
    sides_ = people(rng, queries, name="q", number=number), people(rng, size, name="g", number=number)
    centres = rng.standard_normal((number + 1, dim), dtype=np.float32)
    return tuple(
        Embeddings(
            torch.from_numpy(
                centres[[crop.pid for crop in side]] + 2 * rng.standard_normal((len(side), dim), dtype=np.float32)
            ),
            side,
        )
        for side in sides_
    )


def float64_ranks(query, gallery, metric):
    """Ranks by a full product in float64, and how many crops lie so near a match that it cannot tell."""
    both = sides(query.vectors, gallery.vectors, metric)
    pids, camids = (np.array([getattr(crop, name) for crop in gallery.crops]) for name in ("pid", "camid"))
    everything = np.arange(len(pids))
    found, near = [], 0
    for number, crop in enumerate(query.crops):
        if number % 500 == 0:
            keys = float64_keys(query.vectors[number : number + 500], gallery.vectors, metric)
        match = (pids == crop.pid) & (camids != crop.camid)
        mine = keys[number % 500]
        row, wanted = np.sort(mine[match | (pids != crop.pid)]), np.sort(mine[match])
        most = 2 * doubt(both, np.full(len(everything), number), everything).max()
        near += int(np.subtract(*(np.searchsorted(row, wanted + side * most) for side in (1, -1))).sum()) - len(wanted)
        found += (1 + np.searchsorted(row, wanted)).tolist()
    return found, near


def test_ranks_in_a_gallery_of_market1501s_size_are_those_of_a_float64_product():
    query, gallery = as_they_come(3368, 15913, 512, number=750)
    expected, near = float64_ranks(query, gallery, "cosine")
    assert near == 0
    found = exact_ranks(query, gallery, metric="cosine", cameras=True).ranks
    assert found.ranks.tolist() == expected
    assert len(expected) > 50_000


@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_the_same_to_the_last_bit_whatever_computes_them(metric):
    query, gallery = as_they_come(300, 2500, 256, number=60)
    usual = score(query, gallery, metric=metric)
    expected, near = float64_ranks(query, gallery, metric)
    assert near == 0
    assert exact_ranks(query, gallery, metric=metric, cameras=True).ranks.ranks.tolist() == expected
    before = torch.get_num_threads()
    try:
        for threads, memory, keys in (
            *((1, memory, None) for memory in (needed(300, 2500, 256), 2**25, 2**32)),
            *((1, None, keys) for keys in ("classes", (1,), (2,), (0, 1, 2))),
            *((2, None, keys) for keys in (None, (0, 2))),
        ):
            torch.set_num_threads(threads)
            with cut(None, keys):
                found = score(query, gallery, metric=metric, memory=memory)
            assert all(getattr(found, name).equal(getattr(usual, name)) for name in ("ap", "inp", "first"))
            assert found.protocol == usual.protocol
    finally:
        torch.set_num_threads(before)


def small(vectors, other, pids=(1, 2, 3)):
    return (
        Embeddings(torch.tensor(vectors), tuple(Crop(Path(f"q{n}"), 1, 0) for n in range(len(vectors)))),
        Embeddings(torch.tensor(other), tuple(Crop(Path(f"g{n}"), pid, 1) for n, pid in enumerate(pids))),
    )


def test_crops_of_one_direction_are_equally_close_by_cosine_and_stand_in_the_gallerys_order():
    thirds = [1 / 3, 0.1, 0.7]
    rows = [[scale * number for number in thirds] for scale in (2, 1, 4)]
    for place in range(3):
        pids = [2, 2, 2]
        pids[place] = 1
        query, gallery = small([[0.3, 0.2, 0.1]], rows, pids)
        assert score(query, gallery).first.tolist() == [place + 1]


def test_a_difference_that_float64_does_not_hold_decides():
    query, gallery = small(
        [[1.0, 1.0, 1.0]], [[1e10, 0.0, -1e10], [1e10, 2.0**-126, -1e10], [0.0, 0.0, 0.0]], (2, 1, 2)
    )
    assert score(query, gallery, metric="dot").first.tolist() == [1]
    turned = Embeddings(-query.vectors, query.crops)
    assert score(turned, gallery, metric="dot").first.tolist() == [3]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_rows_that_are_not_finite_are_named(value):
    query, gallery = as_they_come(4, 9, 5, number=3)
    gallery.vectors[7, 2] = value
    gallery.vectors[3, 0] = value
    for metric in METRICS:
        with pytest.raises(ValueError, match=r"2 of 9 vectors of the gallery hold NaN or infinity \(row 3, 7\)"):
            score(query, gallery, metric=metric)
    query.vectors[1, 4] = value
    with pytest.raises(ValueError, match=r"1 of 4 vectors of the queries hold NaN or infinity \(row 1\)"):
        score(query, gallery)


def with_row(side, row, value):
    vectors = side.vectors.clone()
    vectors[row] = value
    return Embeddings(vectors, side.crops)


def test_zero_vectors_have_no_cosine_and_other_distances():
    query, gallery = as_they_come(4, 9, 5, number=3)
    empty = with_row(gallery, 6, 0)
    with pytest.raises(ValueError, match=r"1 of 9 vectors of the gallery are zero, or nearly \(row 6\)"):
        score(query, empty)
    for metric in ("dot", "euclidean"):
        expected = plain_ranks(
            [[exact(one, other, metric) for other in empty.vectors] for one in query.vectors],
            query.crops,
            empty.crops,
            cameras=True,
        )
        assert told(exact_ranks(query, empty, metric=metric, cameras=True).ranks) == expected


def test_sides_of_unlike_dimensions_are_refused():
    query, gallery = as_they_come(4, 9, 5, number=3)
    with pytest.raises(ValueError, match="of 5 and of 4 dimensions"):
        score(query, Embeddings(gallery.vectors[:, :4].contiguous(), gallery.crops))


@pytest.mark.parametrize("metric", METRICS)
def test_too_little_memory_is_refused_with_what_is_enough(metric):
    query, gallery = as_they_come(30, 900, 16, number=9)
    least = needed(30, 900, 16)
    for memory in (0, -5, least - 1):
        with pytest.raises(ValueError, match=f"memory is {memory:,} bytes; .* needs {least:,} beside the vectors"):
            score(query, gallery, metric=metric, memory=memory)
    found, usual = (score(query, gallery, metric=metric, memory=memory) for memory in (least, None))
    assert found.ap.equal(usual.ap)


def test_memory_is_asked_for_before_a_distractor_is_looked_at():
    query, gallery = as_they_come(30, 900, 16, number=9)

    def parts():
        pytest.fail("a distractor was looked at")
        yield gallery

    with pytest.raises(ValueError, match="memory is 7 bytes"):
        enlarged(query, gallery, parts(), sizes=[1], memory=7)


def test_what_was_given_stays_as_it_was():
    query, gallery = as_they_come(30, 900, 16, number=9)
    before = query.vectors.clone(), gallery.vectors.clone()
    for keys in ("classes", (0, 1, 2)):
        with cut(None, keys):
            exact_ranks(query, gallery, metric="cosine", cameras=True)
    assert query.vectors.equal(before[0])
    assert gallery.vectors.equal(before[1])


def test_vectors_that_do_not_lie_together_in_memory_are_ranked_alike():
    query, gallery = as_they_come(30, 900, 16, number=9)
    strided = [Embeddings(side.vectors.T.contiguous().T, side.crops) for side in (query, gallery)]
    every_other = [
        Embeddings(torch.stack([side.vectors, side.vectors], dim=1)[:, 0], side.crops) for side in (query, gallery)
    ]
    expected = exact_ranks(query, gallery, metric="euclidean", cameras=True).ranks.ranks
    for sides_ in (strided, every_other):
        for keys in (None, "classes", (0, 1, 2)):
            with cut(None, keys):
                assert exact_ranks(*sides_, metric="euclidean", cameras=True).ranks.ranks.equal(expected)
