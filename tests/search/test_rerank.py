import functools

import numpy as np
import pytest
import torch

import plain_rerank
from clustered import clustered
from passerby.evaluation.average_precision import average_precision
from passerby.evaluation.protocol import Relevance
from passerby.evaluation.ranks import ranks
from passerby.search.graph import graph
from passerby.search.rerank import blocks, rerank
from passerby.search.rerank_live import rerank_live
from passerby.search.self_neighbours import METRICS


@functools.cache
def people(total=500, number=25, queries=80, seed=0):
    """Query and gallery, with copies, more of some than a list holds, across both sides."""
    vectors = clustered(total, number, seed=seed)[0]
    for start, stop, of in ((10, 20, 3), (300, 340, 200), (400, 430, 0)):
        vectors[start:stop] = vectors[of]
    return vectors[:queries], vectors[queries:]


def mean_average_precision(keys, pids, camids, queries):
    match, same_camera = pids[:queries, None] == pids[queries:], camids[:queries, None] == camids[queries:]
    found = average_precision(ranks(keys, Relevance(match & ~same_camera, match & same_camera)))
    return float(found.nanmean())


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("k1", "k2", "lam"),
    [
        (30, 6, 0.3),
        (6, 30, 0.3),
        (20, 6, 0.3),
        (20, 6, 0),
        (20, 6, 1),
        (20, 1, 0.3),
        (1, 1, 0),
        (1, 6, 0.3),
        (2, 2, 0),
        (3, 2, 0),
        (5, 2, 0),
    ],
)
def test_distances_are_those_of_a_direct_statement(metric, k1, k2, lam):
    query, gallery = people()
    found = rerank(query, gallery, k1=k1, k2=k2, lam=lam, metric=metric)
    wanted = plain_rerank.rerank(query.numpy(), gallery.numpy(), k1=k1, k2=k2, lam=lam, metric=metric)
    assert found.dtype == torch.float32
    assert np.abs(found.numpy() - wanted).max() < 1e-6


@pytest.mark.parametrize("k2", [1, 2, 60])
def test_a_neighbourhood_may_be_everybody(k2):
    query, gallery = clustered(60, 6)[0].split([10, 50])
    wanted = plain_rerank.rerank(query.numpy(), gallery.numpy(), k1=59, k2=k2)
    assert np.abs(rerank(query, gallery, k1=59, k2=k2).numpy() - wanted).max() < 1e-6


def test_distances_are_those_of_a_direct_statement_among_2000():
    query, gallery = people(2000, 100, 300)
    wanted = plain_rerank.rerank(query.numpy(), gallery.numpy())
    assert np.abs(rerank(query, gallery).numpy() - wanted).max() < 1e-6


def test_mean_average_precision_is_that_of_a_direct_statement_among_5775():
    vectors, pids, camids = clustered(5775, 190, dim=64, spread=1.3, shift=0.3)
    query, gallery = vectors[:842], vectors[842:]
    judged = functools.partial(mean_average_precision, pids=pids, camids=camids, queries=842)
    wanted = judged(torch.from_numpy(plain_rerank.rerank(query.numpy(), gallery.numpy())).float())
    found = judged(rerank(query, gallery))
    before = judged(torch.cdist(query, gallery))
    assert abs(found - wanted) < 1e-6
    assert found > before + 0.1


@pytest.mark.parametrize("k1", [1, 2, 3, 4, 5, 6, 7])
def test_distances_between_whole_numbers_tie_and_still_agree(k1):
    every = torch.randint(-1, 2, (120, 3), generator=torch.Generator().manual_seed(k1)).float()
    found = rerank(every[:30], every[30:], k1=k1, k2=2)
    wanted = plain_rerank.rerank(every[:30].numpy(), every[30:].numpy(), k1=k1, k2=2)
    assert np.abs(found.numpy() - wanted).max() < 1e-6


@pytest.mark.parametrize("block", [1, 7, 80, 1000])
def test_blocks_of_any_size_give_the_same(block):
    query, gallery = people()
    whole = torch.empty(len(query), len(gallery))
    seen = []
    for part, distances in blocks(query, gallery, block=block):
        whole[part] = distances
        seen += range(part.start, part.stop)
    assert seen == list(range(len(query)))
    assert (whole - rerank(query, gallery)).abs().max() < 1e-6


