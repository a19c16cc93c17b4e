"""The best answer that galleries of a given size give, drawn from people of whom some are left out."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from passerby.calibration.sightings import MOST, NOWHERE, Floats, Ints, Sightings

SEARCHED = 20_000
"""Sightings that galleries are drawn from; of more, some of each person are taken."""


class Best(NamedTuple):
    """What each query finds of each person.

    Args:
        others: (Q, P) float32, similarity of the query to the most similar sighting of each other person; -2 for its
            own person.
        own: (Q,) the same of its own person, by another camera; -2 where there is none.
        people: (Q,) whom each query shows.
        counts: (P,) sightings of each person in the gallery.
    """

    others: npt.NDArray[np.float32]
    own: npt.NDArray[np.float32]
    people: Ints
    counts: Ints


def best(found: Sightings) -> Best:
    """What sightings find of each person when each is searched for among all others.

    Args:
        found: of two people or more.

    Raises:
        ValueError: if there are fewer people.
    """
    gallery = found.some(SEARCHED)
    if len(gallery.pids) < 2:
        raise ValueError(f"There are {len(gallery.pids)} people; a gallery without the query's person takes 2 or more.")
    asked = gallery.rows(MOST)
    order = np.argsort(gallery.people, kind="stable")
    starts = np.searchsorted(gallery.people[order], np.arange(len(gallery.pids)))
    others = np.empty((len(asked), len(gallery.pids)), dtype=np.float32)
    own = np.full(len(asked), -2, dtype=np.float32)
    for start in range(0, len(asked), 512):
        rows = asked[start : start + 512]
        similarity = np.clip(gallery.vectors[rows] @ gallery.vectors[order].T, -1, 1)
        others[start : start + 512] = np.maximum.reduceat(similarity, starts, axis=1)
        for place, row in enumerate(rows):
            person = gallery.people[row]
            there = slice(starts[person], starts[person] + np.count_nonzero(gallery.people == person))
            seen = order[there]
            counts = seen != row if gallery.cameras[row] == NOWHERE else gallery.cameras[seen] != gallery.cameras[row]
            own[start + place] = similarity[place, there][counts].max(initial=-2)
    people = gallery.people[asked]
    others[np.arange(len(asked)), people] = -2
    return Best(others, own, people, np.bincount(gallery.people, minlength=len(gallery.pids)))


def without(found: Best, sizes: Ints, order: Ints) -> npt.NDArray[np.float32]:
    """Similarity of the best answer to each query, which is wrong, in a gallery of some people without its own.

    Args:
        found: what each query finds.
        sizes: (S,) how many people are in the gallery, with all their sightings; 0 for an empty one.
        order: people in the order in which they come into the gallery; a query's own person is passed over.

    Returns:
        (Q, S); -2 where the gallery is empty, nan where the order has too few people.
    """
    growing = np.maximum.accumulate(found.others[:, order], axis=1)
    place = np.full(len(found.counts), len(order))
    place[order] = np.arange(len(order))
    last = sizes - 1 + (place[found.people, None] < sizes)
    answers = np.take_along_axis(growing, np.clip(last, 0, len(order) - 1), axis=1)
    answers[:, sizes == 0] = -2
    return np.where((last < len(order)) | (sizes == 0), answers, np.float32("nan"))


def sizes(people: int) -> Ints:
    """Numbers of people in galleries: 1, 3, 10, 30, ..., and all but one."""
    steps = [step * 10**power for power in range(7) for step in (1, 3)]
    return np.array([*[size for size in steps if size <= 0.7 * (people - 1)], people - 1], dtype=np.int64)


def orders(people: int, count: int, seed: int) -> list[Ints]:
    """Orders of all people, drawn at random."""
    random = np.random.default_rng(seed)
    return [random.permutation(people) for _ in range(count)]


def highest(similarity: Floats, weight: Floats, rates: tuple[float, ...]) -> list[float]:
    """For each rate the lowest similarity that at most this share of the weight reaches; as `threshold` of pairs."""
    order = np.argsort(-similarity, kind="stable")
    shares = np.cumsum(weight[order]) / weight.sum()
    over = np.searchsorted(shares, np.array(rates) * (1 + 1e-12), side="right")
    return [float(np.nextafter(similarity[order[n]], np.inf)) if n < len(order) else -1.0 for n in over]
