"""Pictures a second that the drawn world takes, as JSON.

    python benchmarks/drawing.py [--people 60] [--small]

The number to compare with is 100 pictures of 128x64 a second on two cores. `cpu_s` counts all processes, from the start
of Python to the last JPEG file, so that the figure holds on a machine that others use too.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from _measure import Result

WORKERS = 2
ASKED = 100.0


def measure(people: int) -> Result:
    from passerby.synth import world

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "world"
        start, before = time.perf_counter(), _cpu()
        world.write(root, train_ids=people, test_ids=people, workers=WORKERS)
        wall, cpu = time.perf_counter() - start, _cpu() - before
        pictures = sum(1 for _ in root.glob("*/*.jpg")) - sum(1 for _ in (root / "query").iterdir())
    return {
        "pictures": pictures,
        "workers": WORKERS,
        "ours": {"wall_s": wall, "cpu_s": cpu},
        "pictures_a_second": pictures / wall,
        "cpu_ms_a_picture": 1000 * cpu / pictures,
        "ratios": {"pictures_a_second_on_free_cores_to_asked": WORKERS * pictures / cpu / ASKED},
    }


def _cpu() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=60, help="in each of the two halves")
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    print(json.dumps(measure(2 if given.small else given.people), indent=1))


if __name__ == "__main__":
    main()