def test_a_gallery_in_another_order_gives_the_distances_in_that_order():
    vectors = clustered(400, 20)[0]
    query, gallery = vectors[:50], vectors[50:]
    order = torch.randperm(350, generator=torch.Generator().manual_seed(0))
    assert (rerank(query, gallery[order]) - rerank(query, gallery)[:, order]).abs().max() < 1e-6


def test_lambda_one_ranks_as_before():
    query, gallery = people()
    before = torch.cdist(query.double(), gallery.double())
    largest = torch.cdist(query.double(), torch.cat((query, gallery)).double()).amax(dim=1, keepdim=True)
    assert torch.allclose(rerank(query, gallery, lam=1).double(), (before / largest) ** 2, atol=1e-6)


def test_queries_and_gallery_are_left_alone():
    query, gallery = people()
    copies = query.clone(), gallery.clone()
    rerank(query, gallery, metric="cosine")
    assert torch.equal(query, copies[0])
    assert torch.equal(gallery, copies[1])


def test_no_query_gives_no_row():
    gallery = people()[1]
    assert rerank(gallery[:0], gallery).shape == (0, len(gallery))


BAD = [
    ({"k1": 0}, r"k1 is 0; there are 500 vectors \(queries and gallery\): give 1 \.\. 499"),
    ({"k1": 500}, "k1 is 500; there are 500 vectors"),
    ({"k2": 0}, r"k2 is 0; .* give 1 \.\. 500"),
    ({"k2": 501}, "k2 is 501"),
    ({"lam": -0.1}, "lam is -0.1; give 0"),
    ({"lam": 1.1}, "lam is 1.1; give 0"),
    ({"lam": float("nan")}, "lam is nan; give 0"),
    ({"metric": "dot"}, "metric is 'dot'; give one of cosine, euclidean"),
    ({"block": 0}, "block is 0"),
]


@pytest.mark.parametrize(("wrong", "message"), BAD)
def test_a_wrong_argument_is_refused_before_the_first_block_is_asked_for(wrong, message):
    with pytest.raises(ValueError, match=message):
        blocks(*people(), **wrong)


def spoilt(side, value):
    sides = [part.clone() for part in people()]
    sides[side][5] = value
    return sides


@pytest.mark.parametrize(("side", "name"), [(0, "queries"), (1, "gallery")])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_vector_that_is_not_finite_is_named(side, name, value):
    with pytest.raises(ValueError, match=rf"vectors of the {name} hold NaN or infinity \(row 5\)"):
        blocks(*spoilt(side, value))


def test_a_zero_vector_has_no_cosine():
    with pytest.raises(ValueError, match=r"vectors of the gallery are zero, or nearly \(row 5\)"):
        blocks(*spoilt(1, 0), metric="cosine")


def test_unlike_dimensions_are_refused():
    with pytest.raises(ValueError, match="queries have 3 dimensions and the gallery 2"):
        blocks(torch.ones(5, 3), torch.ones(50, 2))


def test_vectors_that_are_all_the_same_cannot_be_ranked():
    with pytest.raises(ValueError, match="all 60 vectors are the same"):
        blocks(torch.ones(10, 3), torch.ones(50, 3))


@pytest.mark.parametrize("dim", [2, 3, 32, 100])
@pytest.mark.parametrize("value", [1.0, 0.37, -1e-5])
def test_vectors_of_one_direction_cannot_be_ranked_by_cosine(dim, value):
    every = torch.full((60, dim), value) * torch.linspace(1, 7, 60)[:, None]
    for ask in (lambda: blocks(every[:10], every[10:], metric="cosine"), lambda: graph(every, metric="cosine")):
        with pytest.raises(ValueError, match="all 60 vectors are the same; nothing can be ranked by them"):
            ask()


def test_vectors_that_differ_by_a_bit_can_be_ranked_by_cosine():
    every = torch.full((60, 32), 0.37)
    every[7, 3] = every[7, 3].nextafter(torch.tensor(1.0))
    found = rerank(every[:10], every[10:], metric="cosine")
    assert found.isfinite().all()
    assert (found[7] > found[0]).all()


def nearest(query, gallery, k):
    return torch.cdist(query[None].double(), gallery.double())[0].topk(k, largest=False).indices


