import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_rerank
from clustered import clustered
from passerby.search.distance import METRICS as EVERY_METRIC
from passerby.search.neighbours import neighbours
from passerby.search.self_neighbours import METRICS, self_neighbours


def plain(vectors, k, metric):
    """Lists by a stable sort, and squared distances (halved under cosine) of the nearest and of the farthest."""
    squares = plain_rerank.squared_distances(vectors.numpy(), metric) / (2 if metric == "cosine" else 1)
    order = squares.argsort(axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(squares, order, axis=1), squares.max(axis=1)


def check(vectors, k, metric, **options):
    found = self_neighbours(vectors, k, metric=metric, **options)
    order, nearest, farthest = plain(vectors, k, metric)
    assert np.array_equal(found.indices.numpy(), order)
    power = 2 if metric == "euclidean" else 1
    atol = 1e-6 * farthest.max()
    assert np.allclose(found.distances.double().numpy() ** power, nearest, rtol=1e-6, atol=atol)
    assert np.allclose(found.farthest.double().numpy() ** power, farthest, rtol=1e-6, atol=atol)


@settings(deadline=None)
@given(
    total=st.integers(1, 60),
    dim=st.integers(1, 3),
    seed=st.integers(0, 999),
    block=st.integers(1, 70),
    data=st.data(),
)
def test_lists_are_a_stable_sort_where_many_distances_are_equal(total, dim, seed, block, data):
    vectors = torch.randint(-2, 3, (total, dim), generator=torch.Generator().manual_seed(seed)).float()
    k = data.draw(st.integers(1, total))
    check(vectors, k, "euclidean", block=block)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("block", [7, 64, 400, None])
def test_lists_are_those_of_float64_in_any_blocks(metric, block):
    check(clustered(700, 30)[0], 21, metric, block=block)


@pytest.mark.parametrize("metric", METRICS)
def test_more_copies_than_a_list_holds_keep_their_order(metric):
    vectors = clustered(400, 9)[0]
    vectors[50:120] = vectors[3]
    vectors[200:290] = vectors[110:200].clone()
    check(vectors, 21, metric, block=64)
    found = self_neighbours(vectors, 21, metric=metric)
    assert found.indices[119].tolist() == [3, *range(50, 70)]
    assert not found.distances[119].any()


@pytest.mark.parametrize("metric", METRICS)
def test_vectors_far_from_zero_and_near_each_other_are_told_apart(metric):
    check(100 + 1e-3 * clustered(300, 9)[0], 21, metric)


def test_one_very_long_vector_does_not_blur_the_others():
    vectors = clustered(300, 9)[0]
    vectors[7] *= 1e5
    check(vectors, 21, "euclidean", block=50)


@pytest.mark.parametrize("metric", METRICS)
def test_lists_are_those_of_neighbours(metric):
    vectors = clustered(300, 9)[0]
    found, wanted = self_neighbours(vectors, 9, metric=metric), neighbours(vectors, vectors, 9, metric=metric)
    assert torch.equal(found.indices, wanted.indices)


def test_each_vector_comes_first_in_its_own_list():
    assert torch.equal(self_neighbours(clustered(200, 9)[0], 1).indices[:, 0], torch.arange(200))


def test_all_vectors_alike_stand_in_order():
    found = self_neighbours(torch.ones(50, 4), 5, metric="euclidean")
    assert found.indices.tolist() == [[0, 1, 2, 3, 4]] * 50
    assert not found.farthest.any()


def test_the_vectors_are_left_alone_and_need_not_lie_side_by_side():
    wide = clustered(100, 9)[0]
    before = wide.clone()
    found = self_neighbours(wide[:, ::2], 5)
    assert torch.equal(found.indices, self_neighbours(wide[:, ::2].contiguous(), 5).indices)
    assert torch.equal(wide, before)


@pytest.mark.parametrize("k", [0, -1, 5])
def test_k_is_at_least_one_and_at_most_the_number_of_vectors(k):
    with pytest.raises(ValueError, match=rf"k is {k}; there are 4 vectors: give 1 \.\. 4"):
        self_neighbours(torch.ones(4, 2), k)


@pytest.mark.parametrize("metric", sorted({"manhattan", *EVERY_METRIC} - set(METRICS)))
def test_a_metric_under_which_nobody_is_nearest_to_itself_is_refused(metric):
    with pytest.raises(ValueError, match=f"metric is '{metric}'; give one of cosine, euclidean"):
        self_neighbours(torch.ones(4, 2), 1, metric=metric)


def test_a_block_has_a_row():
    with pytest.raises(ValueError, match="block is 0; give 1 row or more"):
        self_neighbours(torch.ones(4, 2), 1, block=0)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (float("nan"), r"2 of 4 vectors .* hold NaN or infinity \(row 1, 3\)"),
        (float("inf"), r"2 of 4 vectors .* hold NaN or infinity \(row 1, 3\)"),
        (0.0, r"2 of 4 vectors .* are zero, or nearly \(row 1, 3\)"),
    ],
)
def test_rows_at_fault_are_named(bad, message):
    vectors = torch.ones(4, 2)
    vectors[1::2] = bad
    with pytest.raises(ValueError, match=message):
        self_neighbours(vectors, 1, metric="cosine")
