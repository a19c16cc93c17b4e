"""How right the Milvus adapter is with filters, and how quick: one client, vectors given.

    python benchmarks/_gallery_milvus.py milvus://127.0.0.1:19530/COLLECTION [--records 100000] [--dim 512]

It searches at once, while Milvus has indexed few records or none, and again when it has. The collection must not be
there yet; it is left there. Vectors and filters are those of benchmarks/gallery.py.
"""

import argparse
import json
import os
import time
from urllib.parse import urlsplit

from pymilvus import MilvusClient

from _measure import Result
from gallery import CAMERAS, K, chunks, made, record, search, truth
from passerby.gallery.open_gallery import open_gallery
from passerby.types import ModelId


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument(
        "--settle", type=float, default=60.0, help="seconds that Milvus has to load its index once it is built"
    )
    given = parser.parse_args()
    gallery = open_gallery(given.url, model=ModelId("made", "", ""), dim=given.dim)
    if gallery.count():
        raise SystemExit(f"{given.url} is there already; give another name.")
    queries, cameras = made(0, given.queries, given.dim)
    right = truth(queries, cameras, given.records)
    begun = time.perf_counter()
    for start, vectors, seen in chunks(given.records, given.dim):
        gallery.add([record(start + row, vectors[row], int(seen[row])) for row in range(len(vectors))])
    result: dict[str, object] = {"ingest_per_s": given.records / (time.perf_counter() - begun)}

    def searched() -> dict[str, Result]:
        return {
            name: search(gallery, queries, cameras, number=given.records, right=rows, name=name, way="approximate")
            for name, rows in right.items()
        }

    result["at_once"] = {"indexed_records": indexed(given.url), **searched()}
    begun = time.perf_counter()
    gallery.close()
    while indexed(given.url) < given.records:
        time.sleep(1)
    result["index_built_s"] = time.perf_counter() - begun
    time.sleep(given.settle)
    gallery = open_gallery(given.url)
    result["indexed"] = searched()
    gallery.close()
    told = {"made": "clustered", "cameras": CAMERAS, "k": K, "records": given.records, "dim": given.dim}
    print(json.dumps({**told, **result}, indent=1))


def indexed(url: str) -> int:
    """How many records Milvus has built its index of."""
    place = urlsplit(url)
    client = MilvusClient(uri=f"http://{place.netloc}", token=os.environ.get("PASSERBY_MILVUS_TOKEN", ""))
    name = place.path.removeprefix("/")
    (index,) = client.list_indexes(name, field_name="embedding")
    number = int(client.describe_index(name, index)["indexed_rows"])
    client.close()
    return number


if __name__ == "__main__":
    main()
