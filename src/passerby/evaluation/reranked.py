"""A ranking judged by re-ranked distances, with its beginning."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from passerby.evaluation._judged import Fact, scores_of, stated
from passerby.evaluation.protocol import protocol as relevance_of
from passerby.evaluation.ranks import Ranks, ranks
from passerby.evaluation.reranking import USUAL, Reranking
from passerby.evaluation.scores import Scores
from passerby.search.neighbours import Neighbours
from passerby.search.rerank import blocks
from passerby.search.self_neighbours import METRICS
from passerby.types import Embeddings


class Reranked(NamedTuple):
    """How good a re-ranked ranking is, and how it begins.

    Args:
        scores: of the whole ranking.
        nearest: of each query the first crops that are not junk, with their re-ranked distances.
    """

    scores: Scores
    nearest: Neighbours


def reranked(
    query: Embeddings,
    gallery: Embeddings,
    *,
    reranking: Reranking = USUAL,
    ap: str = "step",
    metric: str = "cosine",
    cameras: bool = True,
    keep: int = 10,
    block: int | None = None,
    device: torch.device | str = "cpu",
    protocol: Mapping[str, Fact] | None = None,
    before: str = "none",
) -> Reranked:
    """Judge the ranking by re-ranked distances; see `search.rerank.blocks`, and `score` for the rest.

    All queries and the whole gallery, junk and distractors with it, are the one set whose neighbours are asked, as in
    all published numbers; junk is left out of the rankings only. Crops at equal re-ranked distance keep the gallery's
    order. The distances are made once, block by block, and are not held.

    Args:
        query: Q descriptors of named people.
        gallery: G descriptors of one gallery for all queries.
        reranking: by which numbers.
        ap: definition of average precision, as for `score`.
        metric: "cosine" or "euclidean": the distance from before.
        cameras: False to ignore cameras, as for `score`.
        keep: how many crops of each ranking are kept in `nearest`, 1 or more; all where the gallery has fewer.
        block: queries in a block, see `search.rerank.blocks`.
        device: where the products are computed.
        protocol: further facts, as for `score`.
        before: what was done to the descriptors before, in words.

    Raises:
        ValueError: before the long work, if there are too few crops, the metric is another one, `keep` is below 1, or
            see `score` and `search.rerank.blocks`.
    """
    check_metric(metric)
    reranking.check_size(len(query.crops), len(gallery.crops))
    if keep < 1:
        raise ValueError(f"keep is {keep}; give 1 crop or more.")
    facts = stated(
        query,
        gallery,
        ap=ap,
        metric=metric,
        cameras=cameras,
        galleries=None,
        more=protocol,
        post_processing=str(reranking) if before == "none" else f"{before}, then {reranking}",
    )
    relevance = relevance_of(query.crops, gallery.crops, cameras=cameras)
    found: list[Ranks] = []
    nearest: list[Neighbours] = []
    for part, keys in blocks(
        query.vectors,
        gallery.vectors,
        k1=reranking.k1,
        k2=reranking.k2,
        lam=reranking.lam,
        metric=metric,
        block=block,
        device=device,
    ):
        relevant = relevance(part)
        found.append(ranks(keys, relevant))
        nearest.append(_first(keys.masked_fill_(relevant.junk, math.inf), min(keep, len(gallery.crops))))
    ranked = Ranks(*(torch.cat(parts) for parts in zip(*found, strict=True)))
    return Reranked(
        scores_of(ranked, query, ap=ap, protocol=facts),
        Neighbours(
            torch.cat([some.distances for some in nearest]),
            torch.cat([some.indices for some in nearest]),
        ),
    )


def check_metric(metric: str) -> None:
    """Refuse a distance that cannot be re-ranked.

    Raises:
        ValueError: if it is not cosine or euclidean.
    """
    if metric not in METRICS:
        raise ValueError(
            f"metric is {metric!r}, and re-ranking needs a distance under which a crop is nearest to itself; give one "
            f"of {', '.join(METRICS)}."
        )


def _first(keys: Tensor, k: int) -> Neighbours:
    """The k smallest of each row, equal ones in the order of the columns; -1 and infinity where fewer are finite."""
    last = keys.topk(k, dim=1, largest=False).values.amax(dim=1, keepdim=True)
    rows, columns = np.nonzero((keys <= last).numpy())  # row after row, columns ascending: k of each row, or more
    values = keys.numpy()[rows, columns]
    order = np.lexsort((values, rows))
    starts = np.searchsorted(rows, np.arange(len(keys)))
    chosen = order[starts[:, None] + np.arange(k)]
    distances = torch.from_numpy(values[chosen])
    return Neighbours(distances, torch.from_numpy(columns[chosen]).masked_fill(distances == math.inf, -1))
