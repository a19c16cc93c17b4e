"""Which crops of the gallery are right for a query, and which do not count: two boolean matrices, in blocks."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby.evaluation._rows import picture, rows
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop


class Relevance(NamedTuple):
    """What each crop of the gallery is for each query of a block; neither of the two: a wrong answer.

    Args:
        match: (B, G) bool, True where the crop shows the query's person and counts.
        junk: (B, G) bool, True where the crop is removed before ranking.
    """

    match: Tensor
    junk: Tensor


Galleries = Mapping[int, Sequence[int] | npt.NDArray[np.int64]]
"""Query to the indices into the gallery of the crops that it is searched in."""
Protocol = Callable[[slice], Relevance]
"""Gives the relevance of the gallery for a slice of the queries."""


def protocol(
    queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True, galleries: Galleries | None = None
) -> Protocol:
    """What each crop of the gallery is for each query.

    Junk, removed before ranking, is every crop with pid JUNK, every crop of the query's person from the query's own
    camera, the query itself where it stands in the gallery too (the same file and box), another person's crop that is
    the same picture as a right answer (a box that was given to two people), and, where each query has a gallery of its
    own, every crop that is not in it. Every other crop of the query's person is a match; everything else, distractors
    with it, is a wrong answer. Tracklets and pooled queries are judged by the same rule: a crop stands for each.

    Args:
        queries: Q crops of named people.
        gallery: G crops.
        cameras: False to ignore cameras, so that a crop from the query's own camera is a match.
        galleries: the gallery of each query, 0 .. Q-1; None where all share the whole one.

    Raises:
        ValueError: see `check`; while blocks are made, if a query's gallery is empty or points outside.
    """
    check(queries, gallery, cameras=cameras, galleries=galleries)
    people = rows(crop.pid for crop in gallery)
    pictures = rows(picture(crop) for crop in gallery)
    camids = [crop.camid for crop in gallery]
    twins = {key: some for key, some in pictures.items() if len(some) > 1}
    never = np.array([crop.pid == JUNK for crop in gallery])

    def relevance(part: slice) -> Relevance:
        part = slice(*part.indices(len(queries)))
        block = queries[part]
        match = np.zeros((len(block), len(gallery)), dtype=np.bool_)
        junk = np.tile(never, (len(block), 1))
        for index, query in enumerate(block):
            same = people.get(query.pid, [])
            match[index, same] = True
            out = [row for row in same if camids[row] == query.camid] if cameras else []
            out += pictures.get(picture(query), [])
            match[index, out] = False
            junk[index, out] = True
            for row in same if twins else ():
                if match[index, row]:
                    others = [twin for twin in twins.get(picture(gallery[row]), ()) if not match[index, twin]]
                    junk[index, others] = True
            if galleries is not None:
                outside = np.ones(len(gallery), dtype=np.bool_)
                outside[inside(galleries, part.start + index, len(gallery))] = False
                match[index, outside] = False
                junk[index, outside] = True
        return Relevance(torch.from_numpy(match), torch.from_numpy(junk))

    return relevance


def inside(galleries: Galleries, query: int, size: int) -> npt.NDArray[np.int64]:
    """Indices of one query's gallery, as an array.

    Args:
        galleries: the gallery of each query.
        query: which one.
        size: crops in the whole gallery.

    Raises:
        ValueError: if it is empty, points outside of the whole gallery, or holds anything but whole numbers.
    """
    own = galleries[query]
    if not isinstance(own, Sequence | np.ndarray):
        raise ValueError(f"The gallery of query {query} is {type(own).__name__}; give a list of whole numbers, from 0.")
    if not len(own):
        raise ValueError(f"The gallery of query {query} is empty; give each query one crop or more to search in.")
    given = np.asarray(own)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise ValueError(f"The gallery of query {query} holds {given.dtype}; give a list of whole numbers, from 0.")
    found = given.astype(np.int64)
    if found.min() < 0 or found.max() >= size:
        raise ValueError(
            f"The gallery of query {query} names crop {found[(found < 0) | (found >= size)][0]}; "
            f"there are {size} crops, 0 .. {size - 1}."
        )
    return found


def check(
    queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True, galleries: Galleries | None = None
) -> None:
    """Refuse crops that this protocol says nothing about.

    Args:
        queries: Q crops.
        gallery: G crops.
        cameras: False to ignore cameras.
        galleries: the gallery of each query, or None.

    Raises:
        ValueError: if there is no query or no gallery, a query shows nobody by name, a gallery crop is UNKNOWN,
            cameras count and a query or a person in the gallery has none, or not each query has a gallery where some
            have.
    """
    if not queries or not gallery:
        raise ValueError(f"{len(queries)} queries and {len(gallery)} gallery crops; give at least one of each.")
    if galleries is not None and set(galleries) != set(range(len(queries))):
        raise ValueError(
            f"There are galleries for {len(galleries)} queries and {len(queries)} queries; give one for each, by the "
            "query's number from 0."
        )
    nobody = [crop for crop in queries if crop.pid <= DISTRACTOR]
    if nobody:
        raise ValueError(
            f"{len(nobody)} of {len(queries)} queries show nobody by name (pid {nobody[0].pid}: {nobody[0].path}); "
            "a query needs a pid of 1 or more."
        )
    unnamed = [crop for crop in gallery if crop.pid == UNKNOWN]
    if unnamed:
        raise ValueError(
            f"{len(unnamed)} of {len(gallery)} gallery crops show a person whom nobody has named "
            f"({unnamed[0].path}); name them, or search without judging."
        )
    if not cameras:
        return
    for side, crops in (("queries", queries), ("gallery crops", gallery)):
        bare = [crop for crop in crops if crop.pid > DISTRACTOR and crop.camid is None]
        if bare:
            raise ValueError(
                f"{len(bare)} of {len(crops)} {side} have no camera (camid; {bare[0].path}), and this protocol leaves "
                "out crops from the query's own camera; give cameras, or judge without (--no-cameras; cameras=False)."
            )
