"""All benchmarks, one after another, as one JSON; each also as a file of its own in build/bench: `make bench`.

    python benchmarks/run.py [NAME ...] [--large] [--small] [--into build/bench]

What is named is run, else everything but the names that begin with "large", which need --large. Nothing else should run
meanwhile. A name that is left out keeps its file of the last time. How long each took is said on the way (`took_s`).
`python benchmarks/performance.py` then writes docs/performance.md.
"""

import argparse
import io
import json
import os
import platform
import runpy
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path

from _made import KINDS
from _measure import TOGETHER, Result

HERE = Path(__file__).parent
EVALUATIONS = {"market": 3, "distractors": 2, "large": 1}
"""Sizes of the evaluation, and how often each is repeated."""
PLAN = {
    **{
        f"{size}_{kind}": ["evaluation.py", size, "--kind", kind, "--repeat", str(repeat)]
        for size, repeat in EVALUATIONS.items()
        for kind in KINDS
    },
    **{f"{work}_{kind}": [f"{work}.py", "--kind", kind] for work in ("reranking", "expansion") for kind in KINDS},
    **({"neighbours": ["neighbours.py"]} if (HERE / "neighbours.py").exists() else {}),
    **{f"live_reranking_{kind}": ["live_reranking.py", "--kind", kind] for kind in KINDS},
    "growth": ["growth.py"],
    "drawing": ["drawing.py"],
    "training": ["training.py"],
}
"""Name of a result to the command that prints it."""
ALONE = (
    "calibration.py",
    "cold_opening.py",
    "gallery.py",
    "gallery_kill.py",
    "indexing_kill.py",
    "server_kill.py",
    "serving.py",
    "videos.py",
)
"""Scripts that need a store, a server or descriptors, and are run by hand: their pages in docs/ give the commands."""


def machine() -> Result:
    """What the figures depend on beside the code."""
    flags = next((line.split() for line in Path("/proc/cpuinfo").read_text().splitlines() if "flags" in line), [])
    return {
        "cores": len(os.sched_getaffinity(0)),
        "avx512": "avx512f" in flags,
        "vnni": "avx512_vnni" in flags,
        "bfloat16": "avx512_bf16" in flags,
        "memory_gb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "numpy", "passerby")},
    }


def apart(command: Sequence[str]) -> str:
    """What a script prints, run in a process of its own, as are its steps."""
    script, *options = command
    line = [sys.executable, str(HERE / script), *options]
    return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout


def together(command: Sequence[str]) -> str:
    """What a script prints, run with all its steps in this process: imports take longer than small sizes do."""
    script, *options = command
    argv, printed = sys.argv, io.StringIO()
    os.environ[TOGETHER] = "yes"
    sys.argv = [script, *options]
    try:
        with redirect_stdout(printed):
            runpy.run_path(str(HERE / script), run_name="__main__")
    finally:
        sys.argv = argv
        del os.environ[TOGETHER]
    return printed.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PLAN)}")
    parser.add_argument("--large", action="store_true", help="also 11,659 x 82,161 x 2,048")
    parser.add_argument("--small", action="store_true", help="a trial in one process, whose figures say nothing")
    parser.add_argument("--into", type=Path, default=HERE.parent / "build" / "bench")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(PLAN))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(PLAN)}")
    names = given.names or [name for name in PLAN if given.large or not name.startswith("large")]
    given.into.mkdir(parents=True, exist_ok=True)
    found: dict[str, Result] = {}
    for name in names:
        start = time.perf_counter()
        text = together([*PLAN[name], "--small"]) if given.small else apart(PLAN[name])
        found[name] = {**json.loads(text), "machine": machine(), "took_s": time.perf_counter() - start}
        (given.into / f"{name}.json").write_text(json.dumps(found[name], indent=1) + "\n")
        print(f"{name}: {found[name]['took_s']:.0f} s", file=sys.stderr, flush=True)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
