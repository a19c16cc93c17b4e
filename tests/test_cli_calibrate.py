"""`passerby calibrate` on a tiny set: what it prints and writes, and what it refuses."""

import json
import shutil
from dataclasses import replace

import pytest

import people
from command import passerby
from passerby import cli, run
from passerby.calibrate import UNCALIBRATED, calibrate, chosen, of
from passerby.calibration import calibration_file
from passerby.datasets import market1501
from passerby.types import ModelId


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return people.market(tmp_path_factory.mktemp("data") / "market", test=40)


@pytest.fixture(scope="module")
def trained(market, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    assert cli.exit_code(["train", "demo", *people.SMALL, "--data", f"market1501:{market}", "--out", str(out)]) == 0
    return run.load(out)


@pytest.fixture(scope="module")
def calibrated(trained, market):
    if of(trained) is None:
        assert cli.exit_code(["calibrate", str(trained.folder), "--data", f"market1501:{market}"]) == 0
    return trained


def call(capsys, *arguments):
    return passerby(capsys, "calibrate", *arguments)


def test_a_run_is_calibrated_and_the_files_say_what_was_printed(trained, market, capsys):
    code, out, err = call(capsys, trained.folder, "--data", f"market1501:{market}", "--prior", "0.25")
    assert code == 0, err
    found = of(trained)
    assert (found.people, found.prior, found.model) == (40, 0.25, trained.model_id)
    assert "Fitted on 20 people and tried on 20 others" in out
    assert "too few people to tell" in out
    assert not any("hold" in line and "too few people" in line for line in out.splitlines())
    assert "\nWhat to do: " in out
    assert (trained.folder / "results" / "calibration.txt").read_text() in out
    assert "<svg" in (trained.folder / "results" / "calibration.svg").read_text()
    for file in ("calibration.json", "results/calibration.txt", "results/calibration.svg"):
        assert f"Written: {trained.folder / file}" in out.replace("\n", "") or str(file).split("/")[-1] in out


def test_a_run_without_a_calibration_says_so(trained, tmp_path):
    assert of(replace(trained, folder=tmp_path)) is None
    assert "passerby calibrate" in UNCALIBRATED


def test_a_calibration_of_other_weights_or_preprocessing_is_refused(calibrated):
    other = replace(calibrated, model_id=ModelId(calibrated.name, "ab" * 32, calibrated.model_id.preprocessing))
    with pytest.raises(ValueError, match="of another model"):
        of(other)
    with pytest.raises(ValueError, match="of another model"):
        of(run.load(calibrated.folder, ["flip_test=True"]))


def test_a_damaged_file_is_an_error_and_not_an_uncalibrated_run(calibrated, tmp_path):
    folder = shutil.copytree(calibrated.folder, tmp_path / "run")
    (folder / "calibration.json").write_text("{}")
    with pytest.raises(ValueError, match="calibrate again"):
        of(run.load(folder))


def test_people_of_the_training_are_refused(trained, market):
    data = market1501.load(market)
    with pytest.raises(ValueError, match=r"2|takes 20 or more"):
        chosen(trained, replace(data, train=(), query=(), gallery=data.train))
    many = replace(trained, data=replace(trained.data, names_sha256=_digest(data.query)))
    with pytest.raises(ValueError, match="was trained on these pictures"):
        chosen(many, data)


def _digest(crops):
    from passerby import card

    return card.digest(crops)


def test_too_few_people_are_refused_before_anything_is_embedded(trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("passerby.run.embeddings", lambda *_, **__: pytest.fail("embedded"))
    small = people.market(tmp_path / "small", test=9)
    code, _, err = call(capsys, trained.folder, "--data", f"market1501:{small}")
    assert code == 2
    assert "market1501 has 9 people in query and gallery, and a calibration takes 20 or more" in err


@pytest.mark.parametrize("prior", ["0", "1", "-0.5", "nan", "1e-30", "9.9e-10", "0.9999999999"])
def test_a_prior_out_of_range_is_refused(trained, market, capsys, prior):
    code, _, err = call(capsys, trained.folder, "--data", f"market1501:{market}", f"--prior={prior}")
    assert code == 2
    assert f"prior is {float(prior)}; give the share of pairs that show one person, from 1e-09 to 1 - 1e-09:" in err


def test_no_run_is_an_error_in_one_line(tmp_path, market, capsys):
    code, _, err = call(capsys, tmp_path / "none", "--data", f"market1501:{market}")
    assert code == 2
    assert err.startswith("passerby: No run in")


def test_a_picture_that_cannot_be_read_is_left_out_and_told(trained, market, tmp_path):
    root = shutil.copytree(market, tmp_path / "market")
    broken = sorted((root / "bounding_box_test").iterdir())[-1]
    broken.write_bytes(b"nothing")
    folder = shutil.copytree(trained.folder, tmp_path / "run", ignore=shutil.ignore_patterns("calibration.json"))
    made = calibrate(run.load(folder), market1501.load(root), cameras=False)
    assert [crop.path for crop, _ in made.broken] == [broken]
    assert calibration_file.read(folder / "calibration.json").sightings == made.calibration.sightings
    assert json.loads((folder / "calibration.json").read_text())["cameras"] == []
