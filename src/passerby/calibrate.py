"""A run calibrated: what its similarities mean, fitted and tried on people whom it was not trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from passerby import card, files
from passerby.calibration.calibrated import PEOPLE, calibrated
from passerby.calibration.calibration import FILE, Calibration
from passerby.calibration.drawn_galleries import SEARCHED
from passerby.calibration.held_out import HeldOut, held_out
from passerby.calibration.sightings import NOWHERE, Sightings, sightings
from passerby.calibration.tried import Tried
from passerby.evaluation.digest import digest
from passerby.report.reliability_diagram import reliability_diagram
from passerby.report.svg_file import svg_file
from passerby.run import Run, embeddings
from passerby.types import DISTRACTOR, Crop, PersonSet

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
    crops = chosen(run, data, cameras=cameras)
    if prior is not None and not 0 < prior < 1:
        raise ValueError(f"prior is {prior}; give the share of pairs that show one person, between 0 and 1.")
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
    return Calibration.read(file, model=run.model_id) if file.exists() else None


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
    fitted.write(run.folder / FILE)
    return (run.folder / FILE, *texts)


def report(fitted: Calibration, tried: HeldOut) -> str:
    """What is printed: how it did on people who had no part in it, and the thresholds of all people.

    Args:
        fitted: on all people.
        tried: on half of them.
    """
    fit, test = tried.people
    low, high = tried.even_interval
    lines = [
        f"Calibration of {fitted.model}",
        f"on {fitted.data}: {fitted.people} people, {fitted.sightings} sightings; {fitted.kind} curve",
        "",
        f"Fitted on {fit} people and tried on {test} others (intervals 95 %, people drawn anew):",
        f"  {'share of pairs of one person':<34}{'expected calibration error':<28}Brier score",
        f"  {'1/2 (the harder test)':<34}{f'{tried.even.ece:.4f} [{low:.4f}, {high:.4f}]':<28}{tried.even.brier:.4f}",
        f"  {f'{fitted.prior:.3g} (the prior)':<34}{f'{tried.natural.ece:.5f}':<28}{tried.natural.brier:.5f}",
        "",
        f"  {'stated rate':<34}{'seen':>9}  {'95 % interval':<20}",
    ]
    for one in (*tried.pairs, *tried.absent):
        kind = "false match of a pair" if one.size == 2 else f"false answer, {one.size:,} records"
        lines.append(f"  {kind:<26}{one.stated:>8g}{_seen(one)}")
    lines += ["", "  People who are there, below the line of that rate of false answers:"]
    for one in tried.missed:
        kind = f"at {one.at:g}, {one.size:,} records"
        lines.append(f"  {kind:<26}{one.stated:>8.2g}{_seen(one)}")
    lines += ["", "  With every second person absent from the gallery:"]
    for number in tried.open_set:
        values = ", ".join(f"{100 * at.value:.1f} % at {at.rate:g}" for at in number.at)
        lines.append(f"  {number.name} ({number.of}): {values}")
    lines += ["", "Thresholds, fitted on all people:", f"  {'false-match rate':<18}{'similarity':>10}  95 % interval"]
    for threshold in fitted.thresholds:
        known = "" if threshold.rate in fitted.rates else "  too few people to tell"
        ends = f"[{threshold.low:.4f}, {threshold.high:.4f}]"
        lines.append(f"  {threshold.rate:<18g}{threshold.similarity:>10.4f}  {ends}{known}")
    sizes = (100, 1_000, 10_000, 1_000_000)
    lines += ["", f"Probably nobody below, by records in the gallery ({fitted.answers.per_person:.1f} of each person):"]
    lines.append("  rate    " + "".join(f"{size:>14,}" for size in sizes))
    for rate in (0.1, 0.01, 0.001):
        cells = [
            f"{fitted.nobody_below(rate, size=size):.4f}{'' if fitted.measured(rate, size=size) else ' *'}"
            for size in sizes
        ]
        lines.append(f"  {rate:<8g}" + "".join(f"{cell:>14}" for cell in cells))
    lines += ["", "People who are there, and whose best answer that line hides:"]
    lines.append("  rate    " + "".join(f"{size:>14,}" for size in sizes))
    for rate in (0.1, 0.01, 0.001):
        cells = [
            f"{_percent(fitted.nobody_misses(rate, size=size))}{'' if fitted.measured(rate, size=size) else ' *'}"
            for size in sizes
        ]
        lines.append(f"  {rate:<8g}" + "".join(f"{cell:>14}" for cell in cells))
    lines.append("  * carried on beyond what was measured")
    if fitted.cameras:
        pairs = ", ".join(f"{a} and {b}" for a, b in sorted(fitted.cameras))
        lines.append(f"Cameras with a line of their own: {pairs}")
    lines += ["", *_advice(fitted, tried)]
    return "\n".join(lines)


def _seen(one: Tried) -> str:
    verdict = "too few people to tell" if not one.told else "holds" if one.holds else "does not hold"
    interval = f"[{one.interval.low:.2g}, {one.interval.high:.2g}]"
    return f"{one.seen:>9.2g}  {interval:<20}{verdict}"


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.1f} %"


def _advice(fitted: Calibration, tried: HeldOut) -> list[str]:
    """What it comes to, in plain sentences."""
    rates = (*tried.pairs, *tried.absent, *tried.missed)
    unsure = [one for one in rates if not one.told]
    if any(one.told and not one.holds for one in rates):
        verdict = "Do not rely on the rates that do not hold: calibrate on more people, like those of your cameras."
    elif len(unsure) == len(rates):
        verdict = f"{fitted.people} people are too few to tell any rate: take probabilities for a rough guide only."
    else:
        verdict = "The rates that hold can be relied on, for cameras and people like these."
    lines = [f"What to do: {verdict}"]
    if unsure:
        lines.append("Rates with too few people to tell want more people; until then nobody knows them.")
    lines.append("`passerby serve GALLERY RUN` shows probabilities with this calibration from its next start on.")
    return lines
