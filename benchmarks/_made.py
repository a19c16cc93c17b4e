"""Made vectors of Market-1501's kind, written by a process of its own; whatever is measured on them is synthetic.

Market-1501's shares: 750 people in six cameras, of the gallery 19 % junk (pid -1, first) and 14 % distractors (pid 0).
Junk and distractors are other people, about 17 crops each. Two kinds:

- trained: as a trained network gives them. People's centres, the cameras' shifts and the noise of each crop lie in the
  same 128 directions, a tenth of the crops is spoilt (hidden, badly cut), all vectors share a mean, and lengths vary.
  Under cosine mAP is about 80 % and rank-1 about 91 %.
- hard: noise in every direction, so that right answers stand deep among wrong ones. mAP is about 28 %.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from passerby.types import Embeddings

KINDS = ("trained", "hard")
PEOPLE, CAMERAS, CROPS_OF_OTHERS = 750, 6, 17
JUNK_SHARE, DISTRACTOR_SHARE = 3819 / 19732, 2798 / 19732
SHIFT = 0.4  # of a camera, where a person's centre is 1 in each direction
DIRECTIONS, NOISE, UNEVEN = 128, 0.65, 0.3
SPOILT_SHARE, SPOILT_NOISE, OUTSIDE, LENGTHS = 0.1, 4.0, 0.5, 0.1
HARD_NOISE, HARD_DIM = 3.8, 2048
ROWS = 4096
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Draw = Callable[[Integers, Integers], Floats]
"""Vectors of some people in some cameras."""


class Side(NamedTuple):
    """Queries or gallery: vectors (N, D), pids and cameras (N,)."""

    vectors: Floats
    pids: Integers
    camids: Integers


def write(folder: str, kind: str, queries: int, gallery: int, dim: int, added: int = 0, *, seed: int = 0) -> None:
    """Write queries and gallery into a folder, the gallery with `added` distractors at its end."""
    rng = np.random.default_rng(seed)
    junk, distractors = round(gallery * JUNK_SHARE), round(gallery * DISTRACTOR_SHARE)
    named = np.sort(rng.integers(1, PEOPLE + 1, gallery - junk - distractors))
    nobody = [np.full(count, pid) for count, pid in ((junk, -1), (distractors, 0), (added, 0))]
    sides = {
        "query": np.sort(rng.integers(1, PEOPLE + 1, queries)),
        "gallery": np.concatenate([*nobody[:2], named, nobody[2]]),
    }
    people = PEOPLE + 1 + max(1, (junk + distractors + added) // CROPS_OF_OTHERS)
    draw = {"trained": _trained, "hard": _hard}[kind](rng, people, dim)
    for name, pids in sides.items():
        camids = rng.integers(1, CAMERAS + 1, len(pids))
        who = np.where(pids < 1, rng.integers(PEOPLE + 1, people, len(pids)), pids)
        with Path(folder, f"{name}.float32").open("wb") as file:
            for start in range(0, len(pids), ROWS):
                part = slice(start, start + ROWS)
                draw(who[part], camids[part] - 1).tofile(file)
        np.savez(Path(folder, name), pids=pids, camids=camids, dim=dim)


def read(folder: str, name: str, most: int | None = None) -> Side:
    """One side, or its first rows; the vectors are held once."""
    with np.load(Path(folder, f"{name}.npz")) as labels:
        pids, camids, dim = labels["pids"][:most], labels["camids"][:most], int(labels["dim"])
    vectors = np.fromfile(Path(folder, f"{name}.float32"), np.float32, len(pids) * dim).reshape(-1, dim)
    return Side(vectors, pids, camids)


def embeddings(folder: str, name: str, most: int | None = None) -> "Embeddings":
    """The same as passerby has it."""
    import torch

    from passerby.types import Crop, Embeddings

    vectors, pids, camids = read(folder, name, most)
    both = enumerate(zip(pids.tolist(), camids.tolist(), strict=True))
    crops = tuple(Crop(Path(f"{name}_{row}.jpg"), pid, camid) for row, (pid, camid) in both)
    return Embeddings(torch.from_numpy(vectors), crops)


def _trained(rng: np.random.Generator, people: int, dim: int) -> Draw:
    basis = _normal(rng, DIRECTIONS, dim) / DIRECTIONS**0.5
    centres, views = _normal(rng, people, DIRECTIONS), SHIFT * _normal(rng, CAMERAS, DIRECTIONS)
    mean = _normal(rng, 1, dim)

    def draw(who: Integers, camera: Integers) -> Floats:
        noise = NOISE * np.exp(UNEVEN * _normal(rng, len(who), 1))
        noise[rng.random(len(who)) < SPOILT_SHARE] = SPOILT_NOISE
        code = centres[who] + views[camera] + noise * _normal(rng, len(who), DIRECTIONS)
        code *= DIRECTIONS**0.5 / np.linalg.norm(code, axis=1, keepdims=True)
        vectors: Floats = code @ basis + mean + OUTSIDE * _normal(rng, len(who), dim)
        vectors *= np.exp(LENGTHS * _normal(rng, len(who), 1))
        return vectors

    return draw


def _hard(rng: np.random.Generator, people: int, dim: int) -> Draw:
    centres, views = _normal(rng, people, dim), SHIFT * _normal(rng, CAMERAS, dim)
    noise = HARD_NOISE * (dim / HARD_DIM) ** 0.25  # as many standard deviations between right and wrong in any dim

    def draw(who: Integers, camera: Integers) -> Floats:
        vectors: Floats = centres[who] + views[camera] + noise * _normal(rng, len(who), dim)
        return vectors

    return draw


def _normal(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    return rng.standard_normal((rows, columns), dtype=np.float32)
