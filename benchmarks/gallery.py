"""How quick and how right an embedded gallery is as it grows: one client, vectors given, 512 dimensions.

    python benchmarks/gallery.py [--records 10000 100000] [--large] [--small] [--dim 512] [--at DIR] [--keep DIR]

Made vectors: 5,000 people as centres of 64 dimensions and noise around them, mapped to `--dim`; 32 cameras, a record
each five seconds. Recall is of the 50 closest by NumPy's products of all vectors, under the same filter. With --keep,
galleries stay in a folder, and are searched there again without being filled again; then nothing is deleted from them.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from _measure import Result
from passerby.gallery.contract import Gallery, Way
from passerby.gallery.postgres.gallery import PostgresGallery, open_postgres
from passerby.gallery.record import Record
from passerby.gallery.where import EVERYTHING, Where
from passerby.types import ModelId

Floats = npt.NDArray[np.float32]
PEOPLE, INTRINSIC, CAMERAS, STEP_S, K, CHUNK = 5_000, 64, 32, 5.0, 50, 5_000
START = 1_767_225_600.0


def made(seed: int, number: int, dim: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    """(N, dim) vectors of length 1, and the cameras 1 .. 32 that they come from."""
    fixed = np.random.default_rng(0)
    centres = fixed.standard_normal((PEOPLE, INTRINSIC), np.float32)
    into = fixed.standard_normal((INTRINSIC, dim), np.float32) / np.float32(INTRINSIC**0.5)
    rng = np.random.default_rng([1, seed])
    inner = centres[rng.integers(PEOPLE, size=number)] + 0.5 * rng.standard_normal((number, INTRINSIC), np.float32)
    vectors = inner @ into + 0.1 * rng.standard_normal((number, dim), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), rng.integers(1, CAMERAS + 1, size=number)


def chunks(number: int, dim: int) -> Iterator[tuple[int, Floats, npt.NDArray[np.int64]]]:
    """All vectors, some at a time, with the row of the first."""
    for start in range(0, number, CHUNK):
        yield start, *made(1 + start, min(CHUNK, number - start), dim)


def record(row: int, vector: Floats, camera: int) -> Record:
    """The record of a row."""
    return Record(
        embedding=vector,
        camid=camera,
        time=START + STEP_S * row,
        trackid=row // 20,
        labels={"upper": ("red", "green", "blue", "black", "white")[row % 5]},
        path=f"crops/{row:09d}.jpg",
    )


def filters(number: int, camera: int) -> dict[str, Where]:
    """The filters by name, for a query of a camera: three of 32 cameras, a tenth of the time, both, other cameras."""
    since, until = START + STEP_S * 0.45 * number, START + STEP_S * 0.55 * number
    return {
        "none": EVERYTHING,
        "cams": Where(cameras=(3, 11, 27)),
        "time": Where(since=since, until=until),
        "both": Where(cameras=(3, 11, 27), since=since, until=until),
        "xcam": Where(not_cameras=(camera,)),
    }


def truth(queries: Floats, cameras: npt.NDArray[np.int64], number: int) -> dict[str, npt.NDArray[np.int64]]:
    """(Q, 50) rows of the closest, by filter."""
    best = {
        name: (np.full((len(queries), K), -2, np.float32), np.full((len(queries), K), -1)) for name in filters(1, 1)
    }
    for start, vectors, seen in chunks(number, queries.shape[1]):
        products = queries @ vectors.T
        rows = start + np.arange(len(vectors))
        chosen = np.isin(seen, (3, 11, 27))[None]
        # as the filter says it, since 0.45 * number need not be a whole number
        times = START + STEP_S * rows
        window = filters(number, 1)["time"]
        assert window.since is not None
        assert window.until is not None
        inside = ((times >= window.since) & (times < window.until))[None]
        other = seen[None] != cameras[:, None]
        passing = {"none": other | True, "cams": chosen, "time": inside, "both": chosen & inside, "xcam": other}
        for name, passes in passing.items():
            old, ids = best[name]
            both = np.concatenate([old, np.where(passes, products, -2)], axis=1)
            named = np.concatenate([ids, np.broadcast_to(rows, products.shape)], axis=1)
            order = np.argpartition(-both, K - 1, axis=1)[:, :K]
            best[name] = (np.take_along_axis(both, order, 1), np.take_along_axis(named, order, 1))
    return {name: np.where(products > -2, ids, -1) for name, (products, ids) in best.items()}


def search(
    gallery: Gallery,
    queries: Floats,
    cameras: npt.NDArray[np.int64],
    *,
    number: int,
    right: npt.NDArray[np.int64],
    name: str,
    way: Way,
) -> Result:
    """Latency and recall of one filter."""
    took, found = [], []
    for query, camera, rows in zip(queries, cameras, right, strict=True):
        where = filters(number, int(camera))[name]
        start = time.perf_counter()
        [hits] = gallery.search(query[None], K, where=where, way=way)
        took.append(1000 * (time.perf_counter() - start))
        named = {f"crops/{row:09d}.jpg" for row in rows if row >= 0}
        found.append(len(named & {hit.record.path for hit in hits}) / max(len(named), 1))
    return {
        "p50_ms": float(np.percentile(took, 50)),
        "p95_ms": float(np.percentile(took, 95)),
        "recall": float(np.mean(found)),
        "least_recall": float(np.min(found)),
    }


class Watched:
    """The most memory that the processes of a database have taken, in MB: each page counted once (PSS)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.most, self.now, self.done = folder.resolve(), 0.0, 0.0, threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self.done.wait(1.0):
            self.now = sum(map(_pss_mb, _processes(self.folder)))
            self.most = max(self.most, self.now)


