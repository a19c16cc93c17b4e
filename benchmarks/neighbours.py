"""The nearest crops of each query against the bare product and the usual way, as JSON.

    python benchmarks/neighbours.py [--k 50] [--kind trained|hard] [--copies 0.0] [--repeat 3] [--small]

market: 3,368 queries, 19,732 crops, 2,048 dimensions; one: 1 query, the same gallery; distractors: 100 queries, 500,000
crops, 512 dimensions. The vectors are made (see _made.py) by another process and brought to length 1, and the metric is
the inner product; `--copies` overwrites that share of the gallery with others of its crops. A fresh process reads them
and looks for the `--k` nearest; its memory is that of this first time. Then it does so again, and multiplies bare, in
turn; the least time of each counts. The usual way, in a process of its own, sorts the whole matrix. Where faiss can be
imported, its flat index, which also compares with every crop, searches in a third process; it holds another copy of the
gallery. A list differs where its crops are others, or in another order, than exact arithmetic has them.

One thread of a CPU with AVX-512, faiss-cpu 1.15.1, k = 50, CPU seconds; in brackets the lists that differ, and those
that do with `--copies 0.1`:

| | bare product | ours | usual | faiss |
|---|---|---|---|---|
| market | 2.2 | 3.2 | 4.5 (9, 3,077 of 3,368) | 2.4 (9, 3,349) |
| one | 0.014 | 0.034 | 0.015 (0, 1 of 1) | 0.015 (0, 1) |
| distractors | 1.1 | 0.9 | 3.3 (1, 93 of 100) | 9.6 (0, 100) |

So passerby does not use faiss: where it is quicker, it decides in float32 and checks nothing. With k = 10,
ours takes 1.15 times the product for market.
"""

import argparse
import importlib
import importlib.util
import json
import tempfile
from typing import TYPE_CHECKING

import numpy as np

from _made import KINDS, read, write
from _measure import Result, child, least, memory_of, product, ratios, spend

if TYPE_CHECKING:
    from torch import Tensor

SIZES = {"market": (3368, 19732, 2048), "one": (1, 19732, 2048), "distractors": (100, 500_000, 512)}
SMALL = {"market": (60, 400, 32), "one": (1, 400, 32), "distractors": (10, 4000, 16)}


def sides(folder: str, copies: float) -> "tuple[Tensor, Tensor]":
    """Queries and gallery, each vector of length 1."""
    import torch

    query, gallery = (torch.from_numpy(read(folder, name).vectors) for name in ("query", "gallery"))
    for side in (query, gallery):
        for part in torch.split(side, 4096):
            part.div_(part.norm(dim=1, keepdim=True))
    rng, count = np.random.default_rng(0), round(copies * len(gallery))
    for row, other in zip(*(rng.permutation(len(gallery))[:count].tolist() for _ in range(2)), strict=True):
        gallery[row] = gallery[other]
    return query, gallery


def ours(folder: str, k: int, copies: float, repeat: int) -> Result:
    """Look for the nearest, and multiply bare."""
    import torch

    from passerby.search.neighbours import neighbours

    query, gallery = sides(folder, copies)
    found, first = spend(lambda: neighbours(query, gallery, k, metric="dot"))
    np.save(f"{folder}/lists.npy", found.indices.numpy())
    times = least(
        repeat, ours=lambda: neighbours(query, gallery, k, metric="dot"), product=lambda: product(query, gallery)
    )
    return {
        "queries": len(query),
        "gallery": len(gallery),
        "dim": query.shape[1],
        "k": k,
        "threads": torch.get_num_threads(),
        "vectors_mb": (query.nbytes + gallery.nbytes) / 2**20,
        "ours": times["ours"] | memory_of(first),
        "product": times["product"],
    }


def naive(folder: str, k: int, copies: float) -> Result:
    """Sort the whole matrix."""
    query, gallery = (side.numpy() for side in sides(folder, copies))
    found, spent = spend(lambda: np.argsort(-(query @ gallery.T), axis=1)[:, :k])
    return spent | {"lists_that_differ": _differing(folder, found)}


def flat_index(folder: str, k: int, copies: float, repeat: int) -> Result:
    """Search with faiss; what its index takes to be made counts for the memory alone."""
    import torch

    faiss = importlib.import_module("faiss")
    faiss.omp_set_num_threads(torch.get_num_threads())
    query, gallery = (side.numpy() for side in sides(folder, copies))
    index = faiss.IndexFlatIP(query.shape[1])

    def first() -> np.ndarray:
        index.add(gallery)
        found: np.ndarray = index.search(query, k)[1]
        return found

    found, spent = spend(first)
    times = least(repeat, faiss=lambda: index.search(query, k))["faiss"]
    return times | memory_of(spent) | {"version": faiss.__version__, "lists_that_differ": _differing(folder, found)}


def _differing(folder: str, found: np.ndarray) -> int:
    """Lists in another order than ours, which is that of exact arithmetic."""
    return int((found != np.load(f"{folder}/lists.npy")).any(axis=1).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--kind", choices=KINDS, default="trained")
    parser.add_argument("--copies", type=float, default=0.0, help="share of the gallery that is copied from its rest")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    result: Result = {"made": given.kind, "copies": given.copies}
    for name, size in (SMALL if given.small else SIZES).items():
        with tempfile.TemporaryDirectory() as folder:
            child(write, folder, given.kind, *size)
            found = child(ours, folder, given.k, given.copies, given.repeat)
            others = {"naive": child(naive, folder, given.k, given.copies)}
            if importlib.util.find_spec("faiss"):
                others["faiss"] = child(flat_index, folder, given.k, given.copies, given.repeat)
        parts = {"product": found["product"], **others}
        result[name] = {**found, **others, "ratios": ratios(found["ours"], **parts)}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
