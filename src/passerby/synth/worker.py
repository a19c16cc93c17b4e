"""Draws a part of a world: `python -m passerby.synth.worker FOLDER PART PARTS`."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image
from torch import Tensor

from passerby.synth.camera import cameras
from passerby.synth.crowd import crowd
from passerby.synth.drawing import drawing
from passerby.synth.one_thread import one_thread
from passerby.synth.people import people
from passerby.synth.plan import plan, strangers
from passerby.synth.request import request
from passerby.synth.scene import scene
from passerby.synth.shot import Shot

TOGETHER = 32
"""Pictures that are drawn at once."""
PARTIAL = ".part"
"""Folder of files that are not whole yet."""


def worker(root: Path, *, part: int, parts: int, progress: Callable[[int], None]) -> None:
    """Draw every parts-th batch of the world that a folder asks for, but for those whose files are all there.

    Args:
        root: a folder with a FILE of `request` and the folders of Market-1501.
        part: which part, 0 .. parts - 1.
        parts: of how many.
        progress: called with the number of files after each batch.

    Raises:
        FileNotFoundError: if the folder holds no request.
        ValueError: if the request cannot be read.
    """
    asked = request(root)
    watching = cameras(asked.cameras, seed=asked.seed)
    batches = list(_batches(plan(asked)))[part::parts]
    missing = [not all(_whole(root, shot) for shot in batch) for batch in batches]
    if any(missing):
        crew = crowd(people(asked.train_ids + asked.test_ids + strangers(asked), seed=asked.seed))
        places = {camera.camid: scene(camera) for camera in watching}
    for batch, wanted in zip(batches, missing, strict=True):
        if wanted:
            camera = watching[batch[0].camid - 1]
            place = places[camera.camid]
            with one_thread():
                pictures = drawing(batch, crew, camera, place, seed=asked.seed, height=asked.height, width=asked.width)
            for shot, picture in zip(batch, pictures.permute(0, 2, 3, 1), strict=True):
                _store(root, shot, picture, camera.quality)
        progress(sum(1 + bool(shot.also) for shot in batch))


def _batches(shots: Sequence[Shot]) -> Iterator[tuple[Shot, ...]]:
    for _, one in groupby(shots, key=lambda shot: shot.camid):
        same = tuple(one)
        for start in range(0, len(same), TOGETHER):
            yield same[start : start + TOGETHER]


def _whole(root: Path, shot: Shot) -> bool:
    """Whether a shot's files are there: they are moved into place when they are complete."""
    try:
        return all(os.path.getsize(root / file) > 0 for file in (shot.file, shot.also) if file)
    except FileNotFoundError:
        return False


def _store(root: Path, shot: Shot, picture: Tensor, quality: int) -> None:
    stream = BytesIO()
    Image.fromarray(picture.numpy()).save(stream, format="JPEG", quality=quality)
    for file in (shot.file, shot.also):
        if file:
            partial = root / PARTIAL / str(os.getpid())
            partial.write_bytes(stream.getbuffer())
            partial.replace(root / file)


def _main(arguments: Sequence[str]) -> int:
    root, part, parts = arguments

    def tell(count: int) -> None:
        print(count, flush=True)

    # the one who started it has gone, or asks it to stop: what is drawn stays
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        worker(Path(root), part=int(part), parts=int(parts), progress=tell)
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
