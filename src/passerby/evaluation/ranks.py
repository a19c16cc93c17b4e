"""The ranks of all right answers, by counting what is closer: no sort of the gallery."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby.evaluation.protocol import Relevance


class Ranks(NamedTuple):
    """Where the matches of a block of queries stand.

    Args:
        counts: (B,) int64 number of matches of each query, 0 or more.
        ranks: (sum of counts,) int64 rank of each match among the kept crops, from 1; query after query, ascending in
            each.
    """

    counts: Tensor
    ranks: Tensor


def ranks(keys: Tensor, relevance: Relevance) -> Ranks:
    """Rank of each match, once junk is removed; crops of equal distance keep the gallery's order.

    A match's rank is 1 plus the number of kept crops that are closer, or equally close and before it in the gallery.

    Args:
        keys: (B, G) float32 on the CPU, smaller is closer, finite.
        relevance: match and junk, each (B, G) bool; no crop is both.

    Raises:
        ValueError: if the shapes differ or a key is not finite.
    """
    match, junk = relevance
    if not keys.shape == match.shape == junk.shape:
        raise ValueError(
            f"keys are {tuple(keys.shape)}, match {tuple(match.shape)}, junk {tuple(junk.shape)}; give one shape."
        )
    if not keys.sum(dim=1).isfinite().all() and not keys.isfinite().all():
        raise ValueError("A distance is NaN or infinite; give finite descriptors.")
    height, width = keys.shape
    rows, places = (match.nonzero() if 0 in keys.shape else _places(match)).unbind(dim=1)
    counts = torch.bincount(rows, minlength=height)
    pieces = places.numpy()
    ends = counts.cumsum(0).tolist()
    found = np.empty(len(pieces), dtype=np.int64)
    kept = np.empty(width, dtype=np.float32)
    closer = np.empty(width, dtype=np.bool_)
    all_keys, all_junk = keys.numpy(), junk.numpy()
    start = 0
    for query, end in enumerate(ends):
        if end > start:
            np.copyto(kept, all_keys[query])
            np.putmask(kept, all_junk[query], math.inf)
            found[start:end] = np.sort(_count(kept, pieces[start:end], closer))
        start = end
    return Ranks(counts, torch.from_numpy(found))


def _places(match: Tensor) -> Tensor:
    flat = torch.from_numpy(np.flatnonzero(match.contiguous().numpy()))
    return torch.stack((flat // match.shape[1], flat % match.shape[1]), dim=1)


def _count(kept: npt.NDArray[np.float32], places: npt.NDArray[np.int64], closer: npt.NDArray[np.bool_]) -> list[int]:
    found = []
    for place in places.tolist():
        key = kept[place]
        np.less_equal(kept[:place], key, out=closer[:place])
        np.less(kept[place:], key, out=closer[place:])
        found.append(1 + int(np.count_nonzero(closer)))
    return found
