"""The judge: how well queries find their people in a gallery."""

from collections.abc import Mapping

import torch

from passerby.evaluation._judged import Fact, scores_of, stated
from passerby.evaluation.exact_ranks import exact_ranks
from passerby.evaluation.protocol import Galleries
from passerby.evaluation.scores import Scores
from passerby.types import Embeddings

__all__ = ["Fact", "score"]


def score(
    query: Embeddings,
    gallery: Embeddings,
    *,
    ap: str = "step",
    metric: str = "cosine",
    cameras: bool = True,
    galleries: Galleries | None = None,
    memory: int | None = None,
    device: torch.device | str = "cpu",
    protocol: Mapping[str, Fact] | None = None,
    post_processing: str = "none",
) -> Scores:
    """Judge a ranking of the gallery for each query.

    The ranks are those of exact arithmetic on the descriptors, the same for every budget of memory, device and number
    of threads; see `search.counting.closer`.

    Args:
        query: Q descriptors of named people.
        gallery: G descriptors.
        ap: definition of average precision, one of `average_precision.DEFINITIONS`.
        metric: one of `distance.METRICS`.
        cameras: False to ignore cameras, so that a crop from the query's own camera is a match.
        galleries: the gallery of each query, as indices into the whole one; None where all share the whole one.
        memory: bytes that may be held beside the vectors; 512 MB by default.
        device: where products are computed.
        protocol: further facts that the numbers depend on (data set, version, seed, ...), written into the result.
        post_processing: what was done to the descriptors after embedding, in words; stated in the result.

    Returns:
        Values of each query; a query without a match has nan and is counted in no mean.

    Raises:
        ValueError: if the descriptors are of two models or a query cannot be judged (see `protocol.check`), an argument
            is not accepted, or `protocol` names a fact that is stated here.
    """
    facts = stated(
        query,
        gallery,
        ap=ap,
        metric=metric,
        cameras=cameras,
        galleries=galleries,
        more=protocol,
        post_processing=post_processing,
    )
    found = exact_ranks(
        query, gallery, metric=metric, cameras=cameras, galleries=galleries, memory=memory, device=device
    )
    return scores_of(found.ranks, query, ap=ap, protocol=facts)
