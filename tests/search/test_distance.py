import math

import pytest
import torch

from passerby.search.distance import METRICS, blocks, distance, finish


def plain(query, crop, metric):
    dot = sum(a * b for a, b in zip(query, crop, strict=True))
    if metric == "dot":
        return -dot
    if metric == "euclidean":
        return math.dist(query, crop)
    return 1 - dot / (math.hypot(*query) * math.hypot(*crop))


def sides(queries=5, gallery=9, dim=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(queries, dim, generator=generator), torch.randn(gallery, dim, generator=generator)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("shape", [(5, 9, 4), (1, 1, 1), (3, 1, 7), (1, 40, 2)])
def test_a_distance_is_its_definition(metric, shape):
    queries, gallery = sides(*shape)
    expected = [[plain(query, crop, metric) for crop in gallery.tolist()] for query in queries.tolist()]
    found = distance(queries, gallery, metric=metric)
    assert found.dtype == torch.float32
    assert torch.allclose(found, torch.tensor(expected), atol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("block", [1, 2, 5, 100, None])
def test_keys_have_the_order_of_the_distances_in_any_blocks(metric, block):
    queries, gallery = sides(11, 30)
    whole = torch.zeros(11, 30)
    for part, keys in blocks(queries, gallery, metric=metric, block=block):
        whole[part] = keys
    assert torch.equal(whole.argsort(dim=1), distance(queries, gallery, metric=metric).argsort(dim=1))
    assert torch.allclose(finish(whole, queries, metric), distance(queries, gallery, metric=metric), atol=1e-5)


def test_every_query_is_in_one_block():
    queries, gallery = sides(11, 30)
    assert [(part.start, part.stop) for part, _ in blocks(queries, gallery, block=4)] == [(0, 4), (4, 8), (8, 11)]


@pytest.mark.parametrize("metric", METRICS)
def test_sides_without_rows_give_a_matrix_without_rows(metric):
    queries, gallery = sides()
    assert distance(queries[:0], gallery, metric=metric).shape == (0, 9)
    assert distance(queries, gallery[:0], metric=metric).shape == (5, 0)


@pytest.mark.parametrize("metric", METRICS)
def test_the_arguments_stay_as_they_are_and_need_not_be_contiguous(metric):
    queries, gallery = sides(dim=8)
    before = queries.clone(), gallery.clone()
    found = distance(queries[:, ::2], gallery[:, ::2], metric=metric)
    assert torch.allclose(found, distance(queries[:, ::2].contiguous(), gallery[:, ::2].contiguous(), metric=metric))
    assert torch.equal(queries, before[0])
    assert torch.equal(gallery, before[1])


def test_small_cosines_are_told_apart():
    queries = torch.tensor([[1.0, 0.0]])
    gallery = torch.tensor([[1e-9, 1.0], [2e-9, 1.0]])  # 1 - cosine is 1 for both in float32
    _, keys = next(blocks(queries, gallery))
    assert keys[0, 1] < keys[0, 0]


def test_a_vector_is_at_distance_zero_of_itself():
    _, gallery = sides(gallery=50, dim=64)
    lengths = gallery.norm(dim=1)
    assert (distance(gallery, gallery, metric="euclidean").diagonal() / lengths).max() < 2e-3
    assert distance(gallery, gallery).diagonal().abs().max() < 1e-6


@pytest.mark.parametrize("length", [1e-10, 1e10])
def test_a_cosine_does_not_mind_the_length(length):
    queries, gallery = sides()
    assert torch.allclose(distance(queries * length, gallery / length), distance(queries, gallery), atol=1e-6)


@pytest.mark.parametrize(("value", "fault"), [(0.0, "zero"), (1e-20, "zero"), (1e20, "too long"), (3e38, "too long")])
def test_a_vector_without_a_cosine_is_named(value, fault):
    queries, gallery = sides()
    gallery[[2, 7]] = value
    with pytest.raises(ValueError, match=rf"2 of 9 vectors of the gallery are {fault}.*\(row 2, 7\); a cosine needs"):
        distance(queries, gallery)
    with pytest.raises(ValueError, match=r"2 of 9 vectors of the queries"):
        distance(gallery, queries)


def test_a_zero_vector_has_other_distances():
    queries, gallery = sides()
    gallery[2] = 0
    assert distance(queries, gallery, metric="euclidean")[0, 2] == pytest.approx(queries[0].norm().item())
    assert distance(queries, gallery, metric="dot")[0, 2] == 0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_named(metric, value):
    queries, gallery = sides()
    queries[3, 1] = value
    with pytest.raises(ValueError, match=r"1 of 5 vectors of the queries hold NaN or infinity \(row 3\)"):
        distance(queries, gallery, metric=metric)


@pytest.mark.parametrize("metric", ["euclidean", "dot"])
def test_products_that_float32_cannot_hold_are_refused(metric):
    queries, gallery = sides()
    with pytest.raises(ValueError, match="too large for float32 products"):
        distance(queries * 1e19, gallery * 1e19, metric=metric)


@pytest.mark.parametrize(
    ("queries", "gallery", "more", "message"),
    [
        (torch.ones(2, 3), torch.ones(2, 4), {}, "queries have 3 dimensions and the gallery 4"),
        (torch.ones(3), torch.ones(2, 3), {}, r"queries are torch.float32 of shape \(3,\)"),
        (torch.ones(2, 3), torch.ones(2, 3).double(), {}, "gallery are torch.float64"),
        (torch.ones(2, 3), torch.ones(2, 3), {"metric": "hamming"}, "metric is 'hamming'; give one of cosine, euclid"),
        (torch.ones(2, 3), torch.ones(2, 3), {"block": 0}, "block is 0; give 1 query or more"),
    ],
)
def test_what_cannot_be_compared_is_refused(queries, gallery, more, message):
    with pytest.raises(ValueError, match=message):
        next(blocks(queries, gallery, **more))
