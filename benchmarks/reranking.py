"""Time, memory and effect of k-reciprocal re-ranking at Market-1501's size, as JSON.

    python benchmarks/reranking.py [--queries 3368] [--gallery 19732] [--dim 2048] [--dense 5775] [--live 200]

Descriptors of people with a centre each, seen by cameras that shift them, are written to a file by another process, so
that making them does not count. Each measurement then has a fresh process of its own, which reads them and does one
thing: re-rank (least of `--repeat` runs), multiply all N x N pairs bare in float32, re-rank the first `--dense` vectors
the usual way (whole matrices, restated here), or ours on the same vectors. The last one re-ranks the first 100 and the
first 1,000 crops of `--live` single queries against the stored graph of the gallery. All of one thread unless
OMP_NUM_THREADS says otherwise.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from passerby.evaluation.average_precision import average_precision
from passerby.evaluation.protocol import Relevance
from passerby.evaluation.ranks import ranks
from passerby.search.graph import graph
from passerby.search.neighbours import neighbours
from passerby.search.rerank import blocks, rerank
from passerby.search.rerank_live import rerank_live

PEOPLE_SHARE = 751 / 23100
CAMERAS = 6
SPREAD = 3.5
SHIFT = 0.4
FIRST = (100, 1000)
Floats = npt.NDArray[np.float32]
Parts = list[tuple[slice, torch.Tensor]]


def make(folder: Path, total: int, dim: int) -> None:
    rng = np.random.default_rng(0)
    people = max(2, round(total * PEOPLE_SHARE))
    centres = rng.standard_normal((people, dim), dtype=np.float32)
    views = rng.standard_normal((CAMERAS, dim), dtype=np.float32)
    pids, camids = rng.integers(0, people, total), rng.integers(0, CAMERAS, total)
    vectors = rng.standard_normal((total, dim), dtype=np.float32)
    vectors *= SPREAD
    for start in range(0, total, 1024):
        part = slice(start, start + 1024)
        vectors[part] += centres[pids[part]] + SHIFT * views[camids[part]]
    np.save(folder / "vectors.npy", vectors)
    np.save(folder / "pids.npy", pids)
    np.save(folder / "camids.npy", camids)


def used() -> tuple[float, float]:
    """Wall and CPU seconds so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def peak() -> float:
    """Most memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def mean_average_precision(folder: Path, queries: int, number: int, parts: Parts) -> float:
    """Of the queries in `parts`, against the vectors from `queries` to `number`; without the query's own camera."""
    pids, camids = (torch.from_numpy(np.load(folder / f"{name}.npy")[:number]) for name in ("pids", "camids"))
    found = []
    for part, keys in parts:
        same = pids[:queries][part, None] == pids[None, queries:]
        seen = camids[:queries][part, None] == camids[None, queries:]
        found.append(average_precision(ranks(keys, Relevance(same & ~seen, same & seen))))
    return float(torch.cat(found).nanmean())


def measure(folder: Path, queries: int, repeat: int) -> dict[str, float]:
    """Re-rank all queries, block after block, nothing kept."""
    imported = peak()
    vectors = torch.from_numpy(np.load(folder / "vectors.npy"))
    read = peak()
    times = []
    for _ in range(repeat):
        before = used()
        for _part, _distances in blocks(vectors[:queries], vectors[queries:]):
            pass
        times.append([now - then for now, then in zip(used(), before, strict=True)])
    wall, cpu = map(min, zip(*times, strict=True))
    return {
        "rerank_wall_s": wall,
        "rerank_cpu_s": cpu,
        "peak_after_import_mb": imported,
        "peak_after_read_mb": read,
        "peak_mb": peak(),
        "added_mb": peak() - read,
    }


def product(folder: Path, repeat: int) -> dict[str, float]:
    """Multiply all pairs, in blocks of 64 MB, and throw the result away."""
    vectors = torch.from_numpy(np.load(folder / "vectors.npy"))
    rows = max(1, 64 * 2**20 // (4 * len(vectors)))
    memory = torch.empty(min(rows, len(vectors)), len(vectors))
    times = []
    for _ in range(repeat):
        before = used()
        for start in range(0, len(vectors), rows):
            part = vectors[start : start + rows]
            torch.mm(part, vectors.T, out=memory[: len(part)])
        times.append([now - then for now, then in zip(used(), before, strict=True)])
    wall, cpu = map(min, zip(*times, strict=True))
    return {"product_wall_s": wall, "product_cpu_s": cpu}


def effect(folder: Path, queries: int) -> dict[str, float]:
    """Mean average precision before and after."""
    vectors = torch.from_numpy(np.load(folder / "vectors.npy"))
    found = [(part, distances.clone()) for part, distances in blocks(vectors[:queries], vectors[queries:])]
    after = mean_average_precision(folder, queries, len(vectors), found)
    whole = [(slice(0, queries), torch.cdist(vectors[:queries], vectors[queries:]))]
    return {"mAP_before": mean_average_precision(folder, queries, len(vectors), whole), "mAP_reranked": after}


def dense(folder: Path, queries: int, number: int) -> dict[str, float]:
    """Re-rank the first vectors the usual way."""
    vectors: Floats = np.load(folder / "vectors.npy")[:number]
    read, before = peak(), used()
    found = usual(vectors, queries)
    wall, cpu = (now - then for now, then in zip(used(), before, strict=True))
    return {
        "dense_vectors": number,
        "dense_wall_s": wall,
        "dense_cpu_s": cpu,
        "dense_added_mb": peak() - read,
        "dense_mAP": mean_average_precision(folder, queries, number, [(slice(0, queries), torch.from_numpy(found))]),
    }


def usual(vectors: Floats, queries: int, k1: int = 20, k2: int = 6, lam: float = 0.3) -> Floats:
    """The usual program, restated: N x N distances, a full sort of them, N x N encodings."""
    total = len(vectors)
    squares = (vectors * vectors).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None] - 2 * vectors @ vectors.T, 0)
    distances /= distances.max(axis=1, keepdims=True)
    order = np.argsort(distances, axis=1, kind="stable").astype(np.int32)
    small = int(np.around(k1 / 2))

    def mutual(row: int, size: int) -> npt.NDArray[np.int32]:
        near = order[row, : size + 1]
        found: npt.NDArray[np.int32] = near[(order[near, : size + 1] == row).any(axis=1)]
        return found

    codes = np.zeros((total, total), dtype=np.float32)
    for row in range(total):
        own = mutual(row, k1)
        members = own
        for other in own:
            around = mutual(int(other), small)
            if 3 * len(np.intersect1d(around, own)) > 2 * len(around):
                members = np.append(members, around)
        members = np.unique(members)
        weights = np.exp(-distances[row, members])
        codes[row, members] = weights / weights.sum()
    if k2 > 1:
        codes = np.stack([codes[order[row, :k2]].mean(axis=0) for row in range(total)])
    holders = [np.flatnonzero(codes[:, column]) for column in range(total)]
    final = np.empty((queries, total - queries), dtype=np.float32)
    for row in range(queries):
        shared = np.zeros(total, dtype=np.float32)
        for column in np.flatnonzero(codes[row]):
            shared[holders[column]] += np.minimum(codes[row, column], codes[holders[column], column])
        final[row] = ((1 - lam) * (1 - shared / (2 - shared)) + lam * distances[row])[queries:]
    return final


