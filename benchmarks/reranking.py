"""k-reciprocal re-ranking at Market-1501's size against all its products, bare, and against the usual way, as JSON.

    python benchmarks/reranking.py [--kind trained|hard] [--repeat 2] [--every 4] [--live 200] [--small]

3,368 queries and 19,732 crops of 2,048 dimensions, k1 20, k2 6, lambda 0.3, Euclidean. The vectors are made (_made.py)
by another process. A fresh one reads them and re-ranks all queries block by block; its memory is that of this first
time. Then it re-ranks and multiplies all N x N pairs in turn; the least time of each counts. The usual way
(_naive_reranking.py) holds some 20 bytes for each of N x N pairs, so it re-ranks every 4th vector, and ours the same
ones, each in a process of its own; for all N its time and memory are scaled by the square. `--every 1` measures them
where there is the memory. The last process tells the effect on mAP, and re-ranks the first crops of `--live` single
queries against the stored graph of the gallery.
"""

import argparse
import json
import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np

from _made import KINDS, embeddings, read, write
from _measure import Result, child, least, memory_of, product, ratios, scaled, spend
from _naive_reranking import rerank as usual

if TYPE_CHECKING:
    from torch import Tensor

    from passerby.types import Embeddings

SIZE, SMALL = (3368, 19732, 2048), (60, 400, 32)
FIRST = (100, 1000)


def ours(folder: str, repeat: int) -> Result:
    """Re-rank all queries, block after block, nothing kept; and multiply all pairs bare."""
    import torch

    from passerby.search.rerank import blocks

    query, gallery = read(folder, "query"), read(folder, "gallery")
    vectors = torch.from_numpy(np.concatenate([query.vectors, gallery.vectors]))
    queries = len(query.pids)
    del query, gallery

    def rerank() -> None:
        for _part, _distances in blocks(vectors[:queries], vectors[queries:]):
            pass

    _, first = spend(rerank)
    times = least(repeat, ours=rerank, product=lambda: product(vectors, vectors))
    return {
        "queries": queries,
        "gallery": len(vectors) - queries,
        "dim": vectors.shape[1],
        "threads": torch.get_num_threads(),
        "vectors_mb": vectors.nbytes / 2**20,
        "ours": times["ours"] | memory_of(first),
        "product": times["product"],
    }


def dense(folder: str, every: int) -> Result:
    """Re-rank some of the vectors the usual way."""
    import torch

    query, gallery = (_every(embeddings(folder, name), every) for name in ("query", "gallery"))
    vectors = np.concatenate([query.vectors.numpy(), gallery.vectors.numpy()])
    found, spent = spend(lambda: usual(vectors, len(query.crops)))
    return {"vectors": len(vectors), **spent, "mAP_reranked": _judged(query, gallery, torch.from_numpy(found))}


def sparse(folder: str, every: int) -> Result:
    """Re-rank the same vectors our way."""
    from passerby.search.rerank import rerank

    query, gallery = (_every(embeddings(folder, name), every) for name in ("query", "gallery"))
    found, spent = spend(lambda: rerank(query.vectors, gallery.vectors))
    return {"vectors": len(query.crops) + len(gallery.crops), **spent, "mAP_reranked": _judged(query, gallery, found)}


def live(folder: str, number: int) -> Result:
    """Re-rank all queries at once, and single ones against the stored graph, judged alike."""
    import torch

    from passerby.search.graph import graph
    from passerby.search.neighbours import neighbours
    from passerby.search.rerank import rerank
    from passerby.search.rerank_live import rerank_live

    query, gallery = embeddings(folder, "query"), embeddings(folder, "gallery")
    every = max(1, len(query.crops) // number)
    asked = _every(query, every)
    distances, batch = torch.cdist(query.vectors, gallery.vectors), rerank(query.vectors, gallery.vectors)
    effect = {"mAP": _judged(query, gallery, distances), "mAP_reranked": _judged(query, gallery, batch)}
    # What is not among the first stays behind them, in the order of its distance.
    before, batch = 10 + distances[::every], batch[::every]
    stored, spent = spend(lambda: graph(gallery.vectors))
    near = neighbours(asked.vectors, gallery.vectors, min(max(FIRST), len(gallery.crops)), metric="euclidean").indices
    found: list[Result] = []
    for k in FIRST:
        alone, among, took = before.clone(), before.clone(), []
        for row, one in enumerate(asked.vectors):
            rows = near[row, :k].contiguous()
            start = time.perf_counter()
            alone[row, rows] = rerank_live(one, rows, stored, gallery.vectors)
            took.append(time.perf_counter() - start)
            among[row, rows] = batch[row, rows]
        scores = {"mAP": _judged(asked, gallery, alone), "mAP_of_batch": _judged(asked, gallery, among)}
        found.append({"k": k, "median_ms": 1000 * float(np.median(took)), **scores})
    few = {"mAP": _judged(asked, gallery, before), "mAP_reranked": _judged(asked, gallery, batch), "first": found}
    return {**effect, "live": {"queries": len(asked.crops), "graph_cpu_s": spent["cpu_s"], **few}}


def _every(side: "Embeddings", step: int) -> "Embeddings":
    return type(side)(side.vectors[::step].contiguous(), side.crops[::step])


def _judged(query: "Embeddings", gallery: "Embeddings", keys: "Tensor") -> float:
    """Mean average precision of distances (Q, G)."""
    import torch

    from passerby.evaluation.average_precision import average_precision
    from passerby.evaluation.protocol import protocol
    from passerby.evaluation.ranks import ranks

    relevance = protocol(query.crops, gallery.crops)
    parts = [slice(start, start + 256) for start in range(0, len(keys), 256)]
    return float(torch.cat([average_precision(ranks(keys[part], relevance(part))) for part in parts]).nanmean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="trained")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--every", type=int, default=4, help="which vectors are re-ranked the usual way as well")
    parser.add_argument("--live", type=int, default=200, help="single queries against the stored graph")
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        child(write, folder, given.kind, *(SMALL if given.small else SIZE))
        found = {"made": given.kind, **child(ours, folder, given.repeat), **child(live, folder, given.live)}
        naive, part = child(dense, folder, given.every), child(sparse, folder, given.every)
    factor = (found["queries"] + found["gallery"]) / naive["vectors"]
    found["naive"] = {"vectors": naive["vectors"], "scaled": given.every > 1, **scaled(naive, factor**2)}
    found["ratios"] = ratios(found["ours"], product=found["product"], naive=found["naive"])
    found["part"] = {"ours": part, "naive": naive, "ratios": ratios(part, naive=naive)}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
