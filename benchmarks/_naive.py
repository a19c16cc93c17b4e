"""The usual judge, restated: the whole matrix of distances, a full sort of it, one query after another."""

import numpy as np
import numpy.typing as npt

from _made import Floats, Side, read
from _measure import Result, scaled, spend, total

PAIR_BYTES = 25
"""What a pair of query and crop takes: distance 4, place 8, person in that place 8, right or wrong 5."""
WHOLE = 4.5e9
"""Bytes that the matrices may take; where all queries need more, as many as fit are judged, and the rest is scaled."""
LOOPED = 40
"""Queries that are judged by a loop over ranks as well, at most; what that takes is scaled to all."""
JUNK = -1
Values = npt.NDArray[np.float64]


def naive(folder: str, most: int | None = None) -> Result:
    """Time, memory and scores of the usual judge on the first queries, with what all of them would take."""
    query, gallery = read(folder, "query"), _without_junk(read(folder, "gallery", most))
    units, prepared = spend(lambda: (_unit(query.vectors), _unit(gallery.vectors)))
    count = min(len(query.pids), max(1, int(WHOLE / (PAIR_BYTES * len(gallery.pids)))))
    few = Side(units[0][:count], query.pids[:count], query.camids[:count])
    others = Side(units[1], gallery.pids, gallery.camids)
    (precisions, first), judged = spend(lambda: judge(few, others))
    looped = Side(few.vectors[:LOOPED], few.pids[:LOOPED], few.camids[:LOOPED])
    _, loop = spend(lambda: judge(looped, others, by_rank=True))
    return {
        "queries": count,
        "scaled": count < len(query.pids),
        **total(prepared, scaled(judged, len(query.pids) / count)),
        "measured_cpu_s": prepared["cpu_s"] + judged["cpu_s"],
        "measured_added_mb": prepared["added_mb"] + judged["added_mb"],
        "mAP": float(np.nanmean(precisions)),
        "rank1": float(np.nanmean(first)),
        "ap": precisions.tolist(),
        "loop": {
            "queries": len(looped.pids),
            "cpu_s": prepared["cpu_s"] + loop["cpu_s"] * len(query.pids) / len(looped.pids),
        },
    }


def judge(query: Side, gallery: Side, *, by_rank: bool = False) -> tuple[Values, Values]:
    """Average precision of each query, and 1 where the first crop of its ranking is right; nan without a right one.

    With `by_rank` the precision at each rank comes from a loop in Python, as most public programs have it.
    """
    distances = 1 - query.vectors @ gallery.vectors.T
    order = np.argsort(distances, axis=1)
    right = (gallery.pids[order] == query.pids[:, None]).astype(np.int32)
    precisions, first = np.full((2, len(order)), np.nan)
    for row, (places, camera) in enumerate(zip(order, query.camids, strict=True)):
        same = (gallery.pids[places] == query.pids[row]) & (gallery.camids[places] == camera)
        hits = right[row][~same]
        if hits.any():
            found = hits.cumsum()
            precision = (
                np.asarray([right_ones / (place + 1.0) for place, right_ones in enumerate(found)])
                if by_rank
                else found / (np.arange(len(hits)) + 1.0)
            )
            precisions[row] = (precision * hits).sum() / hits.sum()
            first[row] = hits[0]
    return precisions, first


def _without_junk(side: Side) -> Side:
    """The usual programs leave junk out when they read the gallery."""
    kept = side.pids != JUNK
    return Side(side.vectors[kept], side.pids[kept], side.camids[kept])


def _unit(vectors: Floats) -> Floats:
    found: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found
