"""Crops counted by every kind of keys, in every kind of pieces, and as a plain loop over fractions."""

import numpy as np

from awkward import exact
from passerby.search.counting.closer import closer
from passerby.search.counting.sides import sides
from passerby.search.counting.targets import targets

KEYS = [None, "classes", (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]


def nothing(some, tile):
    return np.empty(0, np.int64), np.empty(0, np.int64)


def listed(out):
    """What is left out, of one array of rows for each query."""

    def left_out(some, tile):
        pairs = [
            (place, row - tile.start)
            for place, query in enumerate(some.tolist())
            for row in out[query].tolist()
            if tile.start <= row < tile.stop
        ]
        places, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return places, columns

    return left_out


def made(queries, crops, metric, wanted):
    """Targets: the same rows of the gallery for each query."""
    both = sides(queries, crops, metric)
    return targets(both, np.repeat(np.arange(len(queries)), len(wanted)), np.tile(wanted, len(queries)))


def counts(found, crops=None, *, rows=None, out=None, memory=None):
    """How many crops are ahead of each target, by query and row of the gallery."""
    crops = found.sides if crops is None else crops
    rows = np.arange(len(crops.crops)) if rows is None else rows
    left_out = nothing if out is None else listed(out)
    ahead = closer(found, crops, rows=rows, left_out=left_out, memory=memory)
    return dict(zip(zip(found.queries.tolist(), found.rows.tolist(), strict=True), ahead.tolist(), strict=True))


def plain(found, crops=None, *, rows=None, out=None):
    """The same by a loop over fractions; further crops stand after the gallery."""
    after = crops is not None
    crops = found.sides if crops is None else crops
    metric = crops.metric
    rows = range(len(crops.crops)) if rows is None else rows.tolist()
    told = {}
    for query in sorted(set(found.queries.tolist())):
        asked = crops.queries[query].tolist()
        keys = [exact(asked, crop, metric) for crop in crops.crops.tolist()]
        for target in found.rows[found.queries == query].tolist():
            mine = exact(asked, found.sides.crops[target].tolist(), metric)
            gone = set() if out is None else set(out[query].tolist())
            told[query, target] = sum(
                keys[row] < mine or (keys[row] == mine and not after and row < target)
                for place, row in enumerate(rows)
                if place not in gone
            )
    return told
