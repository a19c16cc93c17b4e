"""Expansion of queries and gallery against its products, bare, and against the usual way, as JSON.

    python benchmarks/expansion.py [--kind trained|hard] [--repeat 2] [--naive 2000] [--small]

3,368 queries and 19,732 crops of 2,048 dimensions; both sides are expanded (database 10, queries 5). The vectors are
made (_made.py) by another process. A fresh one reads them and expands; its memory is that of this first time, with the
expanded vectors. Then it expands and multiplies bare, in full, gallery by gallery and queries by gallery, in turn; the
least time of each counts. The usual way, in a process of its own, sorts out the nearest of rows of the whole matrix for
the first `--naive` crops; its time and memory are scaled to all rows of both matrices.
"""

import argparse
import json
import tempfile

import numpy as np

from _made import KINDS, Floats, embeddings, read, write
from _measure import Result, child, least, memory_of, product, ratios, scaled, spend, total

SIZE, SMALL = (3368, 19732, 2048), (60, 400, 32)
DATABASE_K = 10


def ours(folder: str, repeat: int) -> Result:
    """Expand both sides, and multiply bare."""
    import torch

    from passerby.evaluation.score import score
    from passerby.search.expand import expansion
    from passerby.types import Embeddings

    query, gallery = embeddings(folder, "query"), embeddings(folder, "gallery")

    def products() -> None:
        product(gallery.vectors, gallery.vectors)
        product(query.vectors, gallery.vectors)

    moved, first = spend(lambda: expansion(query.vectors, gallery.vectors, database_k=DATABASE_K))
    before = score(query, gallery)
    after = score(Embeddings(moved.queries, query.crops), Embeddings(moved.gallery, gallery.crops))
    np.save(f"{folder}/moved.npy", moved.gallery.numpy())
    del moved
    times = least(repeat, ours=lambda: expansion(query.vectors, gallery.vectors), product=products)
    return {
        "queries": len(query.crops),
        "gallery": len(gallery.crops),
        "dim": query.vectors.shape[1],
        "threads": torch.get_num_threads(),
        "mAP": before.mAP,
        "mAP_expanded": after.mAP,
        "vectors_mb": (query.vectors.nbytes + gallery.vectors.nbytes) / 2**20,
        "ours": times["ours"] | memory_of(first),
        "product": times["product"],
    }


def naive(folder: str, count: int) -> Result:
    """Move the first crops the usual way, one after another, and compare with what ours gave."""
    query, gallery = read(folder, "query"), read(folder, "gallery")
    count = min(count, len(gallery.pids))
    units, prepared = spend(lambda: gallery.vectors / np.linalg.norm(gallery.vectors, axis=1, keepdims=True))
    moved, spent = spend(lambda: usual(units, count))
    rows = len(query.pids) + len(gallery.pids)
    return {
        "rows": count,
        "scaled": True,
        **total(prepared, scaled(spent, rows / count)),
        "largest_difference": float(np.abs(moved - np.load(f"{folder}/moved.npy", mmap_mode="r")[:count]).max()),
    }


def usual(units: Floats, count: int) -> Floats:
    """The first vectors after database augmentation."""
    cosines = units[:count] @ units.T
    cosines[np.arange(count), np.arange(count)] = -np.inf
    nearest = np.argpartition(cosines, -DATABASE_K, axis=1)[:, -DATABASE_K:]
    moved = np.stack([np.vstack([units[i], *(units[j] for j in nearest[i])]).mean(axis=0) for i in range(count)])
    found: Floats = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="trained")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--naive", type=int, default=2000, help="crops expanded the usual way")
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        child(write, folder, given.kind, *(SMALL if given.small else SIZE))
        found = {"made": given.kind, **child(ours, folder, given.repeat)}
        found["naive"] = child(naive, folder, given.naive)
    found["ratios"] = ratios(found["ours"], product=found["product"], naive=found["naive"])
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
