"""Pictures a second that the drawn world takes, as JSON: `python benchmarks/drawing.py [TEST_IDS]`.

The number to compare with is 100 pictures of 128x64 a second on two cores. `cpu_seconds` counts all processes, from the
start of Python to the last JPEG file, so that the figure holds on a machine that others use too.
"""

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from passerby.synth import world

WORKERS = 2
ASKED = 100.0


def main(test_ids: int) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "world"
        start, before = time.perf_counter(), _cpu()
        world.write(root, train_ids=test_ids, test_ids=test_ids, workers=WORKERS)
        seconds, cpu = time.perf_counter() - start, _cpu() - before
        pictures = sum(1 for _ in root.glob("*/*.jpg")) - sum(1 for _ in (root / "query").iterdir())
    rate = pictures / seconds
    possible = WORKERS * pictures / cpu
    return {
        "pictures": pictures,
        "workers": WORKERS,
        "seconds": round(seconds, 2),
        "pictures_a_second": round(rate, 1),
        "cpu_seconds": round(cpu, 2),
        "cpu_milliseconds_a_picture": round(1000 * cpu / pictures, 2),
        "pictures_a_second_on_two_free_cores": round(possible, 1),
        "ratio_to_asked": round(possible / ASKED, 2),
    }


def _cpu() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60), indent=2))
