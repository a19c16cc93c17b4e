"""Time and memory of query expansion and database augmentation at Market-1501's size, as JSON.

    python benchmarks/expansion.py [--queries 3368] [--gallery 19732] [--dim 2048] [--naive 500]

Random descriptors with a centre for each person. Both sides are expanded (database 10, queries 5), with the memory that
this adds to the vectors; then the bare float32 products of the same matrices are taken in full: gallery by gallery, and
queries by gallery. The first `--naive` crops of the gallery are also augmented the usual way (rows of the whole matrix,
a partial sort, one crop after another), and what that takes is scaled to all crops.
"""

import argparse
import json
import resource
import time

import numpy as np
import torch
from torch import Tensor

from passerby.search.expand import augment, expand

IDENTITIES = 750
BLOCK_BYTES = 64 * 2**20


def peak() -> float:
    """Most memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make(size: int, dim: int, centres: Tensor, generator: torch.Generator) -> Tensor:
    """Descriptors twice as far from their person's centre as the centres are long."""
    vectors = torch.randn(size, dim, generator=generator).mul_(2)
    pids = torch.randint(len(centres), (size,), generator=generator)
    for start in range(0, size, 512):
        vectors[start : start + 512] += centres[pids[start : start + 512]]
    return vectors


def product(rows: Tensor, gallery: Tensor) -> float:
    """CPU seconds of all rows by the whole gallery, in blocks of 64 MB that are thrown away."""
    size = max(1, BLOCK_BYTES // (4 * len(gallery)))
    memory = torch.empty(min(size, len(rows)), len(gallery))
    start = time.process_time()
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        torch.mm(part, gallery.T, out=memory[: len(part)])
    return time.process_time() - start


def naive(gallery: Tensor, count: int) -> tuple[float, Tensor]:
    """CPU seconds of the first crops, augmented one after another, and what they became."""
    units = torch.nn.functional.normalize(gallery)
    start = time.process_time()
    cosines = (units[:count] @ units.T).numpy()
    cosines[np.arange(count), np.arange(count)] = 0
    nearest = np.argpartition(cosines, -10, axis=1)[:, -10:]
    moved = np.stack([np.vstack([units[i], *(units[j] for j in nearest[i])]).mean(axis=0) for i in range(count)])
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    return time.process_time() - start, torch.from_numpy(moved)


def measure(queries: int, gallery: int, dim: int, count: int) -> dict[str, float]:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(IDENTITIES, dim, generator=generator)
    crops, searched = make(gallery, dim, centres, generator), make(queries, dim, centres, generator)
    # What the libraries themselves take on first use does not count.
    expand(searched[:64], augment(crops[:64]))
    before = peak()
    wall, cpu = time.perf_counter(), time.process_time()
    database = augment(crops)
    augmented = time.process_time()
    expand(searched, database)
    done, wall = time.process_time(), time.perf_counter() - wall
    added = peak() - before
    squares, rectangle = product(crops, crops), product(searched, crops)
    result = {
        "augment_cpu_s": augmented - cpu,
        "expand_cpu_s": done - augmented,
        "expansion_cpu_s": done - cpu,
        "expansion_wall_s": wall,
        "products_cpu_s": squares + rectangle,
        "expansion_to_products_cpu": (done - cpu) / (squares + rectangle),
        "augment_to_product_cpu": (augmented - cpu) / squares,
        "expand_to_product_cpu": (done - augmented) / rectangle,
        "added_mb": added,
        "of_which_results_mb": 4 * dim * (gallery + queries) / 2**20,
    }
    if count:
        seconds, moved = naive(crops, count)
        result |= {
            "naive_crops": count,
            "naive_augment_cpu_s": seconds / count * gallery,
            "naive_to_augment_cpu": seconds / count * gallery / (augmented - cpu),
            "naive_largest_difference": float((moved - database[:count]).abs().max()),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=3368)
    parser.add_argument("--gallery", type=int, default=19732)
    parser.add_argument("--dim", type=int, default=2048)
    parser.add_argument("--naive", type=int, default=500, help="crops augmented the usual way; 0 for none")
    given = parser.parse_args()
    sizes = {"queries": given.queries, "gallery": given.gallery, "dim": given.dim, "threads": torch.get_num_threads()}
    print(json.dumps(sizes | measure(given.queries, given.gallery, given.dim, given.naive), indent=1))


if __name__ == "__main__":
    main()
