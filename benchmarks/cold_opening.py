"""How quick the first searches are where nothing of a gallery is in memory yet: its server stopped, its files dropped.

    python benchmarks/cold_opening.py DIR/1000000x512 [--seconds 60] [--repeat 3] [--wait 0]
    python benchmarks/cold_opening.py --small

The gallery is one that `python benchmarks/gallery.py --large --keep DIR` left there. In turn with and without what is
done on opening so that searches are quick (`prepared`, `bare`): the system forgets its files, as far as it does so on
request (the host under a virtual machine, and the disk itself, may not), a new process opens it and asks at once, or
`--wait` seconds later, for the 50 most like a query: one client, a filter after the other, no query twice. In the end
the same queries are asked again and again: that is `warm`. No record is changed.
"""

import argparse
import ctypes
import json
import mmap
import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from _measure import Result, child
from gallery import CAMERAS, K, chunks, filters, made, record
from passerby.gallery.postgres.database import database
from passerby.gallery.postgres.gallery import PostgresGallery, open_postgres
from passerby.gallery.postgres.schema import read_meta
from passerby.types import ModelId

Times = list[tuple[float, str, float]]
"""Of each search: when it began, in seconds since the gallery was asked to open; its filter; its milliseconds."""
QUERIES = 20_000
ROUNDS, WARM = 3, 20
"""So often all filters are asked for so many queries in the end; the last time counts."""
NUMBERS = (1, 2, 11, 101, 1_001)
SECONDS = (0, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640)
WINDOW, AS_WARM = 9, 1.25
"""It is as quick as warm from when on the median of so many searches is never above so many times the warm one."""


def opened(folder: str, *, prepared: bool) -> PostgresGallery:
    """The gallery; if not prepared, it knows of no files that could be read beforehand."""
    found = database(folder, make=False)
    if not prepared:
        found.data = None
    with found.connection() as connection:
        meta = read_meta(connection)
    assert meta is not None
    return PostgresGallery(found, meta)


def ask(folder: str, number: int, dim: int, seconds: float, wait: float, prepared: bool) -> Result:
    """Open it and search for some seconds; then what a search takes when all that it reads has just been read."""
    queries, cameras = made(0, QUERIES, dim)
    names = list(filters(number, 1))
    times: Times = []
    begun = time.perf_counter()
    gallery = opened(folder, prepared=prepared)
    open_s = time.perf_counter() - begun

    def search(row: int, name: str) -> float:
        where = filters(number, int(cameras[row]))[name]
        start = time.perf_counter()
        gallery.search(queries[row : row + 1], K, where=where)
        times.append((start - begun, name, 1000 * (time.perf_counter() - start)))
        return times[-1][2]

    try:
        time.sleep(wait)
        until, row = time.perf_counter() + seconds, WARM
        while time.perf_counter() < until and row < QUERIES:
            search(row, names[row % len(names)])
            row += 1
        first = list(times)
        again = {name: [search(row, name) for _ in range(ROUNDS) for row in range(WARM)][-WARM:] for name in names}
    finally:
        gallery.close()
    return {"open_s": open_s, "times": first, "warm": again}


def drop(folder: Path) -> Result:
    """Have the system forget a folder's files, and see what it still holds of them."""
    size = left = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("r+b") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                size += path.stat().st_size
                left += _held(file.fileno(), path.stat().st_size)
    return {"dropped_mb": (size - left) / 2**20, "left_mb": left / 2**20}


