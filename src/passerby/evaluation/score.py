"""The judge: how well queries find their people in a gallery."""

from collections.abc import Mapping

import torch

from passerby.evaluation._judged import Fact, scores_of, stated
from passerby.evaluation.protocol import Galleries
from passerby.evaluation.protocol import protocol as relevance_of
from passerby.evaluation.ranks import Ranks, ranks
from passerby.evaluation.scores import Scores
from passerby.search.distance import blocks, check
from passerby.types import JUNK, Crop, Embeddings

__all__ = ["Fact", "score"]


def score(
    query: Embeddings,
    gallery: Embeddings,
    *,
    ap: str = "step",
    metric: str = "cosine",
    cameras: bool = True,
    galleries: Galleries | None = None,
    block: int | None = None,
    device: torch.device | str = "cpu",
    protocol: Mapping[str, Fact] | None = None,
    post_processing: str = "none",
) -> Scores:
    """Judge a ranking of the gallery for each query.

    Blocks of queries are compared with the whole gallery and the matches' ranks counted; nothing larger than a block is
    held beside the vectors. A product in float32 may round its last digit otherwise in a block of another size, and so
    swap two crops whose distances are equal to seven digits; without `block` the size depends on the gallery's alone.

    Args:
        query: Q descriptors of named people.
        gallery: G descriptors.
        ap: definition of average precision, one of `average_precision.DEFINITIONS`.
        metric: one of `distance.METRICS`.
        cameras: False to ignore cameras, so that a crop from the query's own camera is a match.
        galleries: the gallery of each query, as indices into the whole one; None where all share the whole one.
        block: queries in a block; by default as many as fill 64 MB.
        device: where the products are computed.
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
    check(query.vectors, gallery.vectors, metric=metric)  # names rows of the whole gallery
    relevant = _without_junk_at_the_ends(gallery.crops) if galleries is None else slice(None)
    relevance = relevance_of(query.crops, gallery.crops[relevant], cameras=cameras, galleries=galleries)
    done = [
        ranks(keys.cpu(), relevance(part))
        for part, keys in blocks(query.vectors, gallery.vectors[relevant], metric=metric, block=block, device=device)
    ]
    ranked = Ranks(torch.cat([part.counts for part in done]), torch.cat([part.ranks for part in done]))
    return scores_of(ranked, query, ap=ap, protocol=facts)


def _without_junk_at_the_ends(crops: tuple[Crop, ...]) -> slice:
    """What is junk for all queries is spared where that takes no copy; in Market-1501's layout it comes first."""
    kept = [row for row, crop in enumerate(crops) if crop.pid != JUNK]
    return slice(kept[0], kept[-1] + 1) if kept else slice(None)
