"""Videos in, right person out: rank-1 over tracks across cameras, by where the boxes come from. Synthetic, as JSON.

    python benchmarks/videos.py [--run RUN] [--seeds 3] [--hog] [--small]       (a minute a seed, three with --hog)

Draws the videos of three cameras and twelve people for each seed, indexes them into an embedded gallery with the true
boxes, with boxes such as a detector gives (linked by ByteTrack) and, if asked, with OpenCV's detector, and searches
with each track among those of the other cameras. Who a track shows is what the true box says that overlaps its best box
most, by half or more. A query counts if its person has a track in another camera; tracks of nobody stay in as wrong
answers. `each` has the rank-1 of each seed.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from passerby import run
from passerby.frames.boxes import Boxes
from passerby.frames.detector import detector
from passerby.frames.encode import encode
from passerby.frames.frame import Box, overlap
from passerby.frames.mot import mot
from passerby.frames.source import Source
from passerby.frames.video_list import video_list
from passerby.gallery.contract import Gallery
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.record import Record
from passerby.gallery.where import Where
from passerby.images import Size
from passerby.index import index
from passerby.models.colour_histogram import ColourHistogram
from passerby.run import Run
from passerby.synth import video
from passerby.types import ModelId

FPS = 10


def colour() -> Run:
    """A run without training: colour histograms."""
    size = Size(128, 64)
    demo = run.recipe("demo")
    told = ModelId("colour histogram", "", str(size))
    recipe = replace(demo, size=size, flip_test=False)
    model = ColourHistogram()
    return Run(
        folder=Path(),
        name=told.name,
        recipe=recipe,
        model=model,
        model_id=told,
        seed=0,
        changes=(),
        data=None,  # type: ignore[arg-type]
    )


def who(record: Record, starts: Mapping[int, float], true: Mapping[int, Boxes]) -> int | None:
    """The person whom a record shows, by the true boxes; None for nobody."""
    if record.time is None or record.box is None or record.camid is None:
        return None
    own = Box(*record.box)
    best, pid = 0.0, None
    for box in true[record.camid].at(1 + round((record.time - starts[record.camid]) * FPS)):
        both = overlap(own, box)
        share = both / (own.w * own.h + box.w * box.h - both)
        if share > best:
            best, pid = share, box.id
    return pid if best >= 0.5 else None


def rank1(gallery: Gallery, world: Path) -> dict[str, int]:
    """Right first answers, queries with a right answer, tracks, and tracks of nobody."""
    sources = video_list(world / video.LIST)
    starts = {one.camid or 0: one.start or 0.0 for one in sources}
    true = {camid: mot(world / f"c{camid}" / video.TRUE) for camid in starts}
    records = list(gallery.records())
    pids = {record.id: who(record, starts, true) for record in records}
    found = {"right": 0, "queries": 0, "tracks": len(records), "nobody": sum(pid is None for pid in pids.values())}
    for record in records:
        pid = pids[record.id]
        if record.camid is None or pid is None:
            continue
        if any(pids[other.id] == pid and other.camid != record.camid for other in records):
            elsewhere = Where(not_cameras=(record.camid,))
            hits = gallery.search(record.embedding[None], 1, where=elsewhere, way="exact")[0]
            found["queries"] += 1
            found["right"] += pids[hits[0].record.id] == pid
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="a trained run; colour histograms by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=101, help="first seed: not that of the world of the training")
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--hog", action="store_true", help="also with OpenCV's detector")
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    trained = run.load(asked.run) if asked.run else colour()
    ways = ["true", "noisy", *(["hog"] if asked.hog else [])]
    sums = {way: {"right": 0, "queries": 0, "tracks": 0, "nobody": 0, "seconds": 0.0} for way in ways}
    each: dict[str, list[float]] = {way: [] for way in ways}
    drawn = 0.0
    for seed in range(asked.first, asked.first + (1 if asked.small else asked.seeds)):
        with tempfile.TemporaryDirectory() as folder:
            world = Path(folder) / "world"
            begun = time.monotonic()
            people, seconds = (4, 1.0) if asked.small else (asked.people, asked.seconds)
            video.write(world, encode=encode, people=people, seconds=seconds, fps=FPS, seed=seed)
            drawn += time.monotonic() - begun
            for way in ways:
                url = str(Path(folder) / way)
                gallery = open_gallery(url, model=trained.model_id, dim=run.dimension(trained))
                begun = time.monotonic()
                boxes = Path(video.FOUND) if way == "noisy" else None
                source = Source(path=world / video.LIST, boxes=boxes)
                index(gallery, trained, [source], detect=detector("hog") if way == "hog" else None)
                sums[way]["seconds"] += time.monotonic() - begun
                found = rank1(gallery, world)
                each[way].append(found["right"] / max(1, found["queries"]))
                for name, number in found.items():
                    sums[way][name] += number
                gallery.close()
                print(f"up to seed {seed}, {way}: {sums[way]}", file=sys.stderr, flush=True)
    rank = {
        way: {**sums[way], "rank1": sums[way]["right"] / max(1, sums[way]["queries"]), "each": each[way]}
        for way in ways
    }
    print(json.dumps({"model": str(trained.model_id), "drawing_s": drawn, **rank}, indent=1))


if __name__ == "__main__":
    main()
