"""How right the Milvus adapter is with filters, and how quick: one client, vectors given.

    python benchmarks/_gallery_milvus.py milvus://127.0.0.1:19530/COLLECTION [--records 50000] [--dim 128]

The collection must not be there yet; it is left there. Vectors and filters are those of benchmarks/gallery.py.
"""

import argparse
import json
import time

from gallery import CAMERAS, K, chunks, made, record, search, truth
from passerby.gallery.open_gallery import open_gallery
from passerby.types import ModelId


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--settle", type=float, default=120.0, help="seconds that Milvus has to build its index")
    given = parser.parse_args()
    gallery = open_gallery(given.url, model=ModelId("made", "", ""), dim=given.dim)
    if gallery.count():
        raise SystemExit(f"{given.url} is there already; give another name.")
    queries, cameras = made(0, given.queries, given.dim)
    begun = time.perf_counter()
    for start, vectors, seen in chunks(given.records, given.dim):
        gallery.add([record(start + row, vectors[row], int(seen[row])) for row in range(len(vectors))])
    result: dict[str, object] = {"ingest_per_s": given.records / (time.perf_counter() - begun)}
    time.sleep(given.settle)
    for name, right in truth(queries, cameras, given.records).items():
        result[name] = search(
            gallery, queries, cameras, number=given.records, right=right, name=name, way="approximate"
        )
    gallery.close()
    told = {"made": "clustered", "cameras": CAMERAS, "k": K, "records": given.records, "dim": given.dim}
    print(json.dumps({**told, **result}, indent=1))


if __name__ == "__main__":
    main()
