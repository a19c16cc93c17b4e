"""A run calibrated: what its similarities mean, fitted and tried on people whom it was not trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from passerby import card, files
from passerby.calibration import calibration_file
from passerby.calibration.calibrated import PEOPLE, calibrated
from passerby.calibration.calibration import Calibration
from passerby.calibration.calibration_file import FILE
from passerby.calibration.drawn_galleries import SEARCHED
from passerby.calibration.held_out import HeldOut, held_out
from passerby.calibration.report import report
from passerby.calibration.sightings import NOWHERE, Sightings, sightings
from passerby.evaluation.digest import digest
from passerby.report.reliability_diagram import reliability_diagram
from passerby.report.svg_file import svg_file
from passerby.run import Run, embeddings
from passerby.types import DISTRACTOR, Crop, PersonSet

LEAST_PRIOR = 1e-9
"""The least share of pairs that show one person which a calibration is made for, and of those that do not."""
UNCALIBRATED = "not calibrated; `passerby calibrate RUN --data DIR` says what its similarities mean"
"""What is said of a run without a calibration."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibrated:
    """What calibrating a run gave.

    Args:
        calibration: fitted on all people.
        held_out: how one fitted on half of them did on the other half.
        broken: crops whose pictures could not be read, and why.
        written: files.
    """

    calibration: Calibration
    held_out: HeldOut
    broken: tuple[tuple[Crop, str], ...]
    written: tuple[Path, ...]

    @property
    def report(self) -> str:
        """What is printed of it."""
        return report(self.calibration, self.held_out)


def calibrate(
    run: Run,
    data: PersonSet,
    *,
    prior: float | None = None,
    cameras: bool = True,
    device: str = "cpu",
    seed: int = 0,
    on_progress: Callable[[int], None] | None = None,
) -> Calibrated:
    """Embed the people of query and gallery, try a calibration on half, and keep one of all in the run's folder.

    Args:
        run: the trained network.
        data: its query and gallery are used: named people whom the run was not trained on.
        prior: share of pairs that show one person, which probabilities refer to; None for that in the data.
        cameras: False where cameras do not count.
        device: where the network runs.
        seed: of all draws.
        on_progress: called with the number of pictures done, of `len(chosen(run, data, cameras=cameras))`.

    Raises:
        ValueError: if the run was trained on these pictures, or there are too few people, before anything is embedded.
    """
    files.writable(run.folder)
    crops = chosen(run, data, cameras=cameras)
    if prior is not None and not LEAST_PRIOR <= prior <= 1 - LEAST_PRIOR:
        raise ValueError(
            f"prior is {prior}; give the share of pairs that show one person, from {LEAST_PRIOR:g} to 1 - "
            f"{LEAST_PRIOR:g}: beyond that every probability is as good as 0 or 1, whatever the similarity."
        )
    broken: list[tuple[Crop, str]] = []
    found = embeddings(
        run,
        crops,
        device=device,
        on_progress=on_progress,
        on_broken=lambda crop, reason: broken.append((crop, reason)),
    )
    seen = sightings(found, cameras=cameras)
    tried = held_out(seen, model=run.model_id, prior=prior, seed=seed)
    told = f"{' '.join(filter(None, (data.name, data.version)))} (sha256 {digest(crops)[:12]})"
    fitted = calibrated(seen, model=run.model_id, data=told, prior=prior, seed=seed)
    written = _write(run, fitted, tried)
    return Calibrated(calibration=fitted, held_out=tried, broken=tuple(broken), written=written)


def of(run: Run) -> Calibration | None:
    """The calibration in a run's folder; None where it is not calibrated (UNCALIBRATED says so in words).

    Raises:
        ValueError: if the file is damaged, or of other weights.
    """
    file = run.folder / FILE
    return calibration_file.read(file, model=run.model_id) if file.exists() else None


def chosen(run: Run, data: PersonSet, *, cameras: bool = True) -> tuple[Crop, ...]:
    """The crops that a calibration looks at: those of named people, of very many some of each.

    Args:
        run: the trained network.
        data: query and gallery.
        cameras: as for `calibrate`.

    Raises:
        ValueError: if the run was trained on these pictures, or there are too few people.
    """
    named = tuple(crop for crop in (*data.query, *data.gallery) if crop.pid > DISTRACTOR)
    pids, people = np.unique(np.array([crop.pid for crop in named], dtype=np.int64), return_inverse=True)
    if len(pids) < 2 * PEOPLE:
        raise ValueError(
            f"{data.name} has {len(pids)} people in query and gallery, and a calibration takes {2 * PEOPLE} or more: "
            "half of them to fit it on, half to try it on."
        )
    if run.data.names_sha256 and run.data.names_sha256 in map(card.digest, (data.gallery, data.query, named)):
        raise ValueError(
            f"The run in {run.folder} was trained on these pictures, and its similarities mean something else for "
            "people it has seen. Calibrate it on others."
        )
    places = [NOWHERE if crop.camid is None or not cameras else crop.camid for crop in named]
    listed = Sightings(np.empty((len(named), 0), dtype=np.float32), people, np.array(places, dtype=np.int64), pids)
    return tuple(named[row] for row in listed.rows(SEARCHED).tolist())


def _write(run: Run, fitted: Calibration, tried: HeldOut) -> tuple[Path, ...]:
    folder = run.folder / "results"
    folder.mkdir(parents=True, exist_ok=True)
    drawing = svg_file(reliability_diagram({"even odds": tried.even, f"prior {fitted.prior:.3g}": tried.natural}))
    texts = {folder / "calibration.svg": drawing, folder / "calibration.txt": report(fitted, tried) + "\n"}
    for file, text in texts.items():
        with files.whole(file) as draft:
            draft.write_text(text, encoding="utf-8")
    calibration_file.write(fitted, run.folder / FILE)
    return (run.folder / FILE, *texts)
