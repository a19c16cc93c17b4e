"""Records of made-up people, the same ones for the same seed."""

import numpy as np

from passerby.gallery.record import Record
from passerby.types import ModelId

MODEL = ModelId("made", "ab" * 32, "none")
START = 1_767_225_600.0
"""2026-01-01T00:00:00Z"""
COLOURS = ("red", "green", "blue", "black", "white")
JPEG = b"\xff\xd8\xff\xe0 not really one \xff\xd9"


def made_records(number, *, dim=32, seed=0, cameras=4, people=20, thumbnails=False, awkward=True, noise=0.5):
    """`number` records of `people` people before `cameras` cameras (1 .. cameras), five seconds apart.

    Each person has one centre and one colour; a track holds the crops of one person within a minute. With `awkward`,
    some records have no camera, time, track, path, labels or pid; without, all have all of it but the pid.
    """
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((people, dim))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    records = []
    for row in range(number):
        person, camera = int(rng.integers(people)), int(rng.integers(1, cameras + 1))
        vector = centres[person] + noise * rng.standard_normal(dim) / np.sqrt(dim)
        time = START + 5.0 * row
        missing = rng.random(5) < 0.05 if awkward else np.zeros(5, bool)
        labels = {"upper": COLOURS[person % len(COLOURS)]}
        if person % 3 == 0:
            labels["bag"] = "backpack"
        records.append(
            Record(
                embedding=unit(vector),
                camid=None if missing[0] else camera,
                time=None if missing[1] else time,
                trackid=None if missing[2] else int(time // 60) % 1000 * people + person,
                pid=person + 1 if person % 2 and not missing[3] else None,
                labels=labels if rng.random() < 0.8 or not awkward else {},
                path=None if missing[4] else f"crops/seed{seed}/{row:07d}.jpg",
                box=(1.5 * row, 2.0, 30.0, 80.0) if row % 3 else None,
                thumbnail=JPEG + row.to_bytes(4, "big") if thumbnails and row % 7 else None,
            )
        )
    return records


def vectors_of(records):
    """(N, D) float32."""
    return np.stack([record.embedding for record in records])


def unit(vector):
    """The vector with length 1, as float32."""
    vector = np.asarray(vector, np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)
