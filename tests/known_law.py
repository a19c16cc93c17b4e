"""People whose law is known, for tests of what a calibration says of them."""

from pathlib import Path

import numpy as np
import torch
from scipy.stats import beta

from passerby.calibration.sightings import sightings
from passerby.types import Crop, Embeddings, ModelId

MODEL = ModelId("made", "ab" * 32, "none")
DIM = 12


def made(people, each=4, *, cameras=4, spread=0.25, seed=0, first=1, offset=0.0):
    """People as directions drawn evenly from all, so that the law of strangers' cosines is known."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(people, DIM))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    pids = np.repeat(np.arange(people), each)
    vectors = centres[pids] + spread * random.normal(size=(len(pids), DIM))
    places = [row % cameras for row in range(len(pids))]
    vectors += offset * np.eye(DIM)[places]
    crops = tuple(Crop(Path(f"{row}.jpg"), int(pid) + first, place) for (row, pid), place in
                  zip(enumerate(pids), places, strict=True))  # fmt: skip
    return sightings(Embeddings(torch.from_numpy(vectors).float(), crops))


def beyond(similarity):
    """Share of two random directions that are at least so alike."""
    return beta.sf((1 + similarity) / 2, (DIM - 1) / 2, (DIM - 1) / 2)