def sparse(folder: Path, queries: int, number: int) -> dict[str, float]:
    """Re-rank the same first vectors our way."""
    vectors = torch.from_numpy(np.load(folder / "vectors.npy")[:number])
    read, before = peak(), used()
    found = rerank(vectors[:queries], vectors[queries:])
    wall, cpu = (now - then for now, then in zip(used(), before, strict=True))
    return {
        "sparse_wall_s": wall,
        "sparse_cpu_s": cpu,
        "sparse_added_mb": peak() - read,
        "sparse_mAP": mean_average_precision(folder, queries, number, [(slice(0, queries), found)]),
    }


def live(folder: Path, queries: int, number: int) -> dict[str, float]:
    """Re-rank single queries against the stored graph, and all queries at once, judged alike."""
    vectors = torch.from_numpy(np.load(folder / "vectors.npy"))
    query, gallery = vectors[:queries], vectors[queries:]
    start = used()
    stored = graph(gallery)
    result = {"graph_cpu_s": used()[1] - start[1], "live_queries": float(number)}
    near = neighbours(query[:number], gallery, max(FIRST), metric="euclidean").indices
    # What is not among the first stays behind them, in the order of its distance.
    before = 10 + torch.cdist(query[:number], gallery)
    batch = torch.cat([keys[: max(0, number - part.start)].clone() for part, keys in blocks(query, gallery)])
    chosen = slice(0, number)

    def judge(keys: torch.Tensor) -> float:
        return mean_average_precision(folder, queries, len(vectors), [(chosen, keys)])

    result |= {"mAP_of_these_before": judge(before), "mAP_of_these_in_the_batch": judge(batch)}
    for k in FIRST:
        alone, among = before.clone(), before.clone()
        took = []
        for row, one in enumerate(query[:number]):
            rows = near[row, :k].contiguous()
            begin = time.perf_counter()
            alone[row, rows] = rerank_live(one, rows, stored, gallery)
            took.append(time.perf_counter() - begin)
            among[row, rows] = batch[row, rows]
        result |= {
            f"live_{k}_ms": 1000 * float(np.median(took)),
            f"live_{k}_mAP": judge(alone),
            f"batch_within_{k}_mAP": judge(among),
        }
    return result


def child(step: str, folder: Path, *numbers: int) -> dict[str, float]:
    """Run one step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder), "--numbers", *map(str, numbers)]
    threads = {"OMP_NUM_THREADS": "1", **os.environ}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=threads)
    result: dict[str, float] = json.loads(done.stdout) or {}
    return result


STEPS: dict[str, Callable[..., dict[str, float] | None]] = {
    "make": make,
    "measure": measure,
    "product": product,
    "effect": effect,
    "dense": dense,
    "sparse": sparse,
    "live": live,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=3368)
    parser.add_argument("--gallery", type=int, default=19732)
    parser.add_argument("--dim", type=int, default=2048)
    parser.add_argument("--dense", type=int, default=5775, help="vectors re-ranked the usual way as well; 0 for none")
    parser.add_argument("--live", type=int, default=200, help="single queries against the stored graph; 0 for none")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--numbers", type=int, nargs="*", default=[], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(STEPS[given.step](given.folder, *given.numbers)))
        return
    total = given.queries + given.gallery
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child("make", folder, total, given.dim)
        result: dict[str, float] = {
            "queries": given.queries,
            "gallery": given.gallery,
            "dim": given.dim,
            "threads": torch.get_num_threads() if "OMP_NUM_THREADS" in os.environ else 1,
            **child("measure", folder, given.queries, given.repeat),
            **child("product", folder, given.repeat),
            **child("effect", folder, given.queries),
        }
        result["rerank_to_product_cpu"] = result["rerank_cpu_s"] / result["product_cpu_s"]
        if given.dense:
            few = round(given.dense * given.queries / total)
            result |= child("dense", folder, few, given.dense) | child("sparse", folder, few, given.dense)
            result["dense_to_sparse_cpu"] = result["dense_cpu_s"] / result["sparse_cpu_s"]
        if given.live:
            result |= child("live", folder, given.queries, min(given.live, given.queries))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
