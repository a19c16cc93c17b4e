"""Rankings by re-ranked distances, held against plain loops: distances in float64, places counted one by one."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import plain_judge
import plain_rerank
from clustered import clustered
from passerby.evaluation.reranked import reranked
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.score import score
from passerby.search.rerank import rerank
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings, ModelId


def sides(total=160, people=12, queries=30, *, seed=0, copies=(), **options):
    """Query and gallery with junk and distractors; `copies` are rows that are made equal to another row."""
    vectors, pids, camids = clustered(total, people, seed=seed, **options)
    for row, of in copies:
        vectors[row] = vectors[of]
    pids[queries + 5 :: 9], pids[queries + 7 :: 11] = JUNK, DISTRACTOR
    crops = tuple(
        Crop(Path(f"{n}.jpg"), int(pid), int(cam)) for n, (pid, cam) in enumerate(zip(pids, camids, strict=True))
    )
    return (
        Embeddings(vectors[:queries].clone(), crops[:queries]),
        Embeddings(vectors[queries:].clone(), crops[queries:]),
    )


COPIES = [(40, 3), (41, 3), (42, 3), *((row, 90) for row in range(60, 88)), (100, 0), (5, 4)]
"""Copies across both sides, and more of one vector than a neighbourhood holds."""


def same(scores, plain):
    ap, inp, first = zip(*plain, strict=True)
    assert plain_judge.equal(scores.ap.tolist(), ap)
    assert plain_judge.equal(scores.inp.tolist(), inp)
    assert scores.first.tolist() == list(first)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("ap", ["step", "trapezoid"])
@pytest.mark.parametrize("cameras", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_the_judged_ranking_is_that_of_a_direct_statement(metric, ap, cameras, seed):
    query, gallery = sides(seed=seed, spread=1.5)
    wanted = plain_rerank.rerank(query.vectors.numpy(), gallery.vectors.numpy(), metric=metric)
    found = reranked(query, gallery, metric=metric, ap=ap, cameras=cameras)
    plain = plain_judge.judge(wanted.tolist(), query.crops, gallery.crops, cameras=cameras, ap=ap)
    same(found.scores, plain)
    unlike = score(query, gallery, metric=metric, ap=ap, cameras=cameras)
    assert not found.scores.first.equal(unlike.first)


@pytest.mark.parametrize(
    "given", [{"k1": 1, "k2": 1}, {"k1": 7, "k2": 3}, {"k1": 50, "k2": 15}, {"lam": 0.9}, {"k1": 159, "k2": 160}]
)
def test_the_numbers_of_the_re_ranking_are_used(given):
    query, gallery = sides(spread=1.5)
    wanted = plain_rerank.rerank(
        query.vectors.numpy(), gallery.vectors.numpy(), metric="cosine", **{"k1": 20, "k2": 6, **given}
    )
    found = reranked(query, gallery, reranking=Reranking(**given))
    same(found.scores, plain_judge.judge(wanted.tolist(), query.crops, gallery.crops))
    assert f"{Reranking(**given)}" == found.scores.protocol["post_processing"]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("lam", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_copies_and_crops_without_a_common_neighbour_keep_the_order_of_the_gallery(metric, lam, seed):
    query, gallery = sides(seed=seed, copies=COPIES)
    keys = rerank(query.vectors, gallery.vectors, metric=metric, lam=lam)
    plain = plain_rerank.rerank(query.vectors.numpy(), gallery.vectors.numpy(), metric=metric, lam=lam)
    assert abs(keys.numpy() - plain).max() < 1e-6
    if lam == 0:
        assert ((keys == 1).sum(dim=1) > 20).any()  # nothing shared: all at the same distance
    found = reranked(query, gallery, metric=metric, reranking=Reranking(lam=lam))
    same(found.scores, plain_judge.judge(keys.tolist(), query.crops, gallery.crops))


@pytest.mark.parametrize("lam", [0.0, 0.3])
@pytest.mark.parametrize("keep", [1, 10, 50, 1000])
@pytest.mark.parametrize("block", [None, 1, 7])
def test_the_kept_lists_are_the_beginnings_of_the_judged_rankings(lam, keep, block):
    query, gallery = sides(copies=COPIES)
    settings = Reranking(lam=lam)
    keys = rerank(query.vectors, gallery.vectors, metric="cosine", lam=lam, block=block).tolist()
    scores, nearest = reranked(query, gallery, reranking=settings, keep=keep, block=block)
    assert nearest.indices.shape == nearest.distances.shape == (30, min(keep, 130))
    assert (nearest.indices.dtype, nearest.distances.dtype) == (torch.int64, torch.float32)
    for number, row in enumerate(keys):
        left = plain_judge.kept(query.crops[number], gallery.crops, cameras=True)
        wanted = sorted(left, key=lambda place: (row[place], place))[:keep]
        rows = nearest.indices[number].tolist()
        assert rows[: len(wanted)] == wanted
        assert set(rows[len(wanted) :]) <= {-1}
        assert nearest.distances[number].tolist()[: len(wanted)] == [row[place] for place in wanted]
        assert set(nearest.distances[number].tolist()[len(wanted) :]) <= {math.inf}
        right = [n for n, place in enumerate(wanted, 1) if gallery.crops[place].pid == query.crops[number].pid]
        assert (right or [0])[0] == (int(scores.first[number]) if scores.first[number] <= len(wanted) else 0)


def test_a_gallery_of_junk_keeps_nothing():
    query, gallery = sides()
    junk = Embeddings(gallery.vectors, tuple(replace(crop, pid=JUNK) for crop in gallery.crops))
    scores, nearest = reranked(query, junk)
    assert scores.queries == 0
    assert (nearest.indices == -1).all()
    assert nearest.distances.isinf().all()


def test_junk_is_a_neighbour_and_is_left_out_of_the_rankings_alone():
    query, gallery = sides(spread=1.5)
    kept = [row for row, crop in enumerate(gallery.crops) if crop.pid != JUNK]
    without = Embeddings(gallery.vectors[kept], tuple(gallery.crops[row] for row in kept))
    one, other = reranked(query, gallery, keep=130), reranked(query, without, keep=len(kept))
    assert not one.nearest.distances[0, :50].allclose(other.nearest.distances[0, :50])
    assert all(gallery.crops[row].pid != JUNK for row in one.nearest.indices.flatten().tolist() if row >= 0)


def test_the_protocol_states_the_re_ranking_and_what_came_before():
    query, gallery = sides()
    plain = score(query, gallery).protocol
    facts = reranked(query, gallery, protocol={"data": "made"}).scores.protocol
    assert facts == {**plain, "post_processing": "k-reciprocal re-ranking (k1 20, k2 6, lambda 0.3)", "data": "made"}
    after = reranked(query, gallery, before="expansion", metric="euclidean").scores.protocol
    assert after["post_processing"] == "expansion, then k-reciprocal re-ranking (k1 20, k2 6, lambda 0.3)"
    assert after["metric"] == "euclidean"


def test_a_query_that_stands_in_the_gallery_too_is_junk_there_and_a_neighbour_all_the_same():
    query, gallery = sides(spread=1.5)
    both = Embeddings(torch.cat((gallery.vectors, query.vectors)), (*gallery.crops, *query.crops))
    keys = plain_rerank.rerank(query.vectors.numpy(), both.vectors.numpy(), metric="cosine")
    same(reranked(query, both).scores, plain_judge.judge(keys.tolist(), query.crops, both.crops))


def spoilt(side, value):
    both = sides()
    vectors = both[side].vectors.clone()
    vectors[5] = value
    return tuple(Embeddings(vectors, one.crops) if number == side else one for number, one in enumerate(both))


def first(count):
    query, gallery = sides()
    return Embeddings(query.vectors[:5], query.crops[:5]), Embeddings(gallery.vectors[:count], gallery.crops[:count])


BAD = [
    (lambda: (sides(), {"metric": "dot"}), "metric is 'dot', and re-ranking needs a distance under which"),
    (lambda: (sides(), {"metric": "hamming"}), "metric is 'hamming'"),
    (lambda: (sides(), {"keep": 0}), "keep is 0; give 1 crop or more"),
    (lambda: (sides(), {"block": 0}), "block is 0"),
    (lambda: (sides(), {"ap": "area"}), "ap is 'area'; give one of"),
    (lambda: (sides(), {"protocol": {"post_processing": "x"}}), "protocol gives post_processing, which the judge"),
    (lambda: (sides(), {"reranking": Reranking(k1=160)}), "k1 of the re-ranking is 160, and .* have 160 crops"),
    (lambda: (sides(), {"reranking": Reranking(k2=161)}), "k2 of the re-ranking is 161, and .* have 160 crops"),
    (lambda: (first(15), {}), r"k1 of the re-ranking is 20, and .* have 20 crops together: give 1 \.\. 19"),
    (lambda: (spoilt(0, 0), {}), r"1 of 30 vectors of the queries are zero, or nearly \(row 5\)"),
    (lambda: (spoilt(1, 0), {}), r"1 of 130 vectors of the gallery are zero, or nearly \(row 5\)"),
    (lambda: (spoilt(1, math.nan), {}), r"1 of 130 vectors hold NaN or infinity \(row 5\)"),
    (lambda: (spoilt(0, math.inf), {}), r"1 of 30 vectors hold NaN or infinity \(row 5\)"),
    (lambda: ((sides()[0], sides(dim=16)[1]), {}), "Vectors of 32 and of 16 dimensions cannot be compared"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_what_cannot_be_re_ranked_is_refused_before_the_long_work(make, message, monkeypatch):
    monkeypatch.setattr("passerby.search.rerank._blocks", lambda *_: pytest.fail("the long work began"))

    def ask():
        given, options = make()
        reranked(*given, **options)

    with pytest.raises(ValueError, match=message):
        ask()


def test_vectors_of_two_models_are_refused():
    query, gallery = sides()
    with pytest.raises(ValueError, match="Vectors of two models"):
        reranked(
            Embeddings(query.vectors, query.crops, ModelId("some", "", "none")),
            Embeddings(gallery.vectors, gallery.crops, ModelId("other", "", "none")),
        )


def test_a_zero_vector_is_a_vector_like_others_under_euclidean_distance():
    query, gallery = spoilt(1, 0)
    keys = plain_rerank.rerank(query.vectors.numpy(), gallery.vectors.numpy())
    found = reranked(query, gallery, metric="euclidean")
    same(found.scores, plain_judge.judge(keys.tolist(), query.crops, gallery.crops))
