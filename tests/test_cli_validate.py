"""`--validate` of `train`, `eval` and `study`: the test people are left alone."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

import people
from command import passerby
from passerby import cli, run, weights

TINY = [change for change in people.SMALL if not change.startswith("epochs")]
TABLE = ["horizontal_pooling.table_7", "epochs=1", "schedule.warmup=0", "batches.size=4", "augment.flip.p=0.0"]


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return people.market(tmp_path_factory.mktemp("data") / "market", train=8)


def training(market, out, *more):
    return ["train", "demo", *TINY, "--data", f"market1501:{market}", "--out", str(out), *map(str, more)]


@pytest.fixture(scope="module")
def trained(market, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    assert cli.exit_code(training(market, out, "epochs=2", "--validate", 3)) == 0
    return out


def test_a_training_that_validates_never_reads_a_test_picture_and_prints_what_it_reached(capsys, market, tmp_path):
    data = shutil.copytree(market, tmp_path / "market")
    for file in [*(data / "query").iterdir(), *(data / "bounding_box_test").iterdir()]:
        file.write_bytes(b"no picture")
    code, out, err = passerby(capsys, *training(data, tmp_path / "run", "epochs=2", "--validate", 3))
    assert code == 0, err
    assert "demo on 3 validation people of market1501" in out
    assert "These 3 people were cut from the training set" in out
    told = json.loads((tmp_path / "run" / "results" / "validation.json").read_text())
    assert f"{100 * told['mAP']:.1f} %" in out
    assert told["protocol"]["version"] == "validation on 3 of 8 training people"
    assert told["protocol"]["cameras"] is True
    assert len(set(told["per_query"]["people"])) == 3


def test_eval_judges_the_same_people_and_gives_the_same(capsys, market, trained):
    code, _, err = passerby(capsys, "eval", trained, "--data", f"market1501:{market}", "--validate")
    assert code == 0, err
    results = [json.loads(file.read_text()) for file in (trained / "results").glob("market1501*.json")]
    first = json.loads((trained / "results" / "validation.json").read_text())
    assert [(one["mAP"], one["per_query"], one["protocol"]) for one in results] == [
        (first["mAP"], first["per_query"], first["protocol"])
    ]


def test_without_cameras_the_held_out_people_are_judged_without_them(capsys, market, tmp_path):
    for file in (market / "bounding_box_train").iterdir():
        copied = tmp_path / "own" / file.name[:4] / file.name
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(file.read_bytes())
    arguments = ["demo", *TINY, "epochs=1", "schedule.warmup=0", "--out", tmp_path / "run", "--validate", 3]
    code, out, err = passerby(capsys, "train", *arguments, "--data", f"manifest:{tmp_path / 'own'}")
    assert code == 0, err
    assert "cameras not used" in out
    assert "3 queries" in " ".join(out.split())


def test_the_best_epoch_is_told_while_it_trains_and_kept(capsys, market, tmp_path):
    more = ["epochs=3", "--validate", 3, "--validate-every", 2, "--keep", "best"]
    code, out, err = passerby(capsys, *training(market, tmp_path / "run", *more))
    assert code == 0, err
    looks = [line for line in err.splitlines() if line.startswith("epoch ")]
    assert [line[:8] for line in looks] == ["epoch 2:", "epoch 3:"]
    epoch = run.load(tmp_path / "run").epoch
    assert f"Its weights are those of epoch {epoch}" in out
    told = json.loads((tmp_path / "run" / "results" / "validation.json").read_text())
    assert told["mAP"] == pytest.approx(json.loads((tmp_path / "run" / "recipe.json").read_text())["kept"]["mAP"])


def test_a_training_killed_by_the_system_ends_with_the_same_best_weights(market, tmp_path):
    def arguments(out):
        more = ["epochs=15", "--validate", 3, "--validate-every", 1, "--keep", "best", "--checkpoint-every", 0]
        return training(market, out, *more)

    program = [sys.executable, "-m", "passerby", *arguments(tmp_path / "killed")]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # as here: sums over two threads round otherwise
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=one_thread)
    log = tmp_path / "killed" / "log.jsonl"
    while not log.is_file() or log.read_text().count("validation_mAP") < 3:
        assert process.poll() is None, "training ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    assert cli.exit_code([*arguments(tmp_path / "killed"), "--resume"]) == 0
    assert cli.exit_code(arguments(tmp_path / "whole")) == 0
    one, other = (weights.digest(tmp_path / name / "weights.safetensors") for name in ("killed", "whole"))
    assert one == other
    cards = [json.loads((tmp_path / name / "recipe.json").read_text())["kept"] for name in ("killed", "whole")]
    assert cards[0] == cards[1]


def test_two_processes_train_one_network_and_one_validates_while_the_other_waits(market, tmp_path):
    more = ["epochs=2", "--validate", 2, "--validate-every", 1, "--keep", "best", "--accelerator", "cpu"]
    program = [sys.executable, "-m", "passerby", *training(market, tmp_path / "run", *more, "--devices", 2)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # each: four threads on two cores wait for each other
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, env=one_thread)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("lies in") == 1
    assert done.stdout.count("These 2 people were cut from the training set") == 1
    assert done.stderr.count("epoch 1: mAP") == done.stderr.count("epoch 2: mAP") == 1
    logged = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in logged if "validation_mAP" not in line]
    assert steps == list(range(1, len(steps) + 1))
    trained = run.load(tmp_path / "run")
    assert trained.model_id.weights
    assert trained.held_out.people == 2


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--validate", 1], "1 of the 8 training people of market1501 cannot be held out; give 2 .. 6."),
        (["--validate", -2], "give 2 .. 6."),
        (["--validate", 7], "give 2 .. 6."),
        (["--validate", "many"], "--validate"),
        (["--validate-every", 1], "say how many with --validate N"),
        (["--keep", "best"], "say how many with --validate N"),
        (["--validate", 3, "--keep", "worst"], "--keep"),
        (["--validate", 3, "--validate-every", 0], "--validate-every"),
    ],
)
def test_what_cannot_be_held_out_is_refused_in_one_line(capsys, market, tmp_path, more, told):
    code, out, err = passerby(capsys, *training(market, tmp_path / "run", *more))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_only_as_it_was_validated(capsys, market, trained):
    for more in ([], ["--validate", 4], ["--validate", 3, "--validate-every", 1]):
        code, out, err = passerby(capsys, *training(market, trained, "epochs=2", "--resume", *more))
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "validation; resume it as it was started (--validate 3)" in err
    assert passerby(capsys, *training(market, trained, "epochs=2", "--resume", "--validate", 3))[0] == 0


def test_a_study_of_held_out_people_keeps_its_own_page(capsys, market, tmp_path):
    where = ["--data", f"market1501:{market}", "--seeds", 1, "--accelerator", "cpu", "--out", tmp_path]
    for held in ([], ["--validate", 3]):
        code, out, err = passerby(capsys, "study", *TABLE, *where, "--rows", "MMHPN+PSL", *held)
        assert code == 0, err
        assert ("Validation: trained without 3 of the training people" in out) == bool(held)
    pages = sorted((tmp_path / "small" / "market").glob("*.md"))
    assert sorted("--validate 3" in page.read_text() for page in pages) == [False, True]
    assert sorted(file.parent.name for file in tmp_path.rglob("weights.safetensors")) == ["seed0", "validate3-seed0"]
