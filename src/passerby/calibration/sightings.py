"""Sightings of named people, as calibration takes them: whose they are, where, and how alike any two are."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from passerby.evaluation.rows import picture
from passerby.types import DISTRACTOR, UNKNOWN, Embeddings

MOST = 2_000
"""Sightings of which all pairs are looked at; of more, some of each person are taken."""
NOWHERE = -1
"""Stands for the camera where cameras do not count."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Pairs(NamedTuple):
    """Pairs of sightings that count: of one person from two cameras, or of two people.

    Args:
        similarity: (n,) cosine.
        same: (n,) True where both show one person.
        people: (2, n) whom they show.
        cameras: (2, n) where, the lower number first.
    """

    similarity: Floats
    same: Flags
    people: Ints
    cameras: Ints

    def where(self, kept: Flags) -> "Pairs":
        """Some of them."""
        return Pairs(self.similarity[kept], self.same[kept], self.people[:, kept], self.cameras[:, kept])


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Sightings of named people.

    Args:
        vectors: (N, D) float32 of length 1.
        people: (N,) which person, 0 .. P-1.
        cameras: (N,) camera; NOWHERE for all where cameras do not count.
        pids: (P,) the pid of each person, ascending.
    """

    vectors: npt.NDArray[np.float32]
    people: Ints
    cameras: Ints
    pids: Ints

    def __len__(self) -> int:
        return len(self.people)

    def of(self, wanted: Sequence[int] | Ints) -> "Sightings":
        """Those of some people, by number; they are numbered anew, in the same order."""
        chosen = np.unique(np.asarray(wanted, dtype=np.int64))
        kept = np.isin(self.people, chosen)
        return Sightings(
            self.vectors[kept], np.searchsorted(chosen, self.people[kept]), self.cameras[kept], self.pids[chosen]
        )

    def folds(self, count: int) -> list[Ints]:
        """The people dealt into folds in the order of their pids' SHA-256, so that the same ones always go together."""
        order = sorted(range(len(self.pids)), key=lambda n: hashlib.sha256(str(int(self.pids[n])).encode()).digest())
        return [np.sort(np.array(order[fold::count], dtype=np.int64)) for fold in range(count)]

    def rows(self, most: int = MOST) -> Ints:
        """Rows of at most so many: of each person as many as of others, where there are, from camera after camera."""
        if len(self) <= most:
            return np.arange(len(self))
        turn = _turns(self.people, self.cameras)
        each = max((n for n in range(1, int(turn.max()) + 1) if np.count_nonzero(turn < n) <= most), default=1)
        if each > 1:
            return np.flatnonzero(turn < each)
        few = np.concatenate(self.folds(len(self.pids)))[: most // 2]  # too many people for two sightings of each
        return np.flatnonzero((turn < 2) & np.isin(self.people, few))

    def some(self, most: int = MOST) -> "Sightings":
        """The sightings of `rows`; where people are left out, the others are numbered anew, in the same order."""
        kept = self.rows(most)
        there, people = np.unique(self.people[kept], return_inverse=True)
        return Sightings(self.vectors[kept], people.astype(np.int64), self.cameras[kept], self.pids[there])

    def prior(self) -> float:
        """Share of the pairs that count which show one person."""
        everywhere = len(self) * (len(self) - 1) / 2
        one = sum(count * (count - 1) / 2 for count in np.bincount(self.people).tolist())
        by_camera = np.unique(np.stack([self.people, self.cameras]), axis=1, return_counts=True)[1].tolist()
        left_out = sum(n * (n - 1) / 2 for n in by_camera) if (self.cameras != NOWHERE).any() else 0.0
        return float((one - left_out) / (everywhere - left_out)) if everywhere > left_out else 0.0

    def pairs(self) -> Pairs:
        """All pairs that count: not those of one person from one camera."""
        first, second = np.triu_indices(len(self), k=1)
        same = self.people[first] == self.people[second]
        if (self.cameras != NOWHERE).any():
            counts = ~same | (self.cameras[first] != self.cameras[second])
            first, second, same = first[counts], second[counts], same[counts]
        similarity = np.clip((self.vectors @ self.vectors.T)[first, second].astype(np.float64), -1, 1)
        cameras = np.stack([self.cameras[first], self.cameras[second]])
        return Pairs(similarity, same, np.stack([self.people[first], self.people[second]]), np.sort(cameras, axis=0))


def sightings(embeddings: Embeddings, *, cameras: bool = True) -> Sightings:
    """The sightings of named people among embeddings; junk and distractors are left out, a picture counts once.

    Args:
        embeddings: of a data set's query and gallery.
        cameras: False where cameras do not count, so that two sightings by one camera are a pair like others.

    Raises:
        ValueError: if cameras count and one is not known, somebody is not named, or a vector is zero.
    """
    unnamed = [crop for crop in embeddings.crops if crop.pid == UNKNOWN]
    if unnamed:
        raise ValueError(f"{len(unnamed)} crops show a person whom nobody has named ({unnamed[0].path}); name them.")
    seen = {picture(crop): row for row, crop in reversed(list(enumerate(embeddings.crops))) if crop.pid > DISTRACTOR}
    kept = sorted(seen.values())
    crops = [embeddings.crops[row] for row in kept]
    bare = [crop for crop in crops if crop.camid is None]
    if cameras and bare:
        raise ValueError(
            f"{len(bare)} of {len(crops)} crops have no camera ({bare[0].path}), and two sightings by one camera are "
            "no pair; give cameras, or calibrate without (--no-cameras; cameras=False)."
        )
    vectors = embeddings.vectors[kept].double().cpu().numpy()
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    if not lengths.all():
        raise ValueError(f"The vector of {crops[int(np.argmin(lengths))].path} is zero; a cosine needs a direction.")
    pids, people = np.unique(np.array([crop.pid for crop in crops], dtype=np.int64), return_inverse=True)
    places = [NOWHERE if crop.camid is None or not cameras else crop.camid for crop in crops]
    unit = (vectors / lengths).astype(np.float32)
    return Sightings(unit, people.astype(np.int64), np.array(places, dtype=np.int64), pids)


def _turns(people: Ints, cameras: Ints) -> Ints:
    """Which of its person's sightings each is, 0 for the first, when they are taken from one camera after the other."""
    by_camera = _counted(people * (cameras.max() + 2) + cameras + 1)
    order = np.lexsort((cameras, by_camera, people))
    turn = np.empty(len(people), dtype=np.int64)
    turn[order] = _counted(people[order])
    return turn


def _counted(keys: Ints) -> Ints:
    """How many of the same key stand before each."""
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]]) if len(keys) else np.zeros(0, np.int64)
    count = np.empty(len(keys), dtype=np.int64)
    count[order] = np.arange(len(keys)) - np.repeat(starts, np.diff(np.r_[starts, len(keys)]))
    return count
