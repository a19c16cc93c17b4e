"""The file of a calibration."""

import json
from dataclasses import replace

import numpy as np
import pytest

from known_law import MODEL
from passerby.calibration import calibration_file


def test_a_file_says_the_same_and_is_small(found, tmp_path):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    again = calibration_file.read(file, model=MODEL)
    at = np.linspace(-1, 1, 99)
    assert (again.probability(at) == found.probability(at)).all()
    assert [again.top1(float(x), size=77) for x in at] == [found.top1(float(x), size=77) for x in at]
    assert again.nobody_below(0.02, size=50) == found.nobody_below(0.02, size=50)
    assert (again.rates, again.model, again.thresholds) == (found.rates, MODEL, found.thresholds)
    assert file.stat().st_size < 50_000


def test_a_file_from_before_misses_were_measured_is_read_and_says_nothing_of_them(found, tmp_path):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    assert calibration_file.read(file).nobody_misses(0.1, size=50) == found.nobody_misses(0.1, size=50)
    told = json.loads(file.read_text())
    del told["answers"]["misses"]
    file.write_text(json.dumps(told))
    old = calibration_file.read(file, model=MODEL)
    assert old.nobody_misses(0.1, size=50) is None
    assert old.nobody_below(0.1, size=50) == found.nobody_below(0.1, size=50)
    calibration_file.write(old, file)
    assert json.loads(file.read_text()) == told


def test_a_calibration_of_other_weights_is_refused(found, tmp_path):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    with pytest.raises(ValueError, match="of another model"):
        calibration_file.read(file, model=replace(MODEL, weights="cd" * 32))


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="passerby calibrate"):
        calibration_file.read(tmp_path / "calibration.json")


def damaged():
    """Changes of a file, each of which makes it wrong."""
    yield lambda told: told.update(version=2)
    yield lambda told: told.pop("pair")
    yield lambda told: told.update(people=0)
    yield lambda told: told.update(people=True)
    yield lambda told: told.update(prior=1.0)
    yield lambda told: told.update(prior="0.5")
    yield lambda told: told.update(model={"name": "a", "weights": 1, "preprocessing": ""})
    yield lambda told: told.update(data="x" * 5000)
    yield lambda told: told["pair"]["similarity"].reverse()
    yield lambda told: told["pair"]["log_likelihood_ratio"].reverse()
    yield lambda told: told["pair"]["log_likelihood_ratio"].pop()
    yield lambda told: told["pair"].update(similarity=[], log_likelihood_ratio=[])
    yield lambda told: told["pair"].update(similarity="abc")
    yield lambda told: told["thresholds"].reverse()
    yield lambda told: told["thresholds"][0].append(1)
    yield lambda told: told["thresholds"][0].__setitem__(1, 1e300)
    yield lambda told: told["thresholds"][0].__setitem__(1, None)
    yield lambda told: told["answers"]["nobody"].reverse()
    yield lambda told: told["answers"]["nobody"].pop()
    yield lambda told: told["answers"]["log_odds"].reverse()
    yield lambda told: told["answers"]["sizes"].__setitem__(0, 0)
    yield lambda told: told["answers"].update(rates=[2, 1])
    yield lambda told: told["answers"].update(per_person=0)
    yield lambda told: told["answers"].update(present=0.0)
    yield lambda told: told["answers"].update(misses=None)
    yield lambda told: told["answers"]["misses"].pop()
    yield lambda told: told["answers"]["misses"][1].reverse()
    yield lambda told: told["answers"]["misses"][1].__setitem__(0, -0.1)
    yield lambda told: told["answers"]["misses"][1].__setitem__(-1, 1.1)
    yield lambda told: told.update(answers=[])
    yield lambda told: told.update(cameras=[[2, 1, 1.0, 0.0]])
    yield lambda told: told.update(cameras=[[1, 2, -1.0, 0.0]])
    yield lambda told: told.update(cameras=[[1.5, 2, 1.0, 0.0]])


@pytest.mark.parametrize("change", [*damaged()])
def test_a_damaged_file_is_refused_with_its_name(found, tmp_path, change):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    told = json.loads(file.read_text())
    change(told)
    file.write_text(json.dumps(told))
    with pytest.raises(ValueError, match=r"calibration\.json.* calibrate again"):
        calibration_file.read(file)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", '{"version": NaN}', "[" * 100_000, b"\xff\xfe", b"x" * (2**20 + 1), "9" * 5000]
)
def test_what_is_no_calibration_is_refused(tmp_path, text):
    file = tmp_path / "calibration.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r"calibration\.json"):
        calibration_file.read(file)
