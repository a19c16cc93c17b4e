from pathlib import Path

import pytest
import torch

from clustered import clustered
from passerby.evaluation.expanded import EXPANSION, expanded
from passerby.evaluation.post_processed import check, check_metric, post_processed
from passerby.evaluation.reranked import reranked
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.rules import Rules
from passerby.evaluation.score import score
from passerby.types import Crop, Embeddings


def sides(queries=20, gallery=100):
    vectors, pids, camids = clustered(queries + gallery, 10, spread=1.5)
    crops = tuple(Crop(Path(f"{n}"), int(pid), int(camids[n])) for n, pid in enumerate(pids))
    return Embeddings(vectors[:queries], crops[:queries]), Embeddings(vectors[queries:], crops[queries:])


def same(one, other):
    assert one.protocol == other.protocol
    for name in ("ap", "inp", "first"):
        assert getattr(one, name).nan_to_num(7.0).equal(getattr(other, name).nan_to_num(7.0))


def test_nothing_is_done_unless_the_rules_say_so():
    query, gallery = sides()
    done = post_processed(query, gallery, Rules(ap="trapezoid", cameras=False), metric="dot", protocol={"data": "made"})
    same(done.scores, score(query, gallery, ap="trapezoid", cameras=False, metric="dot", protocol={"data": "made"}))
    assert (done.query, done.gallery, done.nearest) == (query, gallery, None)
    own = {number: [number, 50] for number in range(20)}
    same(post_processed(query, gallery, Rules(), galleries=own).scores, score(query, gallery, galleries=own))


def test_expansion_alone_judges_the_moved_vectors():
    query, gallery = sides()
    done = post_processed(query, gallery, Rules(post_processing="expansion"))
    moved = expanded(query, gallery)
    same(done.scores, score(*moved, post_processing=EXPANSION))
    assert done.nearest is None
    assert torch.equal(done.query.vectors, moved[0].vectors)
    assert torch.equal(done.gallery.vectors, moved[1].vectors)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_re_ranking_alone_leaves_the_vectors_and_keeps_the_lists(metric):
    query, gallery = sides()
    rules = Rules(post_processing="reranking", reranking=Reranking(k1=9, k2=3, lam=0.5), cameras=False, ap="trapezoid")
    done = post_processed(query, gallery, rules, metric=metric)
    wanted = reranked(query, gallery, reranking=rules.reranking, metric=metric, cameras=False, ap="trapezoid")
    same(done.scores, wanted.scores)
    assert torch.equal(done.nearest.indices, wanted.nearest.indices)
    assert (done.query, done.gallery) == (query, gallery)


def test_both_expand_first_and_re_rank_what_was_expanded():
    query, gallery = sides()
    done = post_processed(query, gallery, Rules(post_processing="expansion+reranking"))
    wanted = reranked(*expanded(query, gallery), before=EXPANSION)
    same(done.scores, wanted.scores)
    assert done.scores.protocol["post_processing"] == (
        "expansion (database 10, queries 5, alpha 0), then k-reciprocal re-ranking (k1 20, k2 6, lambda 0.3)"
    )
    assert torch.equal(done.nearest.indices, wanted.nearest.indices)
    assert not done.scores.ap.equal(reranked(query, gallery).scores.ap)


@pytest.mark.parametrize("rule", ["expansion", "reranking", "expansion+reranking"])
def test_a_gallery_for_each_query_is_refused_by_the_name_of_the_set(rule):
    rules = Rules(post_processing=rule)
    told = rule.replace("+", " and ")
    with pytest.raises(ValueError, match=f"mars has a gallery for each query; {told} needs one for all: leave it out"):
        check(rules, 5, 100, galleries={0: (1,)}, name="mars")
    with pytest.raises(ValueError, match="has a gallery for each query"):
        post_processed(*sides(), rules, galleries={number: (1,) for number in range(20)})
    check(rules, 5, 100)


@pytest.mark.parametrize(
    ("rule", "metric", "message"),
    [
        ("expansion", "euclidean", "metric is 'euclidean', and expansion finds its neighbours by cosine"),
        ("expansion", "dot", "metric is 'dot', and expansion"),
        ("expansion+reranking", "euclidean", "metric is 'euclidean', and expansion"),
        ("reranking", "dot", "metric is 'dot', and re-ranking needs .* give one of cosine, euclidean"),
    ],
)
def test_a_metric_that_does_not_go_with_it_is_refused(rule, metric, message):
    for ask in (check_metric, lambda rules, metric: post_processed(*sides(), rules, metric=metric)):
        with pytest.raises(ValueError, match=message):
            ask(Rules(post_processing=rule), metric)


@pytest.mark.parametrize(
    ("rule", "queries", "gallery", "message"),
    [
        ("expansion", 30, 10, "The gallery has 10 crops; expansion"),
        ("expansion+reranking", 30, 10, "The gallery has 10 crops; expansion"),
        ("expansion+reranking", 9, 11, "k1 of the re-ranking is 20, and queries and gallery have 20 crops"),
        ("reranking", 9, 11, "k1 of the re-ranking is 20, and queries and gallery have 20 crops"),
    ],
)
def test_too_few_crops_are_refused_before_anything_is_expanded(monkeypatch, rule, queries, gallery, message):
    monkeypatch.setattr("passerby.evaluation.post_processed.expanded", lambda *_, **__: pytest.fail("expanded"))
    with pytest.raises(ValueError, match=message):
        post_processed(*sides(queries, gallery), Rules(post_processing=rule))
    check(Rules(post_processing="none"), queries, gallery)