def _held(file: int, size: int) -> int:
    """Bytes of a file that are in the system's memory."""
    if not size:
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    with mmap.mmap(file, size, access=mmap.ACCESS_COPY) as mapped:
        first = ctypes.c_char.from_buffer(mapped)
        pages = (ctypes.c_ubyte * (-(-size // mmap.PAGESIZE)))()
        failed = libc.mincore(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(size), pages)
        del first
    if failed:
        raise OSError(ctypes.get_errno(), "mincore")
    return int((np.frombuffer(bytes(pages), np.uint8) & 1).sum()) * mmap.PAGESIZE


def summary(runs: list[Result], warm: dict[str, float]) -> Result:
    """All runs of one kind together."""
    times: list[Times] = [run["times"] for run in runs]
    whole = [one for run in times for one in run]
    by_number = [
        (_span(low, high - 1), [one for run in times for one in run[low - 1 : high - 1]])
        for low, high in pairwise(NUMBERS)
    ]
    by_second = [(_span(low, high), [one for one in whole if low <= one[0] < high]) for low, high in pairwise(SECONDS)]
    return {
        "open_s": [run["open_s"] for run in runs],
        "first_ms": [run[0][2] for run in times],
        "by_number": {name: _figures(some) for name, some in by_number if some},
        "by_second": {name: _figures(some) for name, some in by_second if some},
        "by_second_and_filter": {
            name: {kind: _figures([one for one in some if one[1] == kind]) for kind in warm if _has(some, kind)}
            for name, some in by_second
            if some
        },
        "as_quick_as_warm_after_s": {
            name: [_after(run, name, AS_WARM * typical) for run in times] for name, typical in warm.items()
        },
    }


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _has(some: Times, name: str) -> bool:
    return any(one[1] == name for one in some)


def _figures(some: Times) -> Result:
    took = [one[2] for one in some]
    return {
        "searches": len(took),
        "p50_ms": float(np.percentile(took, 50)),
        "p95_ms": float(np.percentile(took, 95)),
        "most_ms": max(took),
    }


def _after(times: Times, name: str, limit: float) -> float | None:
    """Seconds from opening until a filter's searches are below a limit for good; None if they are not in the end."""
    mine = [one for one in times if one[1] == name]
    since = None
    for start in range(len(mine) - WINDOW, -1, -1):
        if np.median([took for _, _, took in mine[start : start + WINDOW]]) > limit:
            break
        since = mine[start][0]
    return since


def measure(folder: Path, *, seconds: float, repeat: int, wait: float) -> Result:
    """All figures of a gallery."""
    gallery = open_postgres(str(folder))  # so that it is whole, should it have been killed
    number, dim = gallery.count(), gallery.about.dim
    gallery.close()
    if (folder / "postgres" / "postmaster.pid").exists():
        raise SystemExit(f"Somebody has {folder} open; end that first.")
    runs: dict[bool, list[Result]] = {True: [], False: []}
    dropped = []
    for _ in range(repeat):
        for prepared in runs:
            dropped.append(drop(folder))
            runs[prepared].append(child(ask, folder, number, dim, seconds, wait, prepared))
    again: dict[str, Any] = {
        name: [took for kind in runs.values() for run in kind for took in run["warm"][name]]
        for name in filters(number, 1)
    }
    warm = {name: _figures([(0.0, name, took) for took in took]) for name, took in again.items()}
    typical = {name: figures["p50_ms"] for name, figures in warm.items()}
    return {
        "records": number,
        "dim": dim,
        "cameras": CAMERAS,
        "k": K,
        "wait_s": wait,
        "left_in_memory_mb": max(one["left_mb"] for one in dropped),
        "dropped_mb": min(one["dropped_mb"] for one in dropped),
        "warm": {
            "all": _figures([(0.0, name, took) for name, some in again.items() for took in some]),
            **warm,
        },
        "prepared": summary(runs[True], typical),
        "bare": summary(runs[False], typical),
    }


def fill(folder: Path, number: int, dim: int) -> None:
    """A gallery for a trial."""
    gallery = open_postgres(str(folder), model=ModelId("made", "", ""), dim=dim)
    for start, vectors, seen in chunks(number, dim):
        gallery.add([record(start + row, vectors[row], int(seen[row])) for row in range(len(vectors))])
    gallery.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gallery", type=Path, nargs="?", help="a folder that benchmarks/gallery.py --keep left")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it is searched after each opening")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--wait", type=float, default=0.0, help="seconds from opening to the first search")
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    if not hasattr(os, "posix_fadvise"):
        print(json.dumps({"skipped": "this system does not forget files on request (posix_fadvise)"}))
    elif given.small:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder) / "gallery", 500, 32)
            print(json.dumps(measure(Path(folder) / "gallery", seconds=1.0, repeat=1, wait=0.0), indent=1))
    elif given.gallery is None:
        parser.error("give a gallery, or --small")
    else:
        found = measure(given.gallery, seconds=given.seconds, repeat=given.repeat, wait=given.wait)
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
