"""Which crops of the gallery are right for a query, and which do not count: two boolean matrices, in blocks."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby.evaluation.rows import picture, rows
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
Places = Callable[[int], tuple[list[int], list[int]]]
"""Gives rows of matches and of junk for one query."""


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
    listed = places(queries, gallery, cameras=cameras, galleries=galleries)
    never = np.array([crop.pid == JUNK for crop in gallery])

    def relevance(part: slice) -> Relevance:
        part = slice(*part.indices(len(queries)))
        match = np.zeros((part.stop - part.start, len(gallery)), dtype=np.bool_)
        junk = np.tile(never, (len(match), 1))
        for index, query in enumerate(range(part.start, part.stop)):
            right, out = listed(query)
            match[index, right] = True
            junk[index, out] = True
            if galleries is not None:
                outside = np.ones(len(gallery), dtype=np.bool_)
                outside[inside(galleries, query, len(gallery))] = False
                junk[index, outside] = True
        return Relevance(torch.from_numpy(match), torch.from_numpy(junk))

    return relevance


def places(
    queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True, galleries: Galleries | None = None
) -> Places:
    """The same as lists, which are short however large the gallery.

    Junk that is the same for all queries, or not in a query's own gallery, is not listed. Arguments and errors are
    those of `protocol`.

    Returns:
        A function that gives one query's rows of matches, and of what is removed before ranking, each ascending.
    """
    check(queries, gallery, cameras=cameras, galleries=galleries)
    people = rows(crop.pid for crop in gallery)
    first, twins = _pictures(gallery)

    def listed(index: int) -> tuple[list[int], list[int]]:
        query = queries[index]
        same = people.get(query.pid, [])
        out = {row for row in same if gallery[row].camid == query.camid} if cameras else set()
        itself = first.get(picture(query))
        if itself is not None:
            out.update(twins.get(picture(query), (itself,)))
        match = [row for row in same if row not in out]
        if twins:
            right = set(match)
            out.update(twin for row in match for twin in twins.get(picture(gallery[row]), ()) if twin not in right)
        if galleries is not None:
            there = set(inside(galleries, index, len(gallery)).tolist())
            match, out = [row for row in match if row in there], out & there
        return match, sorted(out)

    return listed


def _pictures(gallery: Sequence[Crop]) -> tuple[dict[Hashable, int], dict[Hashable, list[int]]]:
    """The first row of each picture, and all rows of those that stand there more than once."""
    first: dict[Hashable, int] = {}
    twins: dict[Hashable, list[int]] = {}
    for row, crop in enumerate(gallery):
        key = picture(crop)
        before = first.setdefault(key, row)
        if before != row:
            twins.setdefault(key, [before]).append(row)
    return first, twins


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