def test_one_query_against_the_graph_ranks_as_in_a_batch_of_one():
    vectors = clustered(1500, 75, spread=1.3)[0]
    gallery = vectors[60:]
    stored = graph(gallery)
    agreed = []
    for query in vectors[:60]:
        rows = nearest(query, gallery, 100)
        live = rerank_live(query, rows, stored, gallery, lam=0)
        batch = rerank(query[None], gallery, lam=0)[0, rows]
        assert (live - batch).abs().max() < 0.3
        agreed.append(float((live - batch).abs().mean()))
    assert sum(agreed) / len(agreed) < 0.01


def test_a_query_that_is_nobodys_neighbour_is_near_a_batch_of_one():
    vectors = clustered(300, 10)[0]
    gallery, query = vectors, torch.full((32,), 50.0)
    rows = nearest(query, gallery, 40)
    live = rerank_live(query, rows, graph(gallery), gallery, lam=0)
    assert (live - rerank(query[None], gallery, lam=0)[0, rows]).abs().max() < 0.01


def test_the_mean_average_precision_of_single_queries_is_that_of_the_batch_within_their_first_crops():
    vectors, pids, camids = clustered(3000, 100, dim=64, spread=1.3, shift=0.3)
    query, gallery = vectors[:100], vectors[100:]
    stored, together = graph(gallery), rerank(query, gallery)
    before = torch.cdist(query, gallery)
    live, batch = before + 10, before + 10
    for row, one in enumerate(query):
        rows = nearest(one, gallery, 100)
        live[row, rows] = rerank_live(one, rows, stored, gallery)
        batch[row, rows] = together[row, rows]
    judged = functools.partial(mean_average_precision, pids=pids, camids=camids, queries=100)
    assert judged(live) > judged(before) + 0.1
    assert abs(judged(live) - judged(batch)) < 0.01


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("k1", "k2"), [(20, 6), (20, 1), (1, 1), (3, 10)])
def test_rows_in_another_order_give_the_distances_in_that_order(metric, k1, k2):
    query, gallery = people()
    stored = graph(gallery, k1=k1, k2=k2, metric=metric)
    rows = nearest(query[0], gallery, 50)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    found = rerank_live(query[0], rows, stored, gallery)
    assert torch.equal(rerank_live(query[0], rows[order], stored, gallery), found[order])
    assert found.isfinite().all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"query": torch.ones(2, 32)}, r"query has the shape \(2, 32\); give one vector"),
        ({"query": torch.ones(31)}, "queries have 31 dimensions and the gallery 32"),
        ({"query": torch.full((32,), float("nan"))}, r"queries hold NaN or infinity \(row 0\)"),
        ({"rows": torch.arange(19)}, "19 rows are given; this graph needs the query's 20 nearest or more"),
        ({"rows": torch.arange(30).float()}, "rows are torch.float32"),
        ({"rows": torch.arange(400, 430)}, "rows must be different numbers from 0 to 419"),
        ({"rows": torch.arange(-1, 30)}, "rows must be different numbers from 0 to 419"),
        ({"rows": torch.zeros(30, dtype=torch.int64)}, "rows must be different numbers from 0 to 419"),
        ({"gallery": torch.ones(5, 32)}, "the graph is of 420 crops and the gallery has 5"),
        ({"lam": 2.0}, "lam is 2.0"),
    ],
)
def test_a_wrong_single_query_is_refused(changed, message):
    query, gallery = people()
    given = {"query": query[0], "rows": torch.arange(30), "graph": graph(gallery), "gallery": gallery, **changed}
    with pytest.raises(ValueError, match=message):
        rerank_live(**given)


@pytest.mark.parametrize(
    ("gallery", "options", "message"),
    [
        (torch.ones(30, 3), {}, "all 30 vectors are the same"),
        (torch.eye(30), {"k1": 30}, r"k1 is 30; there are 30 vectors .*: give 1 \.\. 29"),
        (torch.eye(30), {"metric": "dot"}, "metric is 'dot'"),
        (torch.full((30, 2), float("inf")), {}, "30 of 30 vectors .* hold NaN or infinity"),
    ],
)
def test_a_gallery_without_a_graph_is_refused(gallery, options, message):
    with pytest.raises(ValueError, match=message):
        graph(gallery, **options)
