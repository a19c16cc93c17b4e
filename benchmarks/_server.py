"""A real server process over an embedded gallery: what it is made of, and how it is started."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from passerby import run
from passerby.datasets import synthetic
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.record import Record
from passerby.synth import world
from passerby.training.machine import Machine

START = 1_767_225_600.0
CAMERAS = 16


def prepare(folder: Path, *, records: int) -> tuple[list[Path], list[str]]:
    """Draw a few people, train the recipe `demo` for one epoch, and fill a gallery; pictures, and ids of the gallery.

    Args:
        folder: is given `world`, `run` and `gallery`.
        records: of the gallery; their vectors are made up.
    """
    drawn = folder / "world"
    world.write(drawn, train_ids=8, test_ids=8, cameras=4, seed=1, workers=1, hand_share=0)
    trained = run.train(
        "demo",
        data=synthetic.load(drawn),
        out=folder / "run",
        changes=("epochs=1", "schedule.warmup=0.5"),
        machine=Machine(accelerator="cpu"),
    )
    trained = run.load(folder / "run")
    dim = run.dimension(trained)
    pictures = sorted((drawn / "query").glob("*.jpg"))
    small = [picture.read_bytes() for picture in pictures]
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((500, dim), np.float32)
    ids: list[str] = []
    gallery = open_gallery(str(folder / "gallery"), model=trained.model_id, dim=dim)
    try:
        for start in range(0, records, 2_000):
            rows = range(start, min(records, start + 2_000))
            vectors = centres[rng.integers(500, size=len(rows))] + rng.standard_normal((len(rows), dim), np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            made = [
                Record(
                    embedding=vector,
                    camid=row % CAMERAS + 1,
                    time=START + 5 * row,
                    trackid=row // 20,
                    labels={"upper": ("red", "green", "blue")[row % 3]},
                    path=f"made/{row}.jpg",
                    thumbnail=small[row % len(small)],
                )
                for row, vector in zip(rows, vectors, strict=True)
            ]
            gallery.add(made)
            ids += [one.id for one in made]
    finally:
        gallery.close()
    return pictures, ids


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`passerby serve` in a process of its own, and its address; stopped at the end."""
    command = [sys.executable, "-m", "passerby", "serve", str(folder / "gallery"), str(folder / "run"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://[0-9.:]+[0-9]", line)
        if found is None:
            raise OSError(f"The server did not start; it said {line!r}.")
        yield process, found[0]
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=60)


def memory_mb(process: int) -> float:
    """Memory of a process that is its own share of what it has mapped (PSS), in megabytes of 2**20 bytes."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss: +([0-9]+) kB", text, flags=re.MULTILINE)[0]) / 1024


def database_mb(folder: Path) -> float:
    """Likewise of all processes of the embedded database in a folder."""
    found = 0.0
    for one in Path("/proc").iterdir():
        try:
            if one.name.isdigit() and _is_of(one, folder):
                found += memory_mb(int(one.name))
        except OSError:  # it has just ended, or is not ours to look at
            continue
    return found


def cpu_seconds(process: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is_of(process: Path, folder: Path) -> bool:
    """They all work in the folder of their data."""
    return (process / "cwd").resolve().is_relative_to(folder) and (process / "comm").read_text().startswith("postgres")