def _processes(folder: Path) -> list[Path]:
    """Those that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder:
                found.append(process)
        except OSError:
            continue
    return found


def _pss_mb(process: Path) -> float:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def spent(gallery: PostgresGallery, number: int) -> Result:
    """Seconds of the other things that a page asks for."""
    third = START + STEP_S * number / 3
    asked: dict[str, Callable[[], object]] = {
        "count": lambda: gallery.count(Where(since=third)),
        "cameras": gallery.cameras,
        "statistics": gallery.statistics,
        "labels": gallery.labels,
        "sightings": lambda: gallery.sightings(limit=100),
        "sightings_of_a_camera": lambda: gallery.sightings(Where(cameras=(5,), since=third), limit=100),
    }
    took = {}
    for name, ask in asked.items():
        start = time.perf_counter()
        ask()
        took[f"{name}_s"] = time.perf_counter() - start
    return took


def fill(gallery: PostgresGallery, number: int, dim: int, watched: Watched) -> Result:
    """Add all records and build the graphs."""
    adding = 0.0
    for start, vectors, seen in chunks(number, dim):
        records = [record(start + row, vectors[row], int(seen[row])) for row in range(len(vectors))]
        begun = time.perf_counter()
        gallery.add(records)
        adding += time.perf_counter() - begun
    print(f"{number:,} records added, {number / adding:,.0f} a second", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    gallery.settle()
    return {
        "records": number,
        "dim": dim,
        "ingest_per_s": number / adding,
        "settle_s": time.perf_counter() - begun,
        "memory_most_mb": watched.most,
    }


def empty_partly(gallery: PostgresGallery, query: Floats, number: int) -> Result:
    """Delete the oldest fifth, as retention does."""
    oldest = Where(until=START + STEP_S * 0.2 * number)
    begun = time.perf_counter()
    gone = gallery.delete(oldest)
    result: Result = {"deleted": gone, "took_s": time.perf_counter() - begun, "left": gallery.count(oldest)}
    begun = time.perf_counter()
    gallery.search(query, K)
    return {**result, "next_search_ms": 1000 * (time.perf_counter() - begun)}


def measure(folder: Path, number: int, dim: int, asked: int, *, kept: bool) -> Result:
    """All figures of one size."""
    queries, cameras = made(0, asked, dim)
    filled = folder.with_suffix(".json")
    gallery = open_postgres(str(folder), model=ModelId("made", "", ""), dim=dim)
    watched = Watched(folder / "postgres")
    try:
        if filled.exists():
            result: Result = json.loads(filled.read_text())
        else:
            result = fill(gallery, number, dim, watched)
            filled.write_text(json.dumps(result))
        right = truth(queries, cameras, number)
        ways: tuple[Way, ...] = ("approximate", "exact")
        for way in ways:
            result[way] = {}
            for name in right:
                # once before, so that what is read first is not what is measured
                for few in (min(10, asked), asked):
                    result[way][name] = search(
                        gallery,
                        queries[:few],
                        cameras[:few],
                        number=number,
                        right=right[name][:few],
                        name=name,
                        way=way,
                    )
        result["seconds"] = spent(gallery, number)
        time.sleep(1.5)
        result["memory_searching_mb"] = watched.now
        result["disk_mb"] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
        if not kept:
            result["retention"] = empty_partly(gallery, queries[:1], number)
    finally:
        watched.done.set()
        begun = time.perf_counter()
        gallery.close()
    result["close_s"] = time.perf_counter() - begun
    begun = time.perf_counter()
    gallery = open_postgres(str(folder))
    result["reopen_s"] = time.perf_counter() - begun
    gallery.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--large", action="store_true", help="1,000,000 records")
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--at", type=Path, help="where the folders are made; the system's place for such by default")
    parser.add_argument("--keep", type=Path, help="a folder where galleries stay, and are found again")
    given = parser.parse_args()
    sizes = [500] if given.small else [1_000_000] if given.large else given.records
    results = []
    for number in sizes:
        asked, dim = (5, 32) if given.small else (given.queries, given.dim)
        if given.keep is None:
            with tempfile.TemporaryDirectory(dir=given.at) as folder:
                results.append(measure(Path(folder) / "gallery", number, dim, asked, kept=False))
        else:
            given.keep.mkdir(parents=True, exist_ok=True)
            results.append(measure(given.keep / f"{number}x{dim}", number, dim, asked, kept=True))
    print(json.dumps({"made": "clustered", "cameras": CAMERAS, "k": K, "sizes": results}, indent=1))


if __name__ == "__main__":
    main()
