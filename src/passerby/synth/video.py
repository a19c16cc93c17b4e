"""Videos of the drawn world: people walk past several cameras, and it is known who they are and where."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from numpy.random import Generator, default_rng

from passerby.files import whole, writable
from passerby.synth.camera import MOST, cameras
from passerby.synth.crowd import crowd
from passerby.synth.filming import Seen, filming
from passerby.synth.one_thread import one_thread
from passerby.synth.people import people as everybody
from passerby.synth.scene import scene
from passerby.synth.walk import walks

FIRST = datetime(2026, 1, 1, 8, tzinfo=UTC)
"""When the first camera begins to film."""
APART = timedelta(minutes=5)
"""By how much each further one begins later."""
TRUE, FOUND = "gt.txt", "det.txt"
"""Files of boxes, in MOTChallenge's form: the true ones, and such as a detector finds."""
LIST = "cameras.csv"
"""The file that says which video is of which camera, and when it begins."""
_LEAST = 0.15


class Encode(Protocol):
    """Writes frames, (H, W, 3) uint8 RGB each, into a video file."""

    def __call__(self, path: Path, frames: Iterator[npt.NDArray[np.uint8]], *, fps: int) -> None:
        """Write them."""
        ...


def write(
    root: Path,
    *,
    encode: Encode,
    people: int = 12,
    count: int = 3,
    seconds: float = 10.0,
    fps: int = 10,
    seed: int = 0,
    height: int = 360,
    width: int = 640,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Draw one video a camera: ROOT/c1/video.mp4 with gt.txt and det.txt beside it, and ROOT/cameras.csv.

    The same arguments give the same frames on the same machine and the same versions of the libraries. Each person
    passes each camera at most once. A line of gt.txt is frame, pid, left, top, width, height, 1, 1, visible share, with
    frames from 1 on; one of det.txt has -1 for the pid, and its boxes are shifted, lost and made up as a detector's.

    Args:
        root: its folder: absent, or empty.
        encode: writes a video; `frames.encode` does.
        people: 2 or more.
        count: cameras, 2 .. 16.
        seconds: that each films.
        fps: frames a second.
        seed: 0 or more.
        height: pixels of a frame, even.
        width: pixels of a frame, even.
        progress: called with the number of frames that are drawn and that of all frames.

    Raises:
        ValueError: if an argument is out of range, or the folder holds something.
        OSError: if the folder cannot be written to.
    """
    for name, value, least, most in (
        ("people", people, 2, 9999),
        ("cameras", count, 2, MOST),
        ("seconds", seconds, 1, 3600),
        ("fps", fps, 1, 60),
        ("seed", seed, 0, 2**31 - 1),
        ("height", height, 64, 2160),
        ("width", width, 64, 3840),
    ):
        if not least <= value <= most or (name in ("height", "width") and value % 2):
            raise ValueError(f"{name} is {value}; give {least} to {most}{', even' if name in 'height width' else ''}.")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ValueError(f"{root} holds something already; give an empty folder.")
    writable(root)
    watching = cameras(count, seed=seed)
    crew = crowd(everybody(people, seed=seed))
    ways = walks(watching, people=people, seconds=seconds, seed=seed)
    total, done = count * round(seconds * fps), 0
    rows = [["video", "camid", "start", "boxes"]]
    for camera in watching:
        folder = root / f"c{camera.camid}"
        folder.mkdir(parents=True)
        seen: list[tuple[Seen, ...]] = []

        def film(seen: list[tuple[Seen, ...]] = seen, camera=camera) -> Iterator[npt.NDArray[np.uint8]]:  # type: ignore[no-untyped-def]  # noqa: ANN001
            nonlocal done
            frames = filming(ways, crew, camera, scene(camera), seconds=seconds, fps=fps, height=height, width=width)
            for frame, there in frames:
                seen.append(there)
                yield frame.permute(1, 2, 0).contiguous().numpy()
                done += 1
                if progress is not None:
                    progress(done, total)

        with one_thread(), whole(folder / "video.mp4") as partial:
            encode(partial, film(), fps=fps)
        _text(folder / TRUE, _true(seen))
        _text(folder / FOUND, _found(seen, default_rng([seed, 23, camera.camid]), height, width))
        begins = FIRST + (camera.camid - 1) * APART
        rows.append([f"c{camera.camid}/video.mp4", str(camera.camid), f"{begins:%Y-%m-%dT%H:%M:%SZ}",
                     f"c{camera.camid}/{TRUE}"])  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    _text(root / LIST, text.getvalue())


def _true(seen: Sequence[Sequence[Seen]]) -> str:
    return "".join(
        f"{number},{one.person + 1},{','.join(f'{side:.1f}' for side in one.box)},1,1,{one.visible:.3f}\n"
        for number, there in enumerate(seen, start=1)
        for one in there
        if one.visible >= _LEAST
    )


def _found(seen: Sequence[Sequence[Seen]], generator: Generator, height: int, width: int) -> str:
    """What a detector finds: the less of somebody is seen the seldomer, a little aside, and now and then nobody."""
    lines = []
    for number, there in enumerate(seen, start=1):
        for one in there:
            sure, lost = generator.random(2)
            shift = generator.normal(0, (0.03, 0.02, 0.05, 0.03))
            if one.visible < 0.25 or lost > 0.96 * min(1.0, one.visible + 0.25):
                continue
            x, y, w, h = one.box
            box = (x + w * shift[0], y + h * shift[1], w * (1 + shift[2]), h * (1 + shift[3]))
            lines.append((number, *box, min(0.99, 0.35 + 0.5 * one.visible + 0.2 * sure)))
        if generator.random() < 0.05:
            tall = height * (0.15 + 0.2 * generator.random())
            at = generator.random(2) * (width - tall / 2, height - tall)
            lines.append((number, *at.tolist(), 0.4 * tall, tall, 0.2 + 0.4 * generator.random()))
    return "".join(f"{line[0]},-1,{','.join(f'{value:.2f}' for value in line[1:])},-1,-1,-1\n" for line in lines)


def _text(path: Path, text: str) -> None:
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
