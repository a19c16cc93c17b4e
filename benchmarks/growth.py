"""How time and memory of evaluation grow with the gallery, against the bare product and the usual judge, as JSON.

    python benchmarks/growth.py [--kind trained|hard] [--repeat 1] [--small]

3,368 queries of 512 dimensions; a gallery of 10,000 crops with Market-1501's shares of junk and distractors, and as
many further distractors as make it 10,000 to 520,000. Each size is measured as evaluation.py does it. From some size on
the usual judge's matrices do not fit into 4.5 GB; there it judges as many queries as do, which is scaled to all.
"""

import argparse
import json
import tempfile

from _made import KINDS, write
from _measure import child
from evaluation import both

QUERIES, DIM = 3368, 512
SIZES = (10_000, 20_000, 50_000, 100_000, 200_000, 520_000)
SMALL_QUERIES, SMALL_DIM, SMALL_SIZES = 60, 16, (400, 2000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="trained")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    queries, dim, sizes = (SMALL_QUERIES, SMALL_DIM, SMALL_SIZES) if given.small else (QUERIES, DIM, SIZES)
    with tempfile.TemporaryDirectory() as folder:
        child(write, folder, given.kind, queries, sizes[0], dim, sizes[-1] - sizes[0])
        found = [both(folder, given.repeat, size) for size in sizes]
    print(json.dumps({"made": given.kind, "queries": queries, "dim": dim, "sizes": found}, indent=1))


if __name__ == "__main__":
    main()
