"""How many crops of the gallery are right for each query, without any ranking."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from passerby.evaluation._rows import picture, rows
from passerby.evaluation.protocol import check
from passerby.types import Crop


def answers(queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True) -> Tensor:
    """Number of matches of each query under `protocol`, from counts by person and camera.

    Args:
        queries: Q crops of named people.
        gallery: G crops.
        cameras: False to ignore cameras.

    Returns:
        (Q,) int64, 0 where nothing in the gallery is right.

    Raises:
        ValueError: see `protocol.check`.
    """
    check(queries, gallery, cameras=cameras)
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
