"""Which pictures go through a step together: an epoch's batches as lists of indices."""

from collections.abc import Sequence

import numpy as np


def shuffled(pids: Sequence[int], *, size: int, seed: int, epoch: int) -> list[list[int]]:
    """Every picture once, in a random order, cut into batches; what does not fill the last one is left out.

    Raises:
        ValueError: if size is below 1 or above the number of pictures.
    """
    if not 1 <= size <= len(pids):
        raise ValueError(f"batches.size is {size} for {len(pids)} pictures; give 1 .. {len(pids)}.")
    order = np.random.default_rng([seed, epoch]).permutation(len(pids)).tolist()
    return [order[start : start + size] for start in range(0, len(order) - size + 1, size)]


def people_by_pictures(pids: Sequence[int], *, people: int, pictures: int, seed: int, epoch: int) -> list[list[int]]:
    """P people with K pictures each ("P x K"), as often as the number of pictures needs.

    People take turns in a random order, and so do the pictures of each; a person with fewer than K pictures is shown
    some of them again. Each epoch has the same number of batches: pictures / (P * K), rounded down, at least 1.
    Source: Hermans, Beyer, Leibe, In Defense of the Triplet Loss for Person Re-Identification, section 2 ("PK").
    Differs: the paper draws people and pictures at random. By turns all people are seen equally often, however many
    pictures they have; many published samplers show people as often as they have pictures.

    Args:
        pids: identity of each picture of the training set.
        people: P, 2 or more.
        pictures: K, 2 or more.
        seed: of the training.
        epoch: from 0.

    Raises:
        ValueError: if P or K is below 2, or there are fewer than P people.
    """
    if people < 2 or pictures < 2:
        raise ValueError(f"batches.people is {people} and batches.pictures {pictures}; give 2 or more of both.")
    random = np.random.default_rng([seed, epoch])
    labels = np.asarray(pids)
    unique = np.unique(labels)
    if len(unique) < people:
        raise ValueError(
            f"The training set has {len(unique)} people, and a batch wants {people}; set batches.people to "
            f"{len(unique)} or less, or give more people."
        )
    piles = {pid: _Pile(np.flatnonzero(labels == pid), random) for pid in unique.tolist()}
    queue = _Pile(unique, random)
    count = max(1, len(labels) // (people * pictures))
    return [[index for pid in queue.take(people) for index in piles[pid].take(pictures)] for _ in range(count)]


class _Pile:
    """Cards dealt from a shuffled pile that is shuffled anew when it runs out."""

    def __init__(self, cards: np.ndarray, random: np.random.Generator) -> None:
        self.cards = cards
        self.random = random
        self.rest: list[int] = []

    def take(self, count: int) -> list[int]:
        """Deal `count` cards, none twice as long as the pile has that many."""
        dealt: list[int] = []
        while len(dealt) < count:
            if not self.rest:
                fresh = self.random.permutation(self.cards).tolist()
                # what this hand already holds goes to the end, so that it comes again last
                self.rest = [card for card in fresh if card not in dealt] + [card for card in fresh if card in dealt]
            dealt.append(self.rest.pop(0))
        return dealt
