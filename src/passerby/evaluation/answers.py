"""How many crops of the gallery are right for each query, without any ranking."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from passerby.evaluation.protocol import Galleries, check, inside
from passerby.evaluation.rows import picture, rows
from passerby.types import Crop


def answers(
    queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True, galleries: Galleries | None = None
) -> Tensor:
    """Number of matches of each query under `protocol`, from counts by person and camera.

    Args:
        queries: Q crops of named people.
        gallery: G crops.
        cameras: False to ignore cameras.
        galleries: the gallery of each query, or None where all share the whole one.

    Returns:
        (Q,) int64, 0 where nothing in the gallery is right.

    Raises:
        ValueError: see `protocol.protocol`.
    """
    check(queries, gallery, cameras=cameras, galleries=galleries)
    if galleries is not None:
        return _in_own_galleries(queries, gallery, galleries, cameras=cameras)
    people = Counter(crop.pid for crop in gallery)
    own_camera = Counter((crop.pid, crop.camid) for crop in gallery)
    itself = rows(picture(crop) for crop in gallery)
    counts = []
    for query in queries:
        count = people[query.pid] - (own_camera[query.pid, query.camid] if cameras else 0)
        # The query itself, where it stands in the gallery, unless its camera has taken it out already.
        for row in itself.get(picture(query), ()):
            same = gallery[row]
            count -= same.pid == query.pid and not (cameras and same.camid == query.camid)
        counts.append(count)
    return torch.tensor(counts, dtype=torch.int64)


def _in_own_galleries(
    queries: Sequence[Crop], gallery: Sequence[Crop], galleries: Galleries, *, cameras: bool
) -> Tensor:
    people = rows(crop.pid for crop in gallery)
    counts = []
    for index, query in enumerate(queries):
        there = inside(galleries, index, len(gallery))
        right = [
            row
            for row in people.get(query.pid, [])
            if picture(gallery[row]) != picture(query) and not (cameras and gallery[row].camid == query.camid)
        ]
        counts.append(int(np.isin(right, there).sum()) if right else 0)
    return torch.tensor(counts, dtype=torch.int64)
