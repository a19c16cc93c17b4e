"""Time and memory of the judge on vector files of Market-1501's size, as JSON.

    python benchmarks/judge.py [--queries 3368] [--gallery 19732] [--dim 2048] [--naive 400]

Random descriptors are written to two .npz files by another process, so that making them does not count. A fresh process
reads and scores them (its peak memory is the one reported), then scores and multiplies the same matrices bare in turn,
three times each, of which the least counts; a third one judges `--naive` of the queries the usual way
(the whole distance matrix, a full argsort), and what it takes is scaled to all queries.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from passerby import npz
from passerby.evaluation.score import score
from passerby.types import Crop, Embeddings

IDENTITIES = 750
CAMERAS = 6
JUNK_SHARE = 3819 / 19732
DISTRACTOR_SHARE = 2798 / 19732


def make(folder: Path, queries: int, gallery: int, dim: int) -> None:
    """Write query.npz and gallery.npz: people with a centre each, and Market-1501's shares of junk and distractors."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((IDENTITIES + 1, dim), dtype=np.float32)
    for name, size in (("query", queries), ("gallery", gallery)):
        pids = rng.integers(1, IDENTITIES + 1, size)
        if name == "gallery":
            pids[: round(size * JUNK_SHARE)] = -1
            pids[round(size * JUNK_SHARE) : round(size * (JUNK_SHARE + DISTRACTOR_SHARE))] = 0
        camids = rng.integers(1, CAMERAS + 1, size)
        vectors = rng.standard_normal((size, dim), dtype=np.float32)
        vectors *= 8
        vectors += centres[pids.clip(0)]
        crops = tuple(Crop(Path(f"{name}_{i}.jpg"), int(pids[i]), int(camids[i])) for i in range(size))
        npz.write(folder / f"{name}.npz", Embeddings(torch.from_numpy(vectors), crops))


def used() -> tuple[float, float]:
    """Wall and CPU seconds so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def peak() -> float:
    """Most memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path) -> dict[str, float]:
    """Read and score in this process; then score and multiply bare three times in turn, and take the least of each."""
    after_import = peak()
    start = used()
    query, gallery = npz.read(folder / "query.npz"), npz.read(folder / "gallery.npz")
    read, after_read = used(), peak()
    scores = score(query, gallery)
    cold, after_score = used(), peak()
    judged, bare = [], []
    for _ in range(3):
        before = used()
        score(query, gallery)
        between = used()
        product(query, gallery)
        judged.append([now - then for now, then in zip(between, before, strict=True)])
        bare.append([now - then for now, then in zip(used(), between, strict=True)])
    (score_wall, score_cpu), (product_wall, product_cpu) = (
        map(min, zip(*judged, strict=True)),
        map(min, zip(*bare, strict=True)),
    )
    return {
        "mAP": scores.mAP,
        "rank1": scores.rank(1),
        "read_wall_s": read[0] - start[0],
        "read_cpu_s": read[1] - start[1],
        "first_score_wall_s": cold[0] - read[0],
        "first_score_cpu_s": cold[1] - read[1],
        "score_wall_s": score_wall,
        "score_cpu_s": score_cpu,
        "product_wall_s": product_wall,
        "product_cpu_s": product_cpu,
        "score_to_product_cpu": score_cpu / product_cpu,
        "peak_after_import_mb": after_import,
        "peak_after_read_mb": after_read,
        "peak_mb": after_score,
    }


def product(query: Embeddings, gallery: Embeddings) -> None:
    """Multiply all queries with the whole gallery, in blocks of 64 MB, and throw the result away."""
    rows = max(1, 64 * 2**20 // (4 * len(gallery.crops)))
    memory = torch.empty(min(rows, len(query.crops)), len(gallery.crops))
    for start in range(0, len(query.crops), rows):
        part = query.vectors[start : start + rows]
        torch.mm(part, gallery.vectors.T, out=memory[: len(part)])


def naive(folder: Path, count: int) -> dict[str, float]:
    """Judge the first queries by a whole matrix and a full argsort."""
    query, gallery = npz.read(folder / "query.npz"), npz.read(folder / "gallery.npz")
    pids = np.array([crop.pid for crop in gallery.crops])
    camids = np.array([crop.camid for crop in gallery.crops])
    start = used()
    near = torch.nn.functional.normalize(query.vectors[:count]) @ torch.nn.functional.normalize(gallery.vectors).T
    order = np.argsort(-near.numpy(), axis=1, kind="stable")
    precisions, firsts = [], []
    for one, row in zip(query.crops[:count], order, strict=True):
        same = pids[row] == one.pid
        kept = (pids[row] != -1) & ~(same & (camids[row] == one.camid))
        places = np.flatnonzero(same[kept]) + 1
        if len(places):
            precisions.append(float(np.mean(np.arange(1, len(places) + 1) / places)))
            firsts.append(places[0])
    cpu = used()[1] - start[1]
    return {
        "naive_queries": len(order),
        "naive_mAP": float(np.mean(precisions)),
        "naive_rank1": float(np.mean(np.array(firsts) == 1)),
        "naive_cpu_s_each": cpu / len(order),
    }


def child(step: str, folder: Path, *sizes: int) -> dict[str, float]:
    """Run one step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder), "--sizes", *map(str, sizes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout or "{}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=3368)
    parser.add_argument("--gallery", type=int, default=19732)
    parser.add_argument("--dim", type=int, default=2048)
    parser.add_argument("--naive", type=int, default=400, help="queries judged the usual way; 0 for none")
    parser.add_argument("--step", choices=("make", "measure", "naive"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sizes", type=int, nargs="*", default=[], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "make":
        make(given.folder, *given.sizes)
    elif given.step == "measure":
        print(json.dumps(measure(given.folder)))
    elif given.step == "naive":
        print(json.dumps(naive(given.folder, *given.sizes)))
    else:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            child("make", folder, given.queries, given.gallery, given.dim)
            result: dict[str, float] = {
                "queries": given.queries,
                "gallery": given.gallery,
                "dim": given.dim,
                "threads": torch.get_num_threads(),
                **child("measure", folder),
            }
            if given.naive:
                result |= child("naive", folder, given.naive)
                result["naive_to_score_cpu"] = result["naive_cpu_s_each"] * given.queries / result["score_cpu_s"]
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
