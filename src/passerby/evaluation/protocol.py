"""Which crops of the gallery are right for a query, and which do not count: two boolean matrices, in blocks."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
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


Protocol = Callable[[slice], Relevance]
"""Gives the relevance of the gallery for a slice of the queries."""


def protocol(queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True) -> Protocol:
    """The protocol of single queries.

    Junk, removed before ranking, is every crop with pid JUNK, every crop of the query's person from the query's own
    camera, and the query itself where it stands in the gallery too (the same file and box). Every other crop of the
    query's person is a match; everything else, distractors with it, is a wrong answer.

    Args:
        queries: Q crops of named people.
        gallery: G crops.
        cameras: False to ignore cameras, so that a crop from the query's own camera is a match.

    Raises:
        ValueError: see `check`.
    """
    check(queries, gallery, cameras=cameras)
    people = rows(crop.pid for crop in gallery)
    pictures = rows(picture(crop) for crop in gallery)
    camids = [crop.camid for crop in gallery]
    never = np.array([crop.pid == JUNK for crop in gallery])

    def relevance(part: slice) -> Relevance:
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
        return Relevance(torch.from_numpy(match), torch.from_numpy(junk))

    return relevance


def check(queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True) -> None:
    """Refuse crops that this protocol says nothing about.

    Raises:
        ValueError: if there is no query or no gallery, a query shows nobody by name, a gallery crop is UNKNOWN, or
            cameras count and a query or a person in the gallery has none.
    """
    if not queries or not gallery:
        raise ValueError(f"{len(queries)} queries and {len(gallery)} gallery crops; give at least one of each.")
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
                "out crops from the query's own camera; give cameras, or judge without them (cameras=False)."
            )
