"""What every benchmark does alike: a process of its own for each step, its time and memory, ratios, one JSON."""

import json
import os
import resource
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Result = dict[str, Any]
"""What a step or a benchmark found, as it stands in the JSON."""
Gives = TypeVar("Gives")
BLOCK_BYTES = 64 * 2**20
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
TOGETHER = "PASSERBY_BENCH_TOGETHER"
"""Environment variable that keeps all steps in one process: for trials whose figures say nothing."""


def used() -> tuple[float, float]:
    """Wall seconds, and CPU seconds of all threads of this process, so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def spend(work: Callable[[], Gives]) -> tuple[Gives, Result]:
    """What a call gives, and what it took.

    `added_mb` is the most memory at any time of the call, less what was there before it; `peak_mb` is all of it, with
    the libraries and the vectors. A megabyte is 2**20 bytes.

    Raises:
        OSError: where there is no /proc to read memory from; that is, not on Linux.
    """
    before = _memory("VmRSS")
    RESET.write_text("5")  # forgets the peak so far
    start = used()
    found = work()
    wall, cpu = (now - then for now, then in zip(used(), start, strict=True))
    peak = _memory("VmHWM")
    return found, {"wall_s": wall, "cpu_s": cpu, "added_mb": peak - before, "peak_mb": peak}


def least(repeat: int, **works: Callable[[], object]) -> dict[str, Result]:
    """Wall and CPU seconds of each, done in turn so that a slow minute meets all; the least of `repeat` times."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(repeat):
        for name, work in works.items():
            start = used()
            work()
            wall, cpu = (now - then for now, then in zip(used(), start, strict=True))
            times[name].append((wall, cpu))
    return {
        name: {"wall_s": min(wall for wall, _ in all_), "cpu_s": min(cpu for _, cpu in all_)}
        for name, all_ in times.items()
    }


def memory_of(first: Result) -> Result:
    """Of what `spend` told of the first call: its memory, and the CPU seconds that this first time took."""
    return {"first_cpu_s": first["cpu_s"], "added_mb": first["added_mb"], "peak_mb": first["peak_mb"]}


def product(rows: "Tensor", columns: "Tensor") -> None:
    """Multiply all rows (N, D) by all columns (M, D) in float32, in blocks of 64 MB that are thrown away."""
    import torch

    size = max(1, BLOCK_BYTES // (4 * len(columns)))
    memory = torch.empty(min(size, len(rows)), len(columns))
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        torch.mm(part, columns.T, out=memory[: len(part)])


def scaled(part: Mapping[str, float], factor: float) -> Result:
    """What `spend` told of a part of the work, for all of it; the peak is left out, for it does not grow so."""
    return {name: part[name] * factor for name in ("wall_s", "cpu_s", "added_mb")}


def total(*parts: Mapping[str, float]) -> Result:
    """Of steps that follow each other, the later ones beside what the earlier ones left in memory."""
    return {name: sum(part[name] for part in parts) for name in ("wall_s", "cpu_s", "added_mb")}


def ratios(ours: Mapping[str, float], **others: Mapping[str, float]) -> Result:
    """How many times as much ours takes as the bare product, and the naive way as ours, in whatever both state."""
    found = {}
    for name, other in others.items():
        for unit in ("cpu_s", "wall_s", "added_mb"):
            if unit in other and unit in ours:
                kind = unit.rsplit("_", 1)[0]
                product = name.startswith("product")
                above, below = (ours[unit], other[unit]) if product else (other[unit], ours[unit])
                found[f"ours_to_{name}_{kind}" if product else f"{name}_to_ours_{kind}"] = above / max(below, 1e-9)
    return found


def child(step: Callable[..., Result | None], *arguments: Path | str | float | None) -> Result:
    """What a function of a benchmark gives in a new process; arguments and result travel as JSON, a path as text."""
    given = json.dumps([str(value) if isinstance(value, Path) else value for value in arguments])
    if os.environ.get(TOGETHER):
        text = json.dumps(step(*json.loads(given)))
    else:
        command = [sys.executable, __file__, step.__code__.co_filename, step.__name__, given]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: Result = json.loads(text) or {}
    return found


def _memory(name: str) -> float:
    """A line of /proc/self/status, MB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    script, function, values = sys.argv[1:]
    print(json.dumps(runpy.run_path(script)[function](*json.loads(values))))
