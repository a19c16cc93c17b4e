"""One person looked for in any folder of pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from passerby import npz
from passerby.calibration.answers import LEAST
from passerby.calibration.calibration import Calibration
from passerby.datasets.folder import crops
from passerby.gallery.rate import RATE
from passerby.run import Run, embeddings
from passerby.search.neighbours import neighbours
from passerby.types import UNKNOWN, Crop, Embeddings

COUNT = 10
"""How many pictures are found by default."""
MOST_RATE = 0.5
"""The highest rate that a calibration tells."""


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What the answers of a lookup are worth, by the calibration of the run.

    Args:
        probabilities: of each answer, that it shows the person, at the prior that the calibration states.
        top1: probability that the most alike of all is the person.
        present: share of searches for somebody who is there, which `top1` rests on.
        nobody_below: cosine below which an answer is probably nobody.
        rate: how often, at most, somebody who is absent gets an answer at or above that.
        misses: share of searches for somebody who is there that find no answer so high; None where it is not known.
        measured: False where the calibration's people or galleries do not reach so far.
    """

    probabilities: tuple[float, ...]
    top1: float
    present: float
    nobody_below: float
    rate: float
    misses: float | None
    measured: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """The pictures most like a query.

    Args:
        query: the query and its descriptor.
        answers: crops and cosine similarities in -1 .. 1, the most alike first.
        gallery: the descriptors that were searched.
        broken: crops whose pictures could not be read, and why; they were not searched.
        worth: what the answers are worth; None where the run is not calibrated.
    """

    query: Embeddings
    answers: tuple[tuple[Crop, float], ...]
    gallery: Embeddings
    broken: tuple[tuple[Crop, str], ...]
    worth: Worth | None

    def sentences(self) -> list[str]:
        """What is told of the answers as a whole; nothing where the run is not calibrated."""
        worth = self.worth
        if worth is None:
            return []
        above = sum(similarity >= worth.nobody_below for _, similarity in self.answers)
        line = f"the line of {worth.nobody_below:.3f}"
        verdict = (
            f"{above} of {len(self.answers)} answers lie at {line} or above; below it, it is probably nobody"
            if above
            else f"Probably nobody: even the most alike lies below {line}"
        )
        missed = "" if worth.misses is None else f", and {100 * worth.misses:.3g} % of those who are there are missed"
        told = [
            f"{verdict} (somebody absent gets one above it in at most {100 * worth.rate:.3g} % of searches{missed}).",
            f"Searched: {len(self.gallery.crops)} pictures. When the most alike of so many has this cosine, it is the "
            f"person in {100 * worth.top1:.1f} % of searches, if {100 * worth.present:.3g} % are for somebody who is "
            "there; the probability of an answer is that of a pair, however many were searched.",
        ]
        if not worth.measured:
            told.append("The calibration has not measured that: it is carried on from fewer pictures or a higher rate.")
        return told


def lookup(
    run: Run,
    query: Path,
    gallery: Path,
    *,
    count: int | None = None,
    calibration: Calibration | None = None,
    rate: float = RATE,
    device: str = "cpu",
    on_progress: Callable[[int, int], None] | None = None,
) -> Lookup:
    """Find the pictures that look most like the person in one picture.

    Args:
        run: the trained network.
        query: file of the person's picture.
        gallery: a folder of pictures, a CSV (see `datasets.manifest`), or an .npz file that `passerby embed` wrote
            with the same run.
        count: how many to find, 1 .. as many as the gallery has, and fewer where some of these cannot be read; by
            default COUNT, or all where there are fewer.
        calibration: of the run; None where there is none.
        rate: how often, at most, somebody who is not in the gallery may be given an answer.
        device: where the network runs.
        on_progress: called with the number of gallery pictures done, and of all.

    Raises:
        FileNotFoundError: if the query or the gallery is missing.
        ValueError: if the query cannot be read, nothing in the gallery can, count or rate is out of range, or the .npz
            file or the calibration is another model's.
    """
    if count is not None and count < 1:
        raise ValueError(f"count is {count}; give 1 or more.")
    if not LEAST <= rate <= MOST_RATE:
        raise ValueError(f"rate is {rate}; give a share of searches from {LEAST:g} to {MOST_RATE}, such as {RATE}.")
    if calibration is not None and calibration.model != run.model_id:
        raise ValueError(f"The calibration is of {calibration.model}, not of {run.model_id}; calibrate the run again.")
    asked = embeddings(run, [Crop(query, UNKNOWN)], device=device)
    broken: list[tuple[Crop, str]] = []
    if gallery.suffix == ".npz":
        searched = npz.read(gallery)
        _check(count, len(searched.crops), gallery)
    else:
        pictures = crops(gallery)
        _check(count, len(pictures), gallery)
        searched = embeddings(
            run,
            pictures,
            device=device,
            on_progress=None if on_progress is None else lambda done: on_progress(done, len(pictures)),
            on_broken=lambda crop, reason: broken.append((crop, reason)),
        )
    if not searched.crops:
        raise ValueError(f"{gallery} holds no vectors; give one with pictures in it.")
    asked.check_same_model(searched)
    found = neighbours(asked.vectors, searched.vectors, min(count or COUNT, len(searched.crops)))
    answers = tuple(
        (searched.crops[row], 1 - distance)
        for row, distance in zip(found.indices[0].tolist(), found.distances[0].tolist(), strict=True)
    )
    worth = None if calibration is None else _worth(calibration, answers, size=len(searched.crops), rate=rate)
    return Lookup(query=asked, answers=answers, gallery=searched, broken=tuple(broken), worth=worth)


def _worth(calibration: Calibration, answers: tuple[tuple[Crop, float], ...], *, size: int, rate: float) -> Worth:
    similarities = np.array([similarity for _, similarity in answers]).clip(-1, 1)
    return Worth(
        probabilities=tuple(calibration.probability(similarities).tolist()),
        top1=calibration.top1(float(similarities[0]), size=size),
        present=calibration.answers.present,
        nobody_below=calibration.nobody_below(rate, size=size),
        rate=rate,
        misses=calibration.nobody_misses(rate, size=size),
        measured=calibration.measured(rate, size=size),
    )


def _check(count: int | None, there: int, gallery: Path) -> None:
    if there and count is not None and count > there:
        raise ValueError(f"count is {count}, and {gallery} holds {there} pictures; give 1 .. {there}.")
