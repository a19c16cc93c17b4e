"""Evaluation against the bare product of its matrices and against the usual judge, as JSON.

    python benchmarks/evaluation.py [market|large|distractors] [--kind trained|hard] [--repeat 3] [--small]

market: 3,368 queries, 19,732 crops, 2,048 dimensions; large: 11,659, 82,161 and 2,048, as many as MSMT17 has;
distractors: 3,368, 19,732 and 500,000 distractors, 512. The vectors are made (see _made.py) by another process. A fresh
one reads them and judges; its memory is that of this first time. Then it judges, multiplies all queries with the whole
gallery, and with the gallery without its junk, which nobody ranks, in turn; the least time of each counts. A third
process judges the usual way (see _naive.py).
"""

import argparse
import json
import tempfile

from _made import KINDS, embeddings, write
from _measure import Result, child, least, memory_of, product, ratios, spend
from _naive import naive

SIZES = {"market": (3368, 19732, 2048, 0), "large": (11659, 82161, 2048, 0), "distractors": (3368, 19732, 512, 500_000)}
SMALL = {"market": (60, 400, 32, 0), "large": (120, 800, 32, 0), "distractors": (60, 400, 16, 4000)}


def ours(folder: str, repeat: int, most: int | None = None) -> Result:
    """Judge, and multiply bare."""
    import torch

    from passerby.evaluation.score import score

    query, gallery = embeddings(folder, "query"), embeddings(folder, "gallery", most)
    junk = sum(crop.pid == -1 for crop in gallery.crops)
    scores, first = spend(lambda: score(query, gallery))

    times = least(
        repeat,
        ours=lambda: score(query, gallery),
        product=lambda: product(query.vectors, gallery.vectors),
        product_without_junk=lambda: product(query.vectors, gallery.vectors[junk:]),
    )
    return {
        "queries": len(query.crops),
        "gallery": len(gallery.crops),
        "junk": junk,
        "dim": query.vectors.shape[1],
        "threads": torch.get_num_threads(),
        "mAP": scores.mAP,
        "rank1": scores.rank(1),
        "vectors_mb": (query.vectors.nbytes + gallery.vectors.nbytes) / 2**20,
        "ours": times["ours"] | memory_of(first),
        **{name: times[name] for name in ("product", "product_without_junk")},
        "ap": scores.ap.tolist(),
    }


def both(folder: str, repeat: int, most: int | None = None) -> Result:
    """Ours and the usual judge on the same vectors."""
    found, usual = child(ours, folder, repeat, most), child(naive, folder, most)
    pairs = zip(found.pop("ap"), usual.pop("ap"), strict=False)
    usual["largest_difference_in_ap"] = max((abs(here - there) for here, there in pairs if here == here), default=0.0)
    loop = usual.pop("loop")
    parts = {name: found[name] for name in ("product", "product_without_junk")} | {"naive": usual, "loop": loop}
    return {**found, "naive": usual, "loop": loop, "ratios": ratios(found["ours"], **parts)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SIZES, nargs="?", default="market")
    parser.add_argument("--kind", choices=KINDS, default="trained")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        child(write, folder, given.kind, *(SMALL if given.small else SIZES)[given.size])
        found = both(folder, given.repeat)
    print(json.dumps({"made": given.kind, **found}, indent=1))


if __name__ == "__main__":
    main()
