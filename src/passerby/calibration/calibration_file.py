"""A calibration as a file of JSON: written whole, read without trusting it."""

import json
import math
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from passerby import files
from passerby.calibration.answers import Answers
from passerby.calibration.calibration import Calibration
from passerby.calibration.evidence import Evidence
from passerby.calibration.threshold import Threshold
from passerby.evaluation.printable import printable
from passerby.types import ModelId

FILE = "calibration.json"
"""Its name in a run's folder."""
VERSION = 1
"""Of the form of the file."""
MAX_BYTES = 2**20
"""Bytes that a file may have; one has some tens of thousands."""
MAX_LENGTH = 2_000
"""Numbers in a row."""
MAX_TEXT = 4_096
"""Characters of a text."""
LARGEST = 1e12
"""No number in it is larger."""


def write(calibration: Calibration, path: Path) -> None:
    """Write a calibration, whole or not at all."""
    answers = calibration.answers
    told = {
        "version": VERSION,
        "model": {name: getattr(calibration.model, name) for name in ("name", "weights", "preprocessing")},
        "data": calibration.data,
        "people": calibration.people,
        "sightings": calibration.sightings,
        "prior": calibration.prior,
        "kind": calibration.kind,
        "pair": {
            "similarity": calibration.pair.knots.tolist(),
            "log_likelihood_ratio": calibration.pair.values.tolist(),
        },
        "thresholds": [list(one) for one in calibration.thresholds],
        "answers": {
            **{name: getattr(answers, name).tolist() for name in ("sizes", "knots", "log_odds", "rates", "nobody")},
            "per_person": answers.per_person,
            "present": answers.present,
            **({} if answers.misses is None else {"misses": answers.misses.tolist()}),
        },
        "cameras": [[*pair, *line] for pair, line in sorted(calibration.cameras.items())],
    }
    with files.whole(path) as draft:
        draft.write_text(json.dumps(told, indent=1, allow_nan=False), encoding="utf-8")


def read(path: Path, *, model: ModelId | None = None) -> Calibration:
    """The calibration in a file.

    Args:
        path: the file.
        model: the one whose similarities are asked about; None to take whatever there is.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, no calibration, or one of another model.
    """
    told = _parsed(path)
    try:
        found = _calibration(told)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{path} is damaged or no calibration ({printable(error)}); calibrate again: passerby calibrate RUN."
        ) from None
    if model is not None and found.model != model:
        raise ValueError(
            f"{path} is the calibration of another model, {printable(found.model)}, and {printable(model)} is used; "
            "calibrate again: passerby calibrate RUN."
        )
    return found


def _parsed(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(f"No calibration at {path}; `passerby calibrate RUN --data DIR` makes one.")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"{path} has more than {MAX_BYTES} bytes and is no calibration.")
    try:
        told = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({printable(error)}); calibrate again.") from None
    if not isinstance(told, dict):
        raise ValueError(f"{path} is no calibration; calibrate again.")
    if told.get("version") != VERSION:
        raise ValueError(f"{path} has form {printable(told.get('version'))}, and {VERSION} is read; calibrate again.")
    return told


def _calibration(told: dict[str, Any]) -> Calibration:
    answers = told["answers"]
    pair = Evidence(_rising(told["pair"]["similarity"]), _rising(told["pair"]["log_likelihood_ratio"], strictly=False))
    _check(0 < len(pair.knots) == len(pair.values), "pair has unlike lengths")
    thresholds = tuple(Threshold(*_numbers(one, length=4).tolist()) for one in _listed(told["thresholds"]))
    rates = [one.rate for one in thresholds]
    _check(all(0 < one < 1 for one in rates) and rates == sorted(set(rates), reverse=True), "rates do not fall")
    similarities = [one.similarity for one in thresholds]
    _check(similarities == sorted(similarities), "thresholds fall with the rate")
    cameras = {}
    for row in _listed(told["cameras"]):
        a, b, slope, offset = _numbers(row, length=4).tolist()
        _check(0 <= a < b < 2**31 and a == int(a) and b == int(b) and slope >= 0, "cameras are out of range")
        cameras[int(a), int(b)] = slope, offset
    return Calibration(
        model=ModelId(*(_text(told["model"][name]) for name in ("name", "weights", "preprocessing"))),
        data=_text(told["data"]),
        people=_count(told["people"]),
        sightings=_count(told["sightings"]),
        prior=_share(told["prior"]),
        kind=_text(told["kind"]),
        pair=pair,
        thresholds=thresholds,
        answers=_answers(answers),
        cameras=cameras,
    )


def _answers(told: dict[str, Any]) -> Answers:
    sizes, knots = _rising(told["sizes"]), _rising(told["knots"])
    rates = _numbers(told["rates"])
    _check(len(rates) > 0 and bool((rates > 0).all() and (rates < 1).all()), "rates of answers are out of range")
    _check(bool((np.diff(rates) < 0).all()), "rates of answers do not fall")
    _check(len(sizes) > 0 and sizes[0] >= 1 and len(knots) > 0, "sizes of galleries are out of range")
    log_odds = np.stack([_rising(row, strictly=False) for row in _listed(told["log_odds"])])
    nobody = np.stack([_rising(row, strictly=False) for row in _listed(told["nobody"])])
    _check(log_odds.shape == (len(sizes), len(knots)), "log_odds have another shape")
    _check(nobody.shape == (len(sizes), len(rates)), "nobody has another shape")
    _check(bool((np.diff(nobody, axis=0) >= 0).all() and (np.diff(log_odds, axis=0) <= 0).all()), "sizes do not order")
    per_person = float(_numbers([told["per_person"]])[0])
    _check(per_person > 0, "per_person is not above 0")
    misses = None  # files that were written before these were measured have none
    if "misses" in told:
        misses = np.stack([_rising(row, strictly=False) for row in _listed(told["misses"])])
        _check(misses.shape == nobody.shape, "misses have another shape")
        _check(bool((misses >= 0).all() and (misses <= 1).all()), "misses are no shares")
    return Answers(
        sizes=sizes,
        knots=knots,
        log_odds=log_odds,
        rates=rates,
        nobody=nobody,
        per_person=per_person,
        present=_share(told["present"]),
        misses=misses,
    )


def _numbers(values: object, *, length: int | None = None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    listed = _listed(values)
    _check(length is None or len(listed) == length, f"a row has {len(listed)} numbers")
    fine = all(type(one) in (int, float) and abs(one) <= LARGEST and not math.isnan(one) for one in listed)
    _check(fine, "a value is no number, or too large")
    return np.array([float(one) for one in listed])


def _rising(values: object, *, strictly: bool = True) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = _numbers(values)
    steps = np.diff(found)
    _check(bool((steps > 0).all() if strictly else (steps >= 0).all()), "a row falls")
    return found


def _listed(values: object) -> list[Any]:
    if not isinstance(values, list) or len(values) > MAX_LENGTH:
        raise ValueError("a row is no list, or too long")
    return values


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError("a text is none, or too long")
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 < value < 2**63:
        raise ValueError("a count is no whole number above 0")
    return value


def _share(value: object) -> float:
    if type(value) is not float or not 0 < value < 1:
        raise ValueError("a share is not between 0 and 1")
    return value


def _check(fine: bool, otherwise: str) -> None:
    if not fine:
        raise ValueError(otherwise)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
