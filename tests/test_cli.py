import json
import os
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import people
from command import passerby
from passerby import cli, weights


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return people.market(tmp_path_factory.mktemp("data") / "market")


@pytest.fixture(scope="module")
def trained(market, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    assert cli.exit_code(["train", "demo", *people.SMALL, "--data", f"market1501:{market}", "--out", str(out)]) == 0
    return out


def test_the_whole_way_from_pictures_to_scores(capsys, market, trained, tmp_path):
    code, out, _ = passerby(capsys, "data", "market1501", market)
    assert code == 0
    assert "6 right answers for 3 queries" in out

    code, out, _ = passerby(capsys, "eval", trained, "--data", f"market1501:{market}")
    assert code == 0
    (file,) = (trained / "results").glob("market1501-????????.json")  # its counts are not the official ones
    scores = json.loads(file.read_text())
    assert f"{100 * scores['mAP']:.1f}" in out
    assert file.with_suffix(".html").read_text().startswith("<!DOCTYPE html>")

    for split in ("query", "gallery"):
        file = tmp_path / f"{split}.npz"
        code, out, err = passerby(capsys, "embed", trained, f"market1501:{market}", "--split", split, "--out", file)
        assert code == 0, err
    code, out, _ = passerby(capsys, "score", tmp_path / "query.npz", tmp_path / "gallery.npz", "--json")
    told = json.loads(out)
    numbers = {"mAP", "mAP_interval", "mINP", "rank1", "rank1_interval", "rank5", "rank10"}
    assert set(told) == numbers | {"ap", "queries", "queries_without_match", "post_processing"}
    assert told["mAP"] == pytest.approx(scores["mAP"])

    picture = next((market / "query").iterdir())
    for gallery in (market / "bounding_box_test", tmp_path / "gallery.npz"):
        code, out, _ = passerby(capsys, "search", trained, "--query", picture, "--gallery", gallery, "-k", 3)
        assert code == 0
        assert len(re.findall(r"\.jpg", out)) >= 3


def test_a_folder_of_own_pictures_is_embedded_without_the_broken_one(capsys, trained, market, tmp_path):
    for n, file in enumerate(sorted((market / "query").iterdir())):
        (tmp_path / f"{n}.jpg").write_bytes(file.read_bytes())
    (tmp_path / "broken.jpg").write_bytes((tmp_path / "0.jpg").read_bytes()[:200])
    code, out, err = passerby(capsys, "embed", trained, tmp_path, "--out", tmp_path / "own.npz")
    assert code == 0
    assert "3 descriptors of 8 dimensions" in out
    assert "1 of 4 pictures could not be read" in err
    assert "broken.jpg" in err
    assert len(np.load(tmp_path / "own.npz", allow_pickle=False)["vectors"]) == 3


def test_vectors_of_another_model_are_refused(capsys, trained, market, tmp_path):
    other = tmp_path / "run"
    arguments = ["--data", f"market1501:{market}", "--out", other, "--seed", 1]
    assert passerby(capsys, "train", "demo", *people.SMALL, *arguments)[0] == 0
    file = tmp_path / "other.npz"
    assert passerby(capsys, "embed", other, market / "query", "--out", file)[0] == 0
    picture = next((market / "query").iterdir())
    code, _, err = passerby(capsys, "search", trained, "--query", picture, "--gallery", file)
    assert code == 2
    assert "two models" in err


def test_a_training_killed_by_the_system_goes_on_and_ends_with_the_same_weights(market, tmp_path):
    def arguments(out):
        changes = [change for change in people.SMALL if not change.startswith("epochs")]
        data = f"market1501:{market}"
        return ["train", "demo", *changes, "epochs=15", "--data", data, "--out", str(out), "--checkpoint-every", "0"]

    program = [sys.executable, "-m", "passerby", *arguments(tmp_path / "killed")]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # as here: sums over two threads round otherwise
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=one_thread)
    log = tmp_path / "killed" / "log.jsonl"
    while not log.is_file() or len(log.read_text().splitlines()) < 5:
        assert process.poll() is None, "training ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    assert cli.exit_code([*arguments(tmp_path / "killed"), "--resume"]) == 0
    assert cli.exit_code(arguments(tmp_path / "whole")) == 0
    one, other = (weights.digest(tmp_path / name / "weights.safetensors") for name in ("killed", "whole"))
    assert one == other


