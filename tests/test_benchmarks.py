"""Every benchmark runs, states what it should, and fills its page; how fast anything is, is tested nowhere."""

import json
import math
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import _made
import _measure
import _naive
import performance
import run

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
NAMES = {command[0]: name for name, command in reversed(run.PLAN.items())}
"""Each script's first result."""
SPENT = {"wall_s", "cpu_s"}
FIELDS = {
    "evaluation.py": {"made", "queries", "gallery", "dim", "mAP", "rank1", "threads", "ours", "product", "naive"},
    "reranking.py": {"made", "queries", "gallery", "dim", "mAP", "mAP_reranked", "ours", "product", "naive", "live"},
    "expansion.py": {"made", "queries", "gallery", "dim", "mAP", "mAP_expanded", "ours", "product", "naive"},
    "live_reranking.py": {"made", "seeds", "queries", "gallery", "dim", "plain", "batch", "first_200", "first_400"},
    "growth.py": {"made", "queries", "dim", "sizes"},
    "drawing.py": {"pictures", "ours", "ratios"},
    "training.py": {"pictures", "float32", "bfloat16", "ratios"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    into = tmp_path_factory.mktemp("bench")
    command = [sys.executable, FOLDER / "run.py", *NAMES.values(), "--small", "--into", into]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=alone)
    return json.loads(done.stdout), into


def test_a_measured_step_and_a_measured_script_are_processes_of_their_own(tmp_path):
    script = tmp_path / "told.py"
    script.write_text(
        "import json, os, sys\n"
        "def step(place, number):\n    return {'pid': os.getpid(), 'place': place, 'number': number}\n"
        "if __name__ == '__main__':\n    print(json.dumps({'pid': os.getpid(), 'asked': sys.argv[1:]}))\n"
    )
    names = runpy.run_path(str(script))
    found = _measure.child(names["step"], tmp_path, 3)
    assert (found["place"], found["number"]) == (str(tmp_path), 3)
    told = json.loads(run.apart([str(script), "--kind", "hard"]))
    assert told["asked"] == ["--kind", "hard"]
    assert len({os.getpid(), found["pid"], told["pid"]}) == 3


def test_a_trial_stays_in_one_process_and_leaves_no_trace(tmp_path):
    script = tmp_path / "told.py"
    script.write_text(
        "import json, os, sys, _measure\n"
        "def step(number):\n    return {'pid': os.getpid(), 'number': number}\n"
        "if __name__ == '__main__':\n    print(json.dumps(_measure.child(step, 3) | {'asked': sys.argv[1:]}))\n"
    )
    argv = list(sys.argv)
    told = json.loads(run.together([str(script), "--small"]))
    assert told == {"pid": os.getpid(), "number": 3, "asked": ["--small"]}
    assert sys.argv == argv
    assert _measure.TOGETHER not in os.environ


def numbers(value):
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


def test_every_script_is_run_by_make_bench():
    scripts = {file.name for file in FOLDER.glob("*.py") if not file.name.startswith("_")}
    assert scripts == {*NAMES, *run.ALONE, "run.py", "performance.py"}
    for script in run.ALONE:
        pages = [page.name for page in (ROOT / "docs").glob("*.md") if f"benchmarks/{script}" in page.read_text()]
        assert pages, script
    assert "benchmarks/run.py" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("script", NAMES)
def test_a_script_prints_its_fields_and_no_number_is_nan(results, script):
    found, into = results
    name = NAMES[script]
    assert FIELDS.get(script, set()) <= set(found[name])
    assert found[name]["machine"]["cores"] >= 1
    assert all(math.isfinite(number) for number in numbers(found[name]))
    assert json.loads((into / f"{name}.json").read_text()) == found[name]


@pytest.mark.parametrize("script", ["evaluation.py", "reranking.py", "expansion.py"])
def test_ours_the_product_and_the_usual_way_are_each_told_with_ratios(results, script):
    found = results[0][NAMES[script]]
    assert {*SPENT, "first_cpu_s", "added_mb", "peak_mb"} == set(found["ours"])
    assert set(found["product"]) >= SPENT
    assert {*SPENT, "added_mb", "scaled"} <= set(found["naive"])
    assert found["ratios"]["ours_to_product_cpu"] == found["ours"]["cpu_s"] / found["product"]["cpu_s"]
    assert found["ratios"]["naive_to_ours_cpu"] == found["naive"]["cpu_s"] / found["ours"]["cpu_s"]


def test_the_usual_ways_give_the_same_results(results):
    found = results[0]
    judged = [found[NAMES["evaluation.py"]], *found["growth"]["sizes"]]
    assert all(one["naive"]["largest_difference_in_ap"] < 1e-6 and one["mAP"] > 0 for one in judged)
    part = found[NAMES["reranking.py"]]["part"]
    assert part["ours"]["mAP_reranked"] == pytest.approx(part["naive"]["mAP_reranked"], abs=1e-6)
    assert part["ours"]["vectors"] == part["naive"]["vectors"]
    assert found[NAMES["expansion.py"]]["naive"]["largest_difference"] < 1e-5


def test_live_re_ranking_of_all_is_that_of_a_batch_but_for_the_other_queries(results):
    found = results[0][NAMES["live_reranking.py"]]
    for way in ("plain", "batch"):
        assert {"mAP", "rank1"} <= set(found[way])
    for first in ("first_200", "first_400"):
        assert set(found[first]) == {"plain_ms", "live", "stored"}
        assert all({"mAP", "rank1", "ms"} == set(found[first][way]) for way in ("live", "stored"))
    whole, scores = found["first_400"], found["batch"]["mAP"]
    assert whole["live"]["mAP"]["mean"] == pytest.approx(scores["mean"], abs=0.05)
    assert scores["least"] <= scores["mean"] <= scores["most"]


def test_the_usual_judge_is_scaled_where_its_matrices_do_not_fit(tmp_path, monkeypatch):
    _made.write(str(tmp_path), "trained", 30, 200, 16, 0)
    monkeypatch.setattr(_naive, "LOOPED", 5)
    whole = _naive.naive(str(tmp_path))
    kept = round(200 * (1 - _made.JUNK_SHARE))
    monkeypatch.setattr(_naive, "WHOLE", 10 * kept * _naive.PAIR_BYTES)
    part = _naive.naive(str(tmp_path))
    assert (whole["queries"], whole["scaled"]) == (30, False)
    assert (part["queries"], part["scaled"]) == (10, True)
    assert np.array_equal(part["ap"], whole["ap"][:10], equal_nan=True)
    assert part["cpu_s"] >= part["measured_cpu_s"]
    assert part["loop"]["queries"] == 5


def test_a_loop_over_ranks_gives_the_same_precision(tmp_path):
    _made.write(str(tmp_path), "hard", 20, 200, 16, 0)
    query, gallery = (_made.read(str(tmp_path), name) for name in ("query", "gallery"))
    for one, other in zip(_naive.judge(query, gallery), _naive.judge(query, gallery, by_rank=True), strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def test_the_page_is_written_from_the_results(results, tmp_path):
    shutil.copy(ROOT / "docs" / "performance.md", tmp_path)
    (tmp_path / "performance.json").write_text("{}")
    command = [sys.executable, FOLDER / "performance.py", "--results", results[1], "--docs", tmp_path]
    subprocess.run(command, check=True)
    text = (tmp_path / "performance.md").read_text()
    assert performance.MISSING not in text
    assert "| 60 x 400 x 32 |" in text
    kept = json.loads((tmp_path / "performance.json").read_text())
    assert kept == results[0]
    for name in ("growth_time.svg", "growth_memory.svg"):
        assert (tmp_path / name).read_text().startswith("<?xml")


def test_the_page_shows_the_results_that_lie_beside_it():
    text = (ROOT / "docs" / "performance.md").read_text()
    assert performance.page(text, json.loads((ROOT / "docs" / "performance.json").read_text())) == text
    assert {place[0] for place in performance.MARKED.findall(text)} == set(performance.BLOCKS)


def test_results_of_unlike_machines_are_not_written_into_one_page():
    one, other = ({"machine": {"cores": cores}, "took_s": 1.0} for cores in (1, 2))
    with pytest.raises(ValueError, match="2 machines"):
        performance.page("<!-- machine -->\n\n<!-- end -->", {"a": one, "b": other})


def test_only_memory_above_what_was_there_is_added():
    # in a process of its own: what other tests left behind may be given back meanwhile
    code = (
        "import json, numpy as np, _measure; there = np.ones(20 * 2**17); np.ones(60 * 2**17); "
        "found, spent = _measure.spend(lambda: np.ones(40 * 2**17).sum()); assert found == 40 * 2**17 and len(there); "
        "print(json.dumps(spent))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True)
    spent = json.loads(done.stdout)
    assert 39 < spent["added_mb"] < 45
    assert spent["peak_mb"] > spent["added_mb"] + 20


def test_the_least_time_of_each_counts_and_they_take_turns():
    called = []
    found = _measure.least(2, one=lambda: called.append(1), other=lambda: called.append(2))
    assert called == [1, 2, 1, 2]
    assert set(found) == {"one", "other"}


def test_a_ratio_above_one_says_that_the_first_takes_more():
    ours, product, naive = ({"cpu_s": cpu, "added_mb": 1.0} for cpu in (2.0, 1.0, 6.0))
    found = _measure.ratios(ours, product={"cpu_s": product["cpu_s"]}, naive=naive)
    assert found == {"ours_to_product_cpu": 2.0, "naive_to_ours_cpu": 3.0, "naive_to_ours_added": 1.0}


@pytest.mark.parametrize("kind", _made.KINDS)
def test_made_vectors_are_the_same_each_time_and_have_the_shares_of_market1501(tmp_path, kind):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        _made.write(str(tmp_path / name), kind, 30, 1000, 16, 200)
    one, two = (_made.read(str(tmp_path / name), "gallery") for name in ("one", "two"))
    assert all((here == there).all() for here, there in zip(one, two, strict=True))
    assert one.vectors.shape == (1200, 16)
    assert one.vectors.dtype == np.float32
    assert np.isfinite(one.vectors).all()
    assert (one.pids[:194] == -1).all()
    assert (one.pids == -1).sum() == 194
    assert (one.pids[:1000] == 0).sum() == 142
    assert (one.pids[1000:] == 0).all()
    first = _made.embeddings(str(tmp_path / "one"), "gallery", 1000)
    assert torch.equal(first.vectors, torch.from_numpy(one.vectors[:1000]))
    assert [crop.pid for crop in first.crops] == one.pids[:1000].tolist()
