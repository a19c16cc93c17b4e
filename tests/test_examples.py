import subprocess
import sys
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_every_example_is_run_here():
    assert {file.name for file in EXAMPLES.glob("*.py")} == {"search.py"}


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
