"""One person looked for in a gallery: answers with what they are worth."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from passerby.gallery.contract import MOST, Gallery, Hit, OtherModel, Way
from passerby.gallery.cosines import cosines
from passerby.gallery.pooled import pooled
from passerby.gallery.rate import RATE
from passerby.gallery.record import Record, Vector
from passerby.gallery.reranked import reranked
from passerby.gallery.where import EVERYTHING, Where
from passerby.search.expand import expand as moved

if TYPE_CHECKING:  # calibration imports much that a search does without
    from passerby.calibration.calibration import Calibration

DEEP, DEEPEST = 200, 1000
"""Answers that are re-ranked: so many at least, and so many at most; those behind keep their place."""
MOST_EXPANDED = 100
"""Neighbours that a query may be moved towards."""


class Found(NamedTuple):
    """An answer: a record without its thumbnail, its cosine similarity to the query, and the probability.

    The probability is that of the same person, at the prior that the calibration states; None without one.
    """

    record: Record
    similarity: float
    probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What was found, and whether it may be nobody.

    Args:
        hits: the records found, in order.
        size: how many records were searched: those that pass the filter.
        calibrated: whether the model's similarities are calibrated; where not, and where no record was searched, the
            five that follow are None.
        nobody_below: below this similarity an answer is probably not the person, at the rate asked for.
        probably_nobody: whether the most similar record of all is below that.
        top1: probability that the most similar record of all is the person.
        nobody_misses: share of searches for somebody who is there whose best answer lies below `nobody_below` all the
            same; None as well where the calibration does not say.
        nobody_measured: whether both were measured for so many records and such a rate, not carried on from smaller
            galleries or fewer people.
    """

    hits: list[Found]
    size: int
    calibrated: bool
    nobody_below: float | None
    probably_nobody: bool | None
    top1: float | None
    nobody_misses: float | None
    nobody_measured: bool | None


def look_for(
    gallery: Gallery,
    queries: Vector,
    *,
    k: int = 50,
    where: Where = EVERYTHING,
    way: Way = "approximate",
    camera: int | None = None,
    without: Collection[str] = (),
    calibration: "Calibration | None" = None,
    rate: float = RATE,
    expand: int = 0,
    rerank: bool = False,
    size: int | None = None,
) -> Answer:
    """Look for the person of some pictures.

    Whatever decides the order, `similarity` is the cosine to the query as it was given (several pictures pooled), and
    probability and `nobody_below` are read from it, since it is what was calibrated.

    Args:
        gallery: where to look.
        queries: (Q, D) float32, descriptors of pictures of one person; they are pooled (`pooled`).
        k: how many answers, 1 .. MOST; fewer where fewer pass the filter.
        where: which records may be found.
        way: see `Gallery.search`.
        camera: which camera the pictures are from, for a calibration by pair of cameras; None where it is not known.
        without: ids of records that are left out.
        calibration: of the model whose vectors these are; None where there is none.
        rate: how often, at most, somebody who is not in the gallery may be given a false answer; between 0 and 1.
        expand: move the query to the mean of itself and its so many nearest answers, and search again; 0 for not,
            at most MOST_EXPANDED.
        rerank: order the first DEEP to DEEPEST answers by k-reciprocal re-ranking among themselves (`reranked`), after
            expansion.
        size: how many records pass the filter, if that is known already; counted by default.

    Raises:
        ValueError: if an argument is out of range, see `pooled`, `Gallery.search` and `search.expand.expand`.
        OtherModel: if the calibration is another model's.
        Unavailable: if the store cannot be reached.
    """
    _check(gallery, k, calibration, rate, expand)
    query = pooled(queries)
    depth = max(k, DEEP) if rerank else k
    hits, all_there = _search(gallery, query, max(depth, expand), where=where, way=way, without=without)
    if size is None:
        size = gallery.count(where) - _counted(gallery, where, without) if all_there is None else all_there
    size = max(size, len(hits))  # some may have been deleted since they were found
    best = hits[0].similarity if hits else None
    asked = query
    if expand and hits:
        asked = _moved(query, [hit.record for hit in hits[:expand]])
        hits, _ = _search(gallery, asked, depth, where=where, way=way, without=without)
        alike = cosines(np.stack([hit.record.embedding for hit in hits]), query) if hits else []
        hits = [Hit(hit.record, cosine) for hit, cosine in zip(hits, alike, strict=True)]
    if rerank and hits:
        order = reranked(asked, np.stack([hit.record.embedding for hit in hits[:DEEPEST]]))
        hits = [*(hits[row] for row in order), *hits[DEEPEST:]]
    hits = hits[:k]
    probabilities = _probabilities(hits, camera, calibration)
    found = [Found(hit.record, hit.similarity, worth) for hit, worth in zip(hits, probabilities, strict=True)]
    return _worth(found, size, best, calibration, rate)


