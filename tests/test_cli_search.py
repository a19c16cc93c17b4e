"""`passerby search`: what its answers are worth."""

import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import people
from command import passerby
from passerby import calibrate, run, terminal
from passerby.datasets import market1501
from passerby.lookup import lookup


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return people.market(tmp_path_factory.mktemp("data") / "market")


@pytest.fixture(scope="module")
def trained(market, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    return run.train("demo", data=market1501.load(market), out=out, changes=people.SMALL)


@pytest.fixture
def search(capsys, market, trained, monkeypatch):
    monkeypatch.setattr(terminal.console, "width", 200)
    picture = next(iter(sorted((market / "query").iterdir())))

    def call(*options, gallery=market / "bounding_box_test"):
        code, out, err = passerby(capsys, "search", trained.folder, "--query", picture, "--gallery", gallery, *options)
        return code, " ".join(out.split()), " ".join(err.split())

    return call


class Fitted:
    """A calibration whose line is given; the galleries that it was asked about are remembered."""

    def __init__(self, model, line, *, misses=0.25, measured=True):
        self.model, self.line, self.misses, self.known, self.sizes = model, line, misses, measured, []
        self.answers = SimpleNamespace(present=0.5)

    def probability(self, similarity, *, cameras=None):
        assert np.abs(similarity).max() <= 1
        return (similarity + 1) / 4

    def top1(self, similarity, *, size):
        self.sizes.append(size)
        return 0.625

    def nobody_below(self, rate, *, size):
        self.sizes.append(size)
        return self.line

    def nobody_misses(self, rate, *, size):
        return self.misses

    def measured(self, rate, *, size):
        return self.known


def test_a_run_that_is_not_calibrated_says_so_and_gives_no_probability(search):
    code, out, err = search()
    assert code == 0
    assert "probability" not in out
    assert "nobody" not in out
    assert calibrate.UNCALIBRATED in err


def test_each_answer_has_its_probability_and_the_line_falls_among_them(search, trained, market, monkeypatch):
    there = len(list((market / "bounding_box_test").glob("*.jpg")))
    found = lookup(trained, next(iter(sorted((market / "query").iterdir()))), market / "bounding_box_test")
    line = (found.answers[1][1] + found.answers[2][1]) / 2
    made = Fitted(trained.model_id, line)
    monkeypatch.setattr(calibrate, "of", lambda run: made)
    code, out, err = search("--rate", 0.05)
    assert code == 0
    for crop, similarity in found.answers:
        assert f"{similarity:.3f} │ {25 * (similarity + 1):.1f} % │ {crop.path}" in out
    assert f"2 of {len(found.answers)} answers lie at the line of {line:.3f} or above; below it, it is probably" in out
    assert "somebody absent gets one above it in at most 5 % of searches, and 25 % of those who are there are" in out
    assert f"Searched: {there} pictures" in out
    assert "62.5 %" in out
    assert set(made.sizes) == {there}
    assert "carried on" not in out
    assert "calibrated" not in err


def test_probably_nobody_is_said_where_even_the_first_lies_below_the_line(search, trained, monkeypatch):
    monkeypatch.setattr(calibrate, "of", lambda run: Fitted(trained.model_id, 1.1, misses=None, measured=False))
    code, out, _ = search("-k", 2)
    assert code == 0
    assert "Probably nobody: even the most alike lies below the line of 1.100" in out
    assert "missed" not in out
    assert "carried on" in out


def test_a_run_that_was_calibrated_tells_what_its_calibration_says(capsys, trained, tmp_path):
    market = people.market(tmp_path / "market", test=24)
    folder = shutil.copytree(trained.folder, tmp_path / "run")
    assert passerby(capsys, "calibrate", folder, "--data", f"market1501:{market}")[0] == 0
    picture = next(iter(sorted((market / "query").iterdir())))
    code, out, _ = passerby(
        capsys, "search", folder, "--query", picture, "--gallery", market / "bounding_box_test", "-k", 3
    )
    assert code == 0
    told = calibrate.of(run.load(folder))
    size = len(list((market / "bounding_box_test").glob("*.jpg")))
    assert f"{told.nobody_below(0.1, size=size):.3f}" in out
    shown = [float(one) for one in re.findall(r"([0-9.]+) %", out)]
    found = lookup(run.load(folder), picture, market / "bounding_box_test", count=3, calibration=told)
    assert shown[:3] == [pytest.approx(100 * one, abs=0.06) for one in found.worth.probabilities]


@pytest.mark.parametrize("rate", [0, 1, -1, 0.7, 1e-9, "nan", "x"])
def test_a_rate_that_is_none_is_one_line(search, rate):
    code, out, err = search("--rate", rate)
    assert (code, out) == (2, "")
    assert "rate" in err


def test_a_query_that_is_in_the_gallery_itself_is_told(search, market):
    assert "The query itself is among the pictures" in search(gallery=market / "query")[2]
    assert "The query itself" not in search()[2]


def test_nothing_is_said_of_the_whole_where_the_query_itself_is_the_first_answer(
    search, trained, market, monkeypatch, tmp_path
):
    monkeypatch.setattr(calibrate, "of", lambda run: Fitted(trained.model_id, 0.5))
    (tmp_path / "link").symlink_to(market / "query")
    for gallery in (market / "query", tmp_path / "link"):
        code, out, err = search(gallery=gallery)
        assert code == 0
        assert "nothing is said of the answers as a whole" in err
        assert "Searched:" not in out
        assert "the line of" not in out
    assert "Searched:" in search()[1]


def test_a_calibration_of_another_model_is_refused(search, trained, monkeypatch):
    (trained.folder / "calibration.json").write_text("{}")
    try:
        code, out, err = search()
    finally:
        (trained.folder / "calibration.json").unlink()
    assert (code, out) == (2, "")
    assert "calibration.json" in err
