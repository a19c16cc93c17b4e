"""How quick a gallery is that was just opened, is measured by a command; what it says is looked at, never how quick."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "cold_opening.py"
FILTERS = ["none", "cams", "time", "both", "xcam"]

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system forgets no files on request")


def test_a_trial_drops_the_files_and_tells_of_searches_with_and_without_what_is_done_on_opening():
    done = subprocess.run([sys.executable, SCRIPT, "--small"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["records"] == 500
    assert found["dropped_mb"] > 10 * found["left_in_memory_mb"]
    assert list(found["warm"]) == ["all", *FILTERS]
    for kind in ("prepared", "bare"):
        told = found[kind]
        assert len(told["open_s"]) == len(told["first_ms"]) == 1
        assert told["by_number"]["1"]["p50_ms"] == told["first_ms"][0]
        assert list(told["as_quick_as_warm_after_s"]) == FILTERS
        for one in [*told["by_number"].values(), *told["by_second"].values()]:
            assert 0 < one["p50_ms"] <= one["p95_ms"] <= one["most_ms"]
            assert np.isfinite(one["most_ms"])


def test_a_gallery_that_somebody_has_open_is_left_alone(tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import cold_opening\n"
        "folder = Path(sys.argv[1])\n"
        "cold_opening.fill(folder, 20, 32)\n"
        "gallery = cold_opening.open_postgres(str(folder))\n"
        "try:\n    cold_opening.measure(folder, seconds=0.1, repeat=1, wait=0.0)\n"
        "finally:\n    gallery.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "gallery")], cwd=SCRIPT.parent, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"Somebody has {tmp_path / 'gallery'} open; end that first."
