"""Triplets that are hard for the network as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Mining:
    """How triplets are found while training.

    Source: Almazan, Gajic, Murray, Larlus, Re-ID done right, section 3.2, "Hard Triplet Mining", and section 4.1.

    Args:
        updates: updates of the weights that count as one epoch.
        triplets: of one update.
        pool: N, random pictures that triplets are chosen among.
        every: k, updates after which a new pool is drawn and embedded.
        hardest: of a query, how many of its triplets with the largest loss are drawn from.
        at_once: triplets that go through the network together; a matter of memory, not of the result.

    Raises:
        ValueError: if one of them is below 1, or the pool below 3.
    """

    updates: int = 512
    triplets: int = 64
    pool: int = 5000
    every: int = 16
    hardest: int = 25
    at_once: int = 8

    def __post_init__(self) -> None:
        for name in ("updates", "triplets", "every", "hardest", "at_once"):
            if getattr(self, name) < 1:
                raise ValueError(f"batches.{name} is {getattr(self, name)}; give 1 or more.")
        if self.pool < 3:
            raise ValueError(f"batches.pool is {self.pool}; a triplet needs 3 pictures.")


def hardest_triplets(vectors: Tensor, pids: Sequence[int], query: int, *, count: int) -> list[tuple[int, int]]:
    """A query's triplets with the largest loss: (positive, negative), the largest first.

    The loss is m + q d- - q d+ before it is cut off at 0; of equal losses the lower positive comes first, then the
    lower negative. Since the loss is a sum of a term of the positive and one of the negative, the `count` largest lie
    among the `count` least similar positives and the `count` most similar negatives.

    Args:
        vectors: (N, D) unit vectors.
        pids: identity of each of the N pictures.
        query: index of the query; it is no positive of its own.
        count: how many, fewer where the query has fewer.

    Raises:
        ValueError: if the query has no other picture of its person, or none of another one.
    """
    return _hardest(vectors @ vectors[query], torch.as_tensor(pids), query, count)


def _hardest(similarity: Tensor, people: Tensor, query: int, count: int) -> list[tuple[int, int]]:
    similarity = similarity.double().cpu()
    same = people == people[query]
    negatives = (~same).nonzero().flatten()
    same[query] = False
    positives = same.nonzero().flatten()
    if not len(positives) or not len(negatives):
        raise ValueError(f"Picture {query} has {len(positives)} positives and {len(negatives)} negatives in the pool.")
    # a stable sort keeps the lower index first among equals
    positives = positives[similarity[positives].argsort(stable=True)[:count]].sort().values
    negatives = negatives[similarity[negatives].argsort(descending=True, stable=True)[:count]].sort().values
    loss = similarity[negatives].unsqueeze(0) - similarity[positives].unsqueeze(1)
    best = loss.flatten().argsort(descending=True, stable=True)[:count]
    rows, columns = best // len(negatives), best % len(negatives)
    return list(zip(positives[rows].tolist(), negatives[columns].tolist(), strict=True))


def draw_pool(pids: Sequence[int], *, size: int, generator: Generator) -> list[int]:
    """Indices of `size` random pictures, ascending; all of them where there are fewer.

    Raises:
        ValueError: if no two of them show one person, or all of them do.
    """
    chosen = torch.randperm(len(pids), generator=generator)[:size].sort().values.tolist()
    people = [pids[index] for index in chosen]
    if len(set(people)) in (1, len(people)):
        raise ValueError(
            f"A pool of {len(chosen)} pictures shows {len(set(people))} people, so there is no triplet in it; "
            "give a larger batches.pool, or more pictures of each person."
        )
    return chosen


def draw_triplets(
    vectors: Tensor, pids: Sequence[int], *, count: int, hardest: int, generator: Generator
) -> list[tuple[int, int, int]]:
    """Random (query, positive, negative): a random query, and one of its `hardest` triplets.

    Args:
        vectors: (N, D) unit vectors of the pool.
        pids: identity of each.
        count: how many triplets.
        hardest: see `hardest_triplets`.
        generator: of all chance.
    """
    people = torch.as_tensor(pids)
    times = people.bincount()
    queries = (times[people] > 1).nonzero().flatten()
    drawn = queries[torch.randint(len(queries), (count,), generator=generator)]
    asked = sorted(set(drawn.tolist()))
    rows = zip(asked, vectors[asked] @ vectors.T, strict=True)
    found = {query: _hardest(similarity, people, query, hardest) for query, similarity in rows}
    triplets = []
    for query in drawn.tolist():
        choice = int(torch.randint(len(found[query]), (), generator=generator))
        triplets.append((query, *found[query][choice]))
    return triplets
