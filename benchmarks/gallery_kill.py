"""kill -9 of whoever adds to an embedded gallery, and of its database, at random moments: what is lost, and how long.

    python benchmarks/gallery_kill.py [--rounds 20] [--small]

A process adds batches and notes each that was acknowledged. It, or the database under it, is killed; then the gallery
is opened again: each acknowledged record must be there once, each batch whole or not at all.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from _measure import Result
from passerby.gallery.contract import Unavailable
from passerby.gallery.postgres.gallery import open_postgres
from passerby.gallery.record import Record
from passerby.types import ModelId

MODEL, DIM, BATCH = ModelId("made", "", ""), 64, 100


def batch(number: int) -> list[Record]:
    """The same records for the same number."""
    vectors = np.random.default_rng(number).standard_normal((BATCH, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Record(
            embedding=vector,
            camid=row % 4,
            time=float(number * BATCH + row),
            path=f"{number}/{row}.jpg",
            thumbnail=b"j",
        )
        for row, vector in enumerate(vectors)
    ]


def add(folder: Path, first: int) -> None:
    """Add batches from the first on for ever, one line for each that was acknowledged."""
    gallery = open_postgres(str(folder), model=MODEL, dim=DIM)
    number = first
    with open(folder.parent / "acknowledged", "a") as file:
        while True:
            try:
                gallery.add(batch(number))
            except Unavailable:
                continue  # the database was killed: the same batch again
            file.write(f"{number}\n")
            file.flush()
            number += 1


def acknowledged(folder: Path) -> set[int]:
    """The numbers of all batches that were."""
    file = folder.parent / "acknowledged"
    return {int(line) for line in file.read_text().split()} if file.exists() else set()


def kill_once(folder: Path, victim: str, moment_s: float) -> Result:
    """One round: `victim` is the process that adds, or the database."""
    first = max(acknowledged(folder), default=-1) + 1
    with _adding(folder, first) as process:
        time.sleep(moment_s)
        again_s = _kill_database(folder) if victim == "database" else 0.0
        process.kill()
    begun = time.perf_counter()
    gallery = open_postgres(str(folder))
    if victim != "database":
        again_s = time.perf_counter() - begun
    held = [record.path or "" for record in gallery.records()]
    thumbnails = sum(record.thumbnail is not None for record in gallery.records(thumbnails=True))
    gallery.close()
    wanted = {f"{number}/{row}.jpg" for number in acknowledged(folder) for row in range(BATCH)}
    whole: dict[str, int] = {}
    for path in held:
        whole[path.split("/")[0]] = whole.get(path.split("/")[0], 0) + 1
    return {
        "acknowledged": len(wanted),
        "lost": len(wanted - set(held)),
        "doubled": len(held) - len(set(held)),
        "torn": sum(count != BATCH for count in whole.values()),
        "thumbnails_missing": len(held) - thumbnails,
        "again_s": again_s,
    }


@contextmanager
def _adding(folder: Path, first: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that adds, once its first batch was acknowledged."""
    process = subprocess.Popen([sys.executable, __file__, "--add", str(folder), "--first", str(first)])
    try:
        _wait(lambda: first in acknowledged(folder))
        yield process
    finally:
        process.kill()
        process.wait()


def _kill_database(folder: Path) -> float:
    """Seconds until something was acknowledged again."""
    server = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    before = len(acknowledged(folder))
    os.kill(server, signal.SIGKILL)
    begun = time.perf_counter()
    _wait(lambda: len(acknowledged(folder)) > before + 1)  # one may just have been on its way
    return time.perf_counter() - begun


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("Nothing was acknowledged for 300 s.")
        time.sleep(0.01)


def rounds(victim: str, number: int, *, seed: int = 0, longest_s: float = 1.0) -> Result:
    """So many rounds on one gallery."""
    rng = np.random.default_rng([seed, number])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "gallery"
        done = [kill_once(folder, victim, float(rng.uniform(0, longest_s))) for _ in range(number)]
    took = [one["again_s"] for one in done]
    return {
        "rounds": number,
        "acknowledged": done[-1]["acknowledged"],
        **{name: max(one[name] for one in done) for name in ("lost", "doubled", "torn", "thumbnails_missing")},
        "again_s": {"median": float(np.median(took)), "most": max(took)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--small", action="store_true", help="a trial of seconds")
    parser.add_argument("--add", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.add:
        add(given.add, given.first)
    number = 1 if given.small else given.rounds
    print(json.dumps({victim: rounds(victim, number) for victim in ("adding", "database")}, indent=1))


if __name__ == "__main__":
    main()
