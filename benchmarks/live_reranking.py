"""Re-ranking of single searches in a gallery, against that of a batch: mAP, rank-1 and milliseconds a query, as JSON.

    python benchmarks/live_reranking.py [--kind trained|hard] [--seeds 3] [--small]
    python benchmarks/live_reranking.py --files QUERY.npz GALLERY.npz       (as `passerby embed` writes them)

By default the vectors are made (_made.py), for each seed others: 200 queries and 10,000 records of 256 dimensions. The
records lie in an embedded gallery, which is searched by `look_for`, exactly. Each ranking is judged by Market-1501's
protocol, with k1 20, k2 6, lambda 0.3 and cosines throughout:

- plain: the search as it is;
- live: `look_for(..., rerank=True)`, the query and its first k answers among themselves;
- stored: `search.rerank_live`, the same first k answers against the stored neighbours of the whole gallery;
- batch: `search.rerank` of all queries and the gallery at once.

What stands behind the first k keeps its place. A query's milliseconds are the median; those of live hold the search,
those of stored do not, and those of the batch are all of its time divided by the queries.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from _made import KINDS, embeddings, write
from _measure import Result, child

if TYPE_CHECKING:
    from torch import Tensor

    from passerby.gallery.contract import Gallery
    from passerby.search.graph import Graph
    from passerby.types import Embeddings

SIZE, SMALL = (200, 10_000, 256), (20, 400, 32)
FIRST = (200, 1000)
AT_ONCE = 2_000
"""Records of one call."""


def made(kind: str, seed: int, *size: int) -> Result:
    """All ways on made vectors."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, kind, *size, seed=seed)
        return measure(embeddings(folder, "query"), embeddings(folder, "gallery"))


def read(query: str, gallery: str) -> Result:
    """All ways on descriptors of files."""
    from passerby import npz

    return measure(npz.read(Path(query)), npz.read(Path(gallery)))


def measure(query: "Embeddings", gallery: "Embeddings") -> Result:
    """Search for each query in every way, and judge the rankings."""
    from torch.nn.functional import normalize

    from passerby.search.graph import graph
    from passerby.search.rerank import rerank

    asked, held = normalize(query.vectors), normalize(gallery.vectors)
    plain = 1 - asked @ held.T
    start = time.perf_counter()
    batch = rerank(asked, held, metric="cosine")
    took = time.perf_counter() - start
    stored = graph(held, metric="cosine")
    found: Result = {"queries": len(asked), "gallery": len(held), "dim": held.shape[1]}
    found |= {"plain": judged(query, gallery, plain), "batch": judged(query, gallery, batch)}
    found["batch"]["ms"] = 1000 * took / len(asked)
    with _filled(held, [crop.camid for crop in gallery.crops]) as records:
        for k in sorted({min(first, len(held)) for first in FIRST}):
            live, against, ms = searched(records, asked, held, stored, k)
            # what is not among the first k stays behind them, in the order of its similarity
            each = {
                name: judged(query, gallery, keys.where(keys < k, k + plain))
                for name, keys in (("live", live), ("stored", against))
            }
            found[f"first_{k}"] = {"plain_ms": ms.pop("plain"), **{name: {**each[name], "ms": ms[name]} for name in ms}}
    return found


def searched(
    records: "Gallery", asked: "Tensor", held: "Tensor", stored: "Graph", k: int
) -> tuple["Tensor", "Tensor", dict[str, float]]:
    """Each query's first k by place after live re-ranking, and by distance to stored neighbours; and milliseconds."""
    import torch

    from passerby.gallery.live import look_for
    from passerby.search.rerank_live import rerank_live

    places, distances = (torch.full((len(asked), len(held)), float(k)) for _ in range(2))
    times: dict[str, list[float]] = {"plain": [], "live": [], "stored": []}
    for row, one in enumerate(asked):
        moments = [time.perf_counter()]
        plain = look_for(records, one[None].numpy(), k=k, way="exact")
        moments.append(time.perf_counter())
        live = look_for(records, one[None].numpy(), k=k, way="exact", rerank=True)
        moments.append(time.perf_counter())
        near = torch.tensor([hit.record.trackid for hit in plain.hits])
        distances[row, near] = rerank_live(one, near, stored, held)
        moments.append(time.perf_counter())
        places[row, [hit.record.trackid or 0 for hit in live.hits]] = torch.arange(k).float()
        for name, spent in zip(times, np.diff(moments), strict=True):
            times[name].append(1000 * spent)
    return places, distances, {name: float(np.median(spent)) for name, spent in times.items()}


def judged(query: "Embeddings", gallery: "Embeddings", keys: "Tensor") -> Result:
    """Mean average precision and rank-1 of keys (Q, G), smaller is closer."""
    from passerby.evaluation.average_precision import average_precision
    from passerby.evaluation.protocol import protocol
    from passerby.evaluation.ranks import ranks

    found = ranks(keys, protocol(query.crops, gallery.crops)(slice(None)))
    firsts = found.ranks[(found.counts.cumsum(0) - found.counts)[found.counts > 0]]
    return {"mAP": float(average_precision(found).nanmean()), "rank1": float((firsts == 1).double().mean())}


@contextmanager
def _filled(held: "Tensor", cameras: "Sequence[int | None]") -> "Iterator[Gallery]":
    """An embedded gallery of these vectors; each record's track is its row."""
    from passerby.gallery.open_gallery import open_gallery
    from passerby.gallery.record import Record
    from passerby.types import ModelId

    with tempfile.TemporaryDirectory() as place:
        gallery = open_gallery(f"{place}/gallery", model=ModelId("made", "", ""), dim=held.shape[1])
        try:
            all_ = [
                Record(embedding=vector, camid=camid, trackid=row)
                for row, (vector, camid) in enumerate(zip(held.numpy(), cameras, strict=True))
            ]
            for start in range(0, len(all_), AT_ONCE):
                gallery.add(all_[start : start + AT_ONCE])
            yield gallery
        finally:
            gallery.close()


def spread(sets: "Sequence[Result]") -> Result:
    """Mean, least and most of each number over some sets."""
    first = sets[0]
    return {
        name: spread([one[name] for one in sets])
        if isinstance(value, dict)
        else {
            "mean": float(np.mean([one[name] for one in sets])),
            **{word: pick(one[name] for one in sets) for word, pick in (("least", min), ("most", max))},
        }
        for name, value in first.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="trained")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--files", nargs=2, type=Path, metavar=("QUERY.npz", "GALLERY.npz"))
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    if given.files:
        found = child(read, *given.files)
    else:
        size, seeds = (SMALL, range(2)) if given.small else (SIZE, range(given.seeds))
        sets = [child(made, given.kind, seed, *size) for seed in seeds]
        sizes = {name: sets[0].pop(name) for name in ("queries", "gallery", "dim")}
        found = {"made": given.kind, "seeds": list(seeds), **sizes, **spread(sets)}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