BAD = [
    (["data", "market1501", "nowhere"], "not a folder"),
    (["data", "markte", "."], "No data set is called 'markte'; there is"),
    (["train", "nothing", "--data", ".", "--out", "x"], "there is baseline, demo, global_embedding"),
    (["train", "demo", "epoch=3", "--data", ".", "--out", "x"], "there is no 'epoch'"),
    (["train", "demo", "epochs=many", "--data", ".", "--out", "x"], "give a whole number"),
    (["train", "demo", "--data", "."], "--out"),
    (["eval", "nowhere", "--data", "."], "No run in nowhere"),
    (["score", "nowhere.npz", "nowhere.npz"], "No vector file at nowhere.npz"),
    (["frobnicate"], "No such command 'frobnicate'"),
    (["synth"], "Nothing to draw"),
    (["synth", "world", "--train-ids", "many"], "train-ids"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(capsys, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    code, out, err = passerby(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert told in err


def vectors(file, change=lambda made: made, *, count=6, dim=8):
    made = change(np.random.default_rng(0).standard_normal((count, dim)).astype(np.float32))
    np.savez(file, vectors=made, pids=np.arange(1, 1 + len(made)) % 3 + 1, camids=np.arange(len(made)))
    return file


def filled(rows, value):
    def change(made):
        made[rows] = value
        return made

    return change


WRONG = [
    (filled([1], np.nan), "1 of 6 vectors hold NaN or infinity (row 1)"),
    (filled([2, 5], np.inf), "2 of 6 vectors hold NaN or infinity (row 2, 5)"),
    (filled([0], -np.inf), "1 of 6 vectors hold NaN or infinity (row 0)"),
    (filled([3, 4], 0), "2 of 6 vectors of the gallery are zero, or nearly (row 3, 4)"),
    (filled([4], 1e20), "1 of 6 vectors of the gallery are too long (row 4)"),
    (lambda made: made[:, :5], "Vectors of 8 and of 5 dimensions cannot be compared"),
    (lambda made: made.astype(np.float64), "vectors is float64 of shape (6, 8); give float32"),
    (lambda made: made[:, :0], "vectors is float32 of shape (6, 0); give float32 of shape (N, D)"),
]


def test_a_network_that_gives_nan_is_refused_before_a_picture_is_read(capsys, monkeypatch, market, trained, tmp_path):
    broken = shutil.copytree(trained, tmp_path / "broken")
    network = weights.read(broken / "weights.safetensors")
    network["backbone.conv1.weight"] = network["backbone.conv1.weight"] * np.nan
    weights.save_tensors(network, broken / "weights.safetensors")
    monkeypatch.setattr("passerby.images.load", lambda *_: pytest.fail("a picture was read"))
    code, out, err = passerby(capsys, "eval", broken, "--data", f"market1501:{market}", "--out", tmp_path / "out")
    assert (code, out, err) == (
        2,
        "",
        "passerby: The network gives NaN or infinity for a black picture; train it again.\n",
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("change", "told"), WRONG)
@pytest.mark.parametrize("command", ["score", "search"])
def test_vectors_that_cannot_be_compared_are_one_line_and_exit_code_2_before_the_long_work(
    capsys, monkeypatch, market, trained, tmp_path, command, change, told
):
    for long_work in ("passerby.evaluation.exact_ranks.closer", "passerby.lookup.neighbours"):
        if "zero" not in told and "too long" not in told:  # the search itself refuses these, at once
            monkeypatch.setattr(long_work, lambda *_, **__: pytest.fail("the long work began"))
    wrong = vectors(tmp_path / "wrong.npz", change)
    given = ["score", vectors(tmp_path / "right.npz"), wrong]
    if command == "search":
        given = ["search", trained, "--query", next((market / "query").iterdir()), "--gallery", wrong]
    code, out, err = passerby(capsys, *given)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_the_query_side_of_a_score_is_looked_at_too(capsys, tmp_path):
    right = vectors(tmp_path / "right.npz")
    for change, told in WRONG[:5]:
        wrong = vectors(tmp_path / "wrong.npz", change)
        code, out, err = passerby(capsys, "score", wrong, right)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert told.replace("gallery", "queries") in err
    code, _, err = passerby(
        capsys, "score", right, vectors(tmp_path / "zero.npz", WRONG[3][0]), "--metric", "euclidean"
    )
    assert code == 0, err


@pytest.mark.parametrize("gallery", ["gallery.npz", "bounding_box_test"])
def test_more_pictures_than_the_gallery_holds_are_refused_and_fewer_than_usual_are_all_shown(
    capsys, market, trained, tmp_path, gallery
):
    picture = next((market / "query").iterdir())
    place = vectors(tmp_path / gallery) if gallery.endswith("npz") else market / gallery
    there = 6 if gallery.endswith("npz") else 8
    asked = ["search", trained, "--query", picture, "--gallery", place]
    code, out, err = passerby(capsys, *asked)
    assert (code, len(re.findall(r"│ +\d+ │", out))) == (0, there), err
    assert passerby(capsys, *asked, "-k", there)[0] == 0
    for wrong, told in (
        (there + 1, f"holds {there} pictures; give 1 .. {there}"),
        (0, "should be greater than or equal to 1"),
    ):
        code, out, err = passerby(capsys, *asked, "-k", wrong)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert told in err


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.nan, "vectors hold NaN or infinity (row 0"),
        (np.inf, "vectors hold NaN or infinity (row 0"),
        (0.0, "of 3 vectors of the queries are zero, or nearly (row 0"),
    ],
)
def test_a_network_whose_descriptors_say_nothing_is_refused_and_nothing_is_written(
    capsys, monkeypatch, market, trained, tmp_path, value, told
):
    monkeypatch.setattr("passerby.embed._vectors", lambda model, pictures, flip: torch.full((len(pictures), 8), value))
    code, out, err = passerby(capsys, "eval", trained, "--data", f"market1501:{market}", "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert told in err.splitlines()[-1]
    assert len(err.splitlines()) == 2
    assert err.startswith("Ranking 3 queries in 8 crops of 8 dimensions: at most ")
    assert list((tmp_path / "out").iterdir()) == []


def test_no_cameras_under_a_camera_protocol_is_refused_and_the_way_out_named(capsys, tmp_path):
    vectors = np.eye(3, dtype=np.float32)
    np.savez(tmp_path / "a.npz", vectors=vectors, pids=np.array([1, 1, 2]))
    np.savez(tmp_path / "b.npz", vectors=vectors, pids=np.array([1, 2, 3]))
    code, _, err = passerby(capsys, "score", tmp_path / "a.npz", tmp_path / "b.npz")
    assert code == 2
    assert "have no camera" in err
    code, _, err = passerby(capsys, "score", tmp_path / "a.npz", tmp_path / "b.npz", "--no-cameras")
    assert code == 0, err


def test_a_mistake_behind_a_progress_bar_is_one_line_too(capsys, market, trained, tmp_path):
    data = f"market1501:{market}"
    refused = [
        ["train", "demo", *people.SMALL, "--data", data, "--out", trained],
        ["train", "demo", "batches.people=50", "--data", data, "--out", tmp_path / "run"],
        ["train", "demo", "--data", data, "--out", tmp_path / "run", "--accelerator", "banana"],
        ["eval", trained, "--data", data, "--ap", "foo"],
        ["eval", trained, "--data", data, "--device", "banana"],
        ["eval", trained, "--data", data, "--rank", "0"],
        ["eval", trained, "--data", data, "--by", "colour"],
        ["eval", trained, "--data", data, "--by", "attribute"],
        ["eval", trained, "--data", data, "--distractors", "5"],
        ["eval", trained, "--data", data, "--multi-query", "mean"],
        ["eval", trained, "--data", data, "--tracklets", "mean"],
        ["eval", trained, "--data", data, "--validate"],
        ["eval", trained, "--data", data, "--data", data],
        ["eval", trained, "--data", f"markt1501:{market}"],
        ["embed", trained, market, "--split", "query", "--out", tmp_path / "x.npz"],
        ["search", trained, "--query", market / "missing.jpg", "--gallery", market],
    ]
    for arguments in refused:
        code, out, err = passerby(capsys, *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), (arguments, err)


def test_names_with_square_brackets_are_shown_as_they_are(capsys, market, trained, tmp_path):
    picture = tmp_path / "z[b].jpg"
    picture.write_bytes(next((market / "query").iterdir()).read_bytes())
    code, out, _ = passerby(capsys, "search", trained, "--query", picture, "--gallery", market, "-k", 1)
    assert code == 0
    assert "z[b].jpg" in "".join(out.split())


def test_no_judged_query_is_null_in_json_and_said_in_the_table(capsys, tmp_path):
    vectors = np.eye(2, dtype=np.float32)
    np.savez(tmp_path / "a.npz", vectors=vectors, pids=np.array([1, 2]), camids=np.array([1, 1]))
    np.savez(tmp_path / "b.npz", vectors=vectors, pids=np.array([3, 4]), camids=np.array([2, 2]))
    _, out, _ = passerby(capsys, "score", tmp_path / "a.npz", tmp_path / "b.npz", "--json")
    told = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (told["mAP"], told["queries"], told["queries_without_match"]) == (None, 0, 2)
    _, out, _ = passerby(capsys, "score", tmp_path / "a.npz", tmp_path / "b.npz")
    assert "not defined" in out


def test_one_training_person_is_refused(capsys, tmp_path):
    root = people.market(tmp_path / "market", train=1)
    code, _, err = passerby(capsys, "train", "demo", "--data", f"market1501:{root}", "--out", tmp_path / "run")
    assert code == 2
    assert "1 people in train" in err


def test_a_table_is_studied_and_another_study_of_it_keeps_its_own_page(capsys, market, tmp_path):
    tiny = ["epochs=1", "schedule.warmup=0", "batches.size=4", "augment.flip.p=0.0"]
    where = ["--data", f"market1501:{market}", "--seeds", "1", "--accelerator", "cpu", "--out", tmp_path]
    for rows in (["--rows", "MMHPN+PSL"], ["--rows", "MMHPN+softmax"]):
        code, out, err = passerby(capsys, "study", "horizontal_pooling.table_7", *tiny, *where, *rows)
        assert code == 0, err
        assert rows[1] in out
        assert "94.6" in out or "94.2" in out
    pages = sorted((tmp_path / "small" / "market").glob("*.md"))
    assert len(pages) == 2
    assert all("passerby study horizontal_pooling.table_7 epochs=1" in page.read_text() for page in pages)
    trained = sorted(tmp_path.rglob("weights.safetensors"))
    assert len(trained) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["horizontal_pooling.table_8"], "No table is called"),
        (["horizontal_pooling.table_7", "--rows", "none"], "has no row 'none'"),
        (["horizontal_pooling.table_7", "model.pool=max"], "there is no 'pool'"),
        (["hybrid_attention.table_viii"], "wants two data sets"),
        (["horizontal_pooling.table_7", "--scale", "paper"], "say for which recipe"),
        (["midlevel_attributes.table_4"], "labels"),
    ],
)
def test_a_study_that_cannot_be_is_refused_in_one_line(capsys, market, tmp_path, arguments, told):
    code, _, err = passerby(capsys, "study", *arguments, "--data", f"market1501:{market}", "--out", tmp_path / "out")
    assert code == 2
    assert told in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
