"""Kill -9 of `passerby index` at random moments, and go on: the records must be those of an uninterrupted run. JSON.

    python benchmarks/_killed_indexing.py --run RUN [--rounds 20]       (half a minute a round)

Each round indexes made pictures into a new gallery, kills the process group, runs the same command to its
end, and compares ids, cameras, times, boxes and vectors. `kept` counts the records that each killed run had added.
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
from pathlib import Path

import numpy as np
from PIL import Image

from passerby import run
from passerby.gallery.open_gallery import open_gallery

Held = dict[str, tuple[object, ...]]


def pictures(folder: Path, count: int) -> None:
    """Made pictures of four cameras."""
    generator = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"c{number % 4}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 255, (128, 64, 3), dtype=np.uint8)).save(place / f"{number:05d}.png")


def held(url: str, folder: Path) -> Held:
    """What a gallery holds."""
    trained = run.load(folder)
    gallery = open_gallery(url, model=trained.model_id, dim=run.dimension(trained))
    try:
        return {one.id: (one.camid, one.time, one.path, one.embedding.round(4).tolist()) for one in gallery.records()}
    finally:
        gallery.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--longest", type=float, default=20.0, help="seconds after the start within which it is killed")
    asked = parser.parse_args()
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "pictures"
        pictures(source, asked.count)
        command = [sys.executable, "-m", "passerby", "index"]
        whole = str(Path(folder) / "whole")
        subprocess.run([*command, whole, str(asked.run), str(source)], check=True, stdout=subprocess.DEVNULL)
        expected = held(whole, asked.run)
        kept, wrong = [], 0
        for number in range(asked.rounds):
            url = str(Path(folder) / f"g{number}")
            line = [*command, url, str(asked.run), str(source)]
            process = subprocess.Popen(
                line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            time.sleep(chance.uniform(1.0, asked.longest))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            told = done.stdout.split()
            kept.append(int(told[told.index("were") - 1]) if done.returncode == 0 else -1)
            wrong += done.returncode != 0 or held(url, asked.run) != expected
            print(f"round {number}: {done.stdout.strip() or done.stderr.strip()}", file=sys.stderr, flush=True)
    print(json.dumps({"rounds": asked.rounds, "records": len(expected), "kept": kept, "wrong": wrong}, indent=1))


if __name__ == "__main__":
    main()
