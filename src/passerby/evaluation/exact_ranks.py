"""The ranks of all right answers, as exact arithmetic on the vectors gives them."""

from typing import NamedTuple

import numpy as np
import torch

from passerby.evaluation.protocol import Galleries, inside, places
from passerby.evaluation.ranks import Ranks
from passerby.search.counting.closer import LeftOut, closer
from passerby.search.counting.sides import Ints, sides
from passerby.search.counting.targets import Targets, targets
from passerby.types import JUNK, Embeddings


class ExactRanks(NamedTuple):
    """Ranks, and what is needed to add crops to the gallery.

    Args:
        ranks: of the matches of each query.
        targets: the matches, in the same order.
    """

    ranks: Ranks
    targets: Targets


def exact_ranks(
    query: Embeddings,
    gallery: Embeddings,
    *,
    metric: str,
    cameras: bool,
    galleries: Galleries | None = None,
    memory: int | None = None,
    device: torch.device | str = "cpu",
) -> ExactRanks:
    """Rank of each match, once junk is removed; crops of equal distance keep the gallery's order.

    Args:
        query: Q descriptors of named people.
        gallery: G descriptors.
        metric: one of `distance.METRICS`.
        cameras: False to ignore cameras.
        galleries: the gallery of each query; None where all share the whole one.
        memory: bytes that may be held beside the vectors, see `search.counting.closer`.
        device: where products are computed; it changes no rank.

    Raises:
        ValueError: see `protocol.protocol`, `distance.blocks` and `search.closer`.
    """
    listed = places(query.crops, gallery.crops, cameras=cameras, galleries=galleries)
    found = [listed(index) for index in range(len(query.crops))]
    both = sides(query.vectors, gallery.vectors, metric)
    counts = np.array([len(match) for match, _ in found])
    wanted = targets(both, np.repeat(np.arange(len(found)), counts), _flat([match for match, _ in found]))
    kept = np.flatnonzero(np.array([crop.pid for crop in gallery.crops]) != JUNK)
    out = _left_out([match + junk for match, junk in found], kept, len(gallery.crops), galleries)
    ahead = closer(wanted, both, rows=kept, left_out=out, memory=memory, device=device)
    own = np.arange(len(ahead)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ExactRanks(Ranks(torch.from_numpy(counts), torch.from_numpy(1 + own + ahead)), wanted)


def added(
    before: ExactRanks,
    query: Embeddings,
    part: Embeddings,
    *,
    memory: int | None = None,
    device: torch.device | str = "cpu",
) -> ExactRanks:
    """The ranks once more crops stand after the gallery, none of which is right for any query.

    Args:
        before: the ranks without them.
        query: the queries.
        part: the crops.
        memory: see `exact_ranks`.
        device: likewise.
    """
    both = sides(query.vectors, part.vectors, before.targets.sides.metric)
    ahead = closer(
        before.targets,
        both,
        rows=np.arange(len(part.crops)),
        left_out=lambda some, tile: (np.empty(0, np.int64), np.empty(0, np.int64)),
        memory=memory,
        device=device,
    )
    counts, values = before.ranks
    return ExactRanks(Ranks(counts, values + torch.from_numpy(ahead)), before.targets)


def _left_out(lists: list[list[int]], kept: Ints, size: int, galleries: Galleries | None) -> LeftOut:
    """What is not counted for a query: what is listed, and what is not in its own gallery."""
    column_of = np.full(size, -1)
    column_of[kept] = np.arange(len(kept))
    counts = np.array([len(rows) for rows in lists])
    starts = np.concatenate(([0], np.cumsum(counts)))
    queries, columns = np.repeat(np.arange(len(lists)), counts), column_of[_flat(lists)]

    def out(some: Ints, tile: slice) -> tuple[Ints, Ints]:
        listed = slice(starts[some[0]], starts[some[-1] + 1])
        here = (columns[listed] >= tile.start) & (columns[listed] < tile.stop)
        owners, places = queries[listed][here], columns[listed][here] - tile.start
        place_of = np.full(len(lists), -1)
        place_of[some] = np.arange(len(some))
        blocks, wanted = place_of[owners], place_of[owners] >= 0
        if galleries is None:
            return blocks[wanted], places[wanted]
        gone = np.ones((len(some), tile.stop - tile.start), dtype=np.bool_)
        for block, query in enumerate(some.tolist()):
            own = column_of[inside(galleries, query, size)] - tile.start
            gone[block, own[(own >= 0) & (own < gone.shape[1])]] = False
        gone[blocks[wanted], places[wanted]] = True
        return gone.nonzero()[0], gone.nonzero()[1]

    return out


def _flat(lists: list[list[int]]) -> Ints:
    return np.array([row for rows in lists for row in rows], dtype=np.int64)
