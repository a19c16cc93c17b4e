"""kill -9 of `passerby index` at random moments, then the same command to its end: is anything lost or doubled? JSON.

    python benchmarks/indexing_kill.py --run RUN [--rounds 20] [--small]       (half a minute a round)

Made pictures of four cameras are indexed into a new gallery each round. The command and all its processes are killed,
and it is run again. The gallery must then hold what an uninterrupted run makes: ids, cameras, times, paths and vectors.
`kept` counts the records that each killed run had added; -1 where the second run failed.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from _measure import Result
from passerby import run
from passerby.gallery.open_gallery import open_gallery

SOON = 1.0
"""Seconds before which nothing is killed."""


def pictures(folder: Path, count: int) -> None:
    """Made pictures of four cameras."""
    generator = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"c{number % 4}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 255, (128, 64, 3), dtype=np.uint8)).save(place / f"{number:05d}.png")


def held(url: str, folder: Path) -> dict[str, tuple[object, ...]]:
    """What a gallery holds."""
    trained = run.load(folder)
    gallery = open_gallery(url, model=trained.model_id, dim=run.dimension(trained))
    try:
        return {one.id: (one.camid, one.time, one.path, one.embedding.round(4).tolist()) for one in gallery.records()}
    finally:
        gallery.close()


def kill_once(command: Sequence[str], moment_s: float) -> int:
    """Kill the command after so long, run it again, and tell how many records were there by then."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
    time.sleep(moment_s)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout.strip() or done.stderr.strip(), file=sys.stderr, flush=True)
    words = done.stdout.split()
    return int(words[words.index("there;") - 2].replace(",", "")) if done.returncode == 0 else -1


def rounds(folder: Path, number: int, *, count: int, longest_s: float) -> Result:
    """So many rounds, each with a gallery of its own."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "pictures"
        pictures(source, count)

        def index(name: str) -> list[str]:
            return [sys.executable, "-m", "passerby", "index", f"{place}/{name}", str(folder), str(source)]

        subprocess.run(index("whole"), check=True, stdout=subprocess.DEVNULL)
        expected = held(f"{place}/whole", folder)
        kept, wrong = [], 0
        for turn in range(number):
            kept.append(kill_once(index(str(turn)), chance.uniform(SOON, longest_s)))
            wrong += kept[-1] < 0 or held(f"{place}/{turn}", folder) != expected
    return {"rounds": number, "records": len(expected), "kept": kept, "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--count", type=int, default=3000, help="pictures")
    parser.add_argument("--longest", type=float, default=20.0, help="seconds after the start within which it is killed")
    parser.add_argument("--small", action="store_true", help="a trial: one round of few pictures")
    given = parser.parse_args()
    number, count = (1, 100) if given.small else (given.rounds, given.count)
    print(json.dumps(rounds(given.run, number, count=count, longest_s=given.longest), indent=1))


if __name__ == "__main__":
    main()