def _worth(found: list[Found], size: int, best: float | None, calibration: "Calibration | None", rate: float) -> Answer:
    """The answer, and what is known of the most similar record of all."""
    if calibration is None or best is None:
        return Answer(
            hits=found,
            size=size,
            calibrated=calibration is not None,
            nobody_below=None,
            probably_nobody=None,
            top1=None,
            nobody_misses=None,
            nobody_measured=None,
        )
    below = calibration.nobody_below(rate, size=size)
    return Answer(
        hits=found,
        size=size,
        calibrated=True,
        nobody_below=below,
        probably_nobody=best < below,
        top1=calibration.top1(best, size=size),
        nobody_misses=calibration.nobody_misses(rate, size=size),
        nobody_measured=calibration.measured(rate, size=size),
    )


def _check(gallery: Gallery, k: int, calibration: "Calibration | None", rate: float, expand: int) -> None:
    if not 1 <= k <= MOST:
        raise ValueError(f"k is {k}; give 1 .. {MOST} answers.")
    if not 0 < rate < 1:
        raise ValueError(f"rate is {rate}; give a share of searches between 0 and 1, such as 0.01.")
    if not 0 <= expand <= MOST_EXPANDED:
        raise ValueError(f"expand is {expand}; give 0 (not) .. {MOST_EXPANDED} neighbours.")
    if calibration is not None and calibration.model != gallery.about.model:
        raise OtherModel(
            f"The calibration is of {calibration.model}, and the gallery holds vectors of {gallery.about.model}; "
            "calibrate that model."
        )


def _search(
    gallery: Gallery, query: Vector, k: int, *, where: Where, way: Way, without: Collection[str]
) -> tuple[list[Hit], int | None]:
    """The k nearest that are not left out, of at most MOST that are looked at; and how many pass, where all were."""
    asked = min(MOST, k + len(without))
    hits = gallery.search(query[None], asked, where=where, way=way)[0]
    kept = [Hit(hit.record, max(-1.0, min(1.0, hit.similarity))) for hit in hits if hit.record.id not in without]
    return kept[:k], len(kept) if len(hits) < asked else None


def _counted(gallery: Gallery, where: Where, without: Collection[str]) -> int:
    """How many of those left out would pass the filter."""
    asked = tuple(sorted(set(without) if where.ids is None else set(without) & set(where.ids)))
    return gallery.count(replace(where, ids=asked)) if asked else 0


def _moved(query: Vector, near: Sequence[Record]) -> Vector:
    vectors = torch.from_numpy(np.stack([record.embedding for record in near]))
    found: Vector = moved(torch.from_numpy(query[None]), vectors, len(near)).numpy()[0]
    return found


def _probabilities(
    hits: Sequence[Hit], camera: int | None, calibration: "Calibration | None"
) -> list[float] | list[None]:
    if calibration is None:
        return [None] * len(hits)
    found = np.empty(len(hits))
    similarities = np.array([hit.similarity for hit in hits])
    other = [None if camera is None else hit.record.camid for hit in hits]
    for camid in set(other):
        rows = [row for row, one in enumerate(other) if one == camid]
        found[rows] = calibration.probability(similarities[rows], cameras=None if camera is None else (camera, camid))
    return [float(worth) for worth in found]
