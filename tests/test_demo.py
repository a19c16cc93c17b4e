import json
import sys

from command import passerby
from passerby.calibrate import of
from passerby.cli.called import called
from passerby.gallery.open_gallery import open_gallery
from passerby.run import load
from small_demo import PEOPLE, small_demo


def test_the_demo_draws_trains_judges_and_shows_and_is_done_at_once_the_second_time(demo_made):
    first = demo_made
    assert (first.world / "bounding_box_train").is_dir()
    (kept,) = (first.run / "results").glob("synthetic-*.json")
    assert json.loads(kept.read_text())["mAP"] == first.trained.mAP
    assert first.trained.queries == first.baseline.queries > 0
    page = first.page.read_text()
    assert "colour histogram" in page
    assert "trained network" in page
    weights = (first.run / "weights.safetensors").stat().st_mtime_ns
    second = small_demo(first.run.parent)
    assert second.trained.mAP == first.trained.mAP
    assert (first.run / "weights.safetensors").stat().st_mtime_ns == weights


def test_the_demo_ends_with_a_calibrated_run_and_a_gallery_of_the_pictures_that_were_searched(demo_made):
    assert of(load(demo_made.run)).people == PEOPLE
    gallery = open_gallery(str(demo_made.gallery))
    try:
        searched = {str(one) for one in demo_made.world.glob("bounding_box_test/*.jpg") if one.name[:2] != "-1"}
        assert searched <= {one.path for one in gallery.records()}
        assert {*gallery.cameras()} == {1, 2, 3}
    finally:
        gallery.close()


def test_the_commands_that_the_demo_ends_with_can_be_copied(demo_made, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("passerby.demo.demo", lambda folder, seed: demo_made)
    monkeypatch.setattr(sys, "argv", [".venv/bin/passerby", "demo"])
    code, out, _ = passerby(capsys, "demo", "--out", tmp_path / "demo")
    assert code == 0
    assert f".venv/bin/passerby serve {demo_made.gallery} {demo_made.run}" in " ".join(out.split())


def test_a_demo_that_is_broken_off_says_how_it_goes_on(capsys, monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("passerby.synth.world.write", stopped)
    code, _, err = passerby(capsys, "demo", "--out", tmp_path / "demo")
    assert (code, err) == (130, "passerby: Interrupted; the same command goes on where it stopped.\n")


def test_a_program_is_called_as_it_was(monkeypatch, tmp_path):
    program = tmp_path / "bin of mine" / "passerby"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    def typed(name):
        monkeypatch.setattr(sys, "argv", [name])
        return called()

    monkeypatch.setenv("PATH", "")
    assert typed(".venv/bin/passerby") == ".venv/bin/passerby"
    assert typed(str(program)) == f"'{program}'"
    assert typed("/somewhere/passerby/__main__.py").endswith(" -m passerby")
    monkeypatch.setenv("PATH", str(program.parent))
    assert typed(str(program)) == "passerby"  # as the shell found it
    assert typed("/another/bin/passerby") == "/another/bin/passerby"
