"""From the ranks of right answers to scores, with the facts that they depend on."""

import math
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

import torch
from torch import Tensor

from passerby.evaluation.average_precision import DEFINITIONS, average_precision
from passerby.evaluation.digest import digest, digest_of_galleries
from passerby.evaluation.protocol import Galleries, check
from passerby.evaluation.ranks import Ranks
from passerby.evaluation.scores import Scores
from passerby.types import DISTRACTOR, JUNK, Crop, Embeddings

Fact = str | int | float | bool | None
"""One fact of a protocol."""


def stated(
    query: Embeddings,
    gallery: Embeddings,
    *,
    ap: str,
    metric: str,
    cameras: bool,
    galleries: Galleries | None,
    more: Mapping[str, Fact] | None,
    post_processing: str = "none",
) -> dict[str, Fact]:
    """The facts that a judge states itself, and `more`; arguments and errors as those of `score`."""
    if ap not in DEFINITIONS:
        raise ValueError(f"ap is {ap!r}; give one of {', '.join(DEFINITIONS)}.")
    query.check_same_model(gallery)
    check(query.crops, gallery.crops, cameras=cameras, galleries=galleries)
    own = galleries is not None and digest_of_galleries(galleries, len(query.crops), len(gallery.crops))
    facts: dict[str, Fact] = {
        "ap": ap,
        "metric": metric,
        "cameras": cameras,
        "junk": f"pid {JUNK}, the query itself" + (", the person from the query's own camera" if cameras else ""),
        "distractors": _count(gallery.crops, DISTRACTOR),
        "distractors_added": 0,
        "queries": len(query.crops),
        "gallery": len(gallery.crops),
        "gallery_junk": _count(gallery.crops, JUNK),
        "galleries": f"one for each query (sha256 {own})" if own else "one for all queries",
        "query_sha256": digest(query.crops),
        "gallery_sha256": digest(gallery.crops),
        "post_processing": post_processing,
        "model": str(query.model or gallery.model or "not known"),
        "passerby": _version("passerby"),
        "torch": torch.__version__,
    }
    twice = sorted(facts.keys() & (more or {}).keys())
    if twice:
        raise ValueError(f"protocol gives {', '.join(twice)}, which the judge states itself; leave it out.")
    return {**facts, **(more or {})}


def scores_of(ranked: Ranks, query: Embeddings, *, ap: str, protocol: Mapping[str, Fact]) -> Scores:
    """The scores of the queries whose matches have these ranks."""
    return Scores(
        ap=average_precision(ranked, ap),
        inp=_inverse_negative_penalty(ranked),
        first=_first(ranked),
        protocol=protocol,
        people=torch.tensor([crop.pid for crop in query.crops], dtype=torch.int64),
    )


@cache
def _version(package: str) -> str:
    return version(package)


def _count(crops: tuple[Crop, ...], pid: int) -> int:
    return [crop.pid for crop in crops].count(pid)


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
