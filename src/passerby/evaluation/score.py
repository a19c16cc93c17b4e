"""The judge: how well queries find their people in a gallery."""

import math
from collections.abc import Mapping
from importlib.metadata import version

import torch
from torch import Tensor

from passerby.evaluation.average_precision import DEFINITIONS, average_precision
from passerby.evaluation.protocol import protocol as single_query
from passerby.evaluation.ranks import Ranks, ranks
from passerby.evaluation.scores import Scores
from passerby.search.distance import blocks, check
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings

Fact = str | int | float | bool | None
"""One fact of a protocol."""


def score(
    query: Embeddings,
    gallery: Embeddings,
    *,
    ap: str = "step",
    metric: str = "cosine",
    cameras: bool = True,
    block: int | None = None,
    device: torch.device | str = "cpu",
    protocol: Mapping[str, Fact] | None = None,
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
        block: queries in a block; by default as many as fill 64 MB.
        device: where the products are computed.
        protocol: further facts that the numbers depend on (data set, version, seed, ...), written into the result.

    Returns:
        Values of each query; a query without a match has nan and is counted in no mean.

    Raises:
        ValueError: if the descriptors are of two models or a query cannot be judged (see `protocol.check`), an argument
            is not accepted, or `protocol` names a fact that is stated here.
    """
    if ap not in DEFINITIONS:
        raise ValueError(f"ap is {ap!r}; give one of {', '.join(DEFINITIONS)}.")
    query.check_same_model(gallery)
    facts = _facts(query, gallery, ap=ap, metric=metric, cameras=cameras)
    twice = sorted(facts.keys() & (protocol or {}).keys())
    if twice:
        raise ValueError(f"protocol gives {', '.join(twice)}, which the judge states itself; leave it out.")
    check(query.vectors, gallery.vectors, metric=metric)  # names rows of the whole gallery
    relevant = _without_junk_at_the_ends(gallery.crops)
    relevance = single_query(query.crops, gallery.crops[relevant], cameras=cameras)
    done = [
        ranks(keys.cpu(), relevance(part))
        for part, keys in blocks(query.vectors, gallery.vectors[relevant], metric=metric, block=block, device=device)
    ]
    ranked = Ranks(torch.cat([part.counts for part in done]), torch.cat([part.ranks for part in done]))
    return Scores(
        ap=average_precision(ranked, ap),
        inp=_inverse_negative_penalty(ranked),
        first=_first(ranked),
        protocol={**facts, **(protocol or {})},
    )


def _facts(query: Embeddings, gallery: Embeddings, *, ap: str, metric: str, cameras: bool) -> dict[str, Fact]:
    return {
        "ap": ap,
        "metric": metric,
        "cameras": cameras,
        "junk": f"pid {JUNK}, the query itself" + (", the person from the query's own camera" if cameras else ""),
        "distractors": _count(gallery.crops, DISTRACTOR),
        "queries": len(query.crops),
        "gallery": len(gallery.crops),
        "gallery_junk": _count(gallery.crops, JUNK),
        "model": str(query.model or gallery.model or "not known"),
        "passerby": version("passerby"),
        "torch": torch.__version__,
    }


def _without_junk_at_the_ends(crops: tuple[Crop, ...]) -> slice:
    """What is junk for all queries is spared where that takes no copy; in Market-1501's layout it comes first."""
    kept = [row for row, crop in enumerate(crops) if crop.pid != JUNK]
    return slice(kept[0], kept[-1] + 1) if kept else slice(None)


def _count(crops: tuple[Crop, ...], pid: int) -> int:
    return sum(crop.pid == pid for crop in crops)


def _inverse_negative_penalty(ranked: Ranks) -> Tensor:
    counts, values = ranked
    last = torch.full((len(counts),), math.nan, dtype=torch.float64)
    some = counts > 0
    last[some] = values[counts.cumsum(0)[some] - 1].double()
    return counts / last


def _first(ranked: Ranks) -> Tensor:
    counts, values = ranked
    first = torch.zeros(len(counts), dtype=torch.int64)
    some = counts > 0
    first[some] = values[(counts.cumsum(0) - counts)[some]]
    return first
