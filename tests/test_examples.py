import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from passerby.synth import world

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_every_example_is_run_here():
    assert {file.name for file in EXAMPLES.glob("*.py")} == {"search.py", "systems.py"}


def test_search_names_the_nearest_first(tmp_path):
    vectors = np.eye(4, dtype=np.float32)
    np.savez(tmp_path / "q.npz", vectors=vectors[:1], pids=np.array([-2]), paths=np.array(["asked.jpg"]))
    paths = np.array(["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    np.savez(tmp_path / "g.npz", vectors=vectors[[1, 0, 2, 3]], pids=np.array([-2] * 4), paths=paths)
    done = subprocess.run(
        [sys.executable, EXAMPLES / "search.py", tmp_path / "q.npz", tmp_path / "g.npz"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("asked.jpg: b.jpg (0.000), ")


def test_systems_prints_the_mean_and_spread_over_seeds_and_trains_nothing_twice(tmp_path, capsys, monkeypatch):
    world.write(tmp_path / "world", train_ids=6, test_ids=4, cameras=2, seed=3, workers=1)
    spec = importlib.util.spec_from_file_location("systems", EXAMPLES / "systems.py")
    systems = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(systems)
    assert systems.SYSTEMS[0] == "baseline"
    assert len(systems.SYSTEMS) == 6
    monkeypatch.setattr(systems, "SYSTEMS", ("baseline",))
    asked = (str(tmp_path / "world"), str(tmp_path / "runs"), "0,1", "epochs=1", "schedule.warmup=0", "batches.size=8")
    systems.main(*asked)
    shown = capsys.readouterr().out
    found = [json.loads((tmp_path / f"runs/baseline.small-{seed}/scores.json").read_text())["mAP"] for seed in (0, 1)]
    cells = [cell.strip() for cell in shown.splitlines()[2].split("|")]
    assert cells[1] == "baseline.small"
    assert cells[4] == ", ".join(f"{100 * value:.1f}" for value in found)
    mean, spread = map(float, cells[3].split(" ± "))
    assert mean == pytest.approx(50 * sum(found), abs=0.051)
    assert spread == pytest.approx(100 * abs(found[0] - found[1]) / 2**0.5, abs=0.051)
    times = [file.stat().st_mtime_ns for file in sorted((tmp_path / "runs").rglob("*.safetensors"))]
    systems.main(*asked)
    assert capsys.readouterr().out == shown
    assert times == [file.stat().st_mtime_ns for file in sorted((tmp_path / "runs").rglob("*.safetensors"))]
