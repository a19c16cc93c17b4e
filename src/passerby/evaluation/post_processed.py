"""A ranking judged after what papers do between embedding and ranking: expansion, re-ranking, both, or nothing."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch

from passerby.evaluation import expanded as expansion
from passerby.evaluation import reranked as reranking
from passerby.evaluation.expanded import EXPANSION, expanded
from passerby.evaluation.peak import Peak, peak
from passerby.evaluation.protocol import Galleries
from passerby.evaluation.protocol import check as check_crops
from passerby.evaluation.reranked import reranked
from passerby.evaluation.rules import Rules
from passerby.evaluation.score import Fact, score
from passerby.evaluation.scores import Scores
from passerby.search.distance import check as check_vectors
from passerby.search.neighbours import Neighbours
from passerby.types import Embeddings


class PostProcessed(NamedTuple):
    """What was judged, and how good it is.

    Args:
        query: descriptors of the queries, expanded where the rules say so.
        gallery: of the gallery, likewise.
        scores: how good the ranking is.
        nearest: the first crops of each ranking where they are not those of the descriptors' own distances, which is
            after re-ranking; else None.
    """

    query: Embeddings
    gallery: Embeddings
    scores: Scores
    nearest: Neighbours | None


def post_processed(
    query: Embeddings,
    gallery: Embeddings,
    rules: Rules,
    *,
    metric: str = "cosine",
    galleries: Galleries | None = None,
    memory: int | None = None,
    device: torch.device | str = "cpu",
    protocol: Mapping[str, Fact] | None = None,
    on_peak: Callable[[Peak], None] | None = None,
) -> PostProcessed:
    """Do to the descriptors and distances what the rules say, and judge the ranking.

    Args:
        query: Q descriptors of named people.
        gallery: G descriptors.
        rules: `ap`, `cameras`, `post_processing` and `reranking` are looked at; pooling comes before.
        metric: one of `distance.METRICS`.
        galleries: the gallery of each query, as for `score`.
        memory: bytes that may be held beside the vectors, see `peak`; no number depends on it.
        device: where the products are computed.
        protocol: further facts, as for `score`.
        on_peak: called before the long work with what it will take.

    Raises:
        ValueError: before the long work; see `check_metric`, `check`, `peak`, `score`, `expanded` and `reranked`.
    """
    check_metric(rules, metric)
    check(rules, len(query.crops), len(gallery.crops), galleries=galleries)
    query.check_same_model(gallery)
    check_crops(query.crops, gallery.crops, cameras=rules.cameras, galleries=galleries)
    check_vectors(query.vectors, gallery.vectors, metric=metric)
    found = peak(query.crops, gallery.crops, query.vectors.shape[1], rules, memory=memory)
    if on_peak is not None:
        on_peak(found)
    before, ap, cameras = "none", rules.ap, rules.cameras
    if "expansion" in rules.steps:
        query, gallery = expanded(query, gallery, device=device)
        before = EXPANSION
    if "reranking" in rules.steps:
        done = reranked(
            query,
            gallery,
            reranking=rules.reranking,
            ap=ap,
            metric=metric,
            cameras=cameras,
            device=device,
            protocol=protocol,
            before=before,
        )
        return PostProcessed(query, gallery, *done)
    scores = score(
        query,
        gallery,
        ap=ap,
        metric=metric,
        cameras=cameras,
        galleries=galleries,
        memory=found.counting,
        device=device,
        protocol=protocol,
        post_processing=before,
    )
    return PostProcessed(query, gallery, scores, None)


def check_metric(rules: Rules, metric: str) -> None:
    """Refuse a distance that does not go with what the rules do.

    Raises:
        ValueError: if it is not cosine and there is expansion, or neither cosine nor euclidean and there is re-ranking.
    """
    if "expansion" in rules.steps and metric != "cosine":
        raise ValueError(
            f"metric is {metric!r}, and expansion finds its neighbours by cosine and makes all vectors of one length; "
            "leave the metric or expansion out."
        )
    if "reranking" in rules.steps:
        reranking.check_metric(metric)


def check(
    rules: Rules,
    queries: int,
    gallery: int,
    *,
    galleries: Galleries | None = None,
    name: str = "This set",
) -> None:
    """Refuse what cannot be expanded or re-ranked, from the numbers of crops alone.

    Args:
        rules: by which it is judged.
        queries: number of queries.
        gallery: number of crops in the gallery.
        galleries: the gallery of each query, or None.
        name: what the set is called in a message.

    Raises:
        ValueError: if each query has a gallery of its own, or there are too few crops.
    """
    if rules.steps and galleries is not None:
        raise ValueError(
            f"{name} has a gallery for each query; {' and '.join(rules.steps)} needs one for all: leave it out."
        )
    if "expansion" in rules.steps:
        expansion.check_size(gallery)
    if "reranking" in rules.steps:
        rules.reranking.check_size(queries, gallery)
