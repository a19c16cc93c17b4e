"""A folder of frames."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from passerby import images
from passerby.frames.footage import Footage
from passerby.frames.frame import Frame
from passerby.images import ENDINGS

USUAL = 25.0
"""Frames a second that are taken for linking where nobody says."""
BETWEEN = "img1"
"""Folder of the frames within a sequence of MOTChallenge."""


def pictures(folder: Path, *, fps: float | None = None) -> Footage:
    """A folder of frames, or of a sequence in MOTChallenge's layout.

    Where all names but their endings are numbers, as 000001.jpg, they are the frames' numbers; otherwise frames are
    counted from 1 on in the order of their names. What file managers leave is passed over.

    Args:
        folder: holds the pictures, or a folder `img1` that does.
        fps: frames a second; None where nobody knows: then no frame has a second.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds no picture, or two frames have one number.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"No folder {folder}; give a folder of frames.")
    if (folder / BETWEEN).is_dir():
        folder = folder / BETWEEN
    names = sorted(name for name in os.listdir(folder) if Path(name).suffix.lower() in ENDINGS and name[0] != ".")
    if not names:
        raise ValueError(f"No picture in {folder}; files that end in {', '.join(ENDINGS)} are read.")
    stems = [Path(name).stem for name in names]
    plain = all(stem.isascii() and stem.isdigit() and len(stem) < 10 for stem in stems)
    numbers = [int(stem) for stem in stems] if plain else list(range(1, len(names) + 1))
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"Two frames in {folder} have one number; rename them.")
    if 0 in numbers:
        numbers = [number + 1 for number in numbers]
    order = sorted(zip(numbers, names, strict=True))

    def frames(every: int, on_broken: Callable[[str], None]) -> Iterator[Frame]:
        first = order[0][0]
        for number, name in order:
            if (number - first) % every:
                continue
            try:
                image = images.read(folder / name)
            except (OSError, ValueError) as error:
                on_broken(str(error))
                continue
            yield Frame(number, None if fps is None else (number - 1) / fps, image, folder / name)

    return Footage(
        path=folder,
        fps=fps or USUAL,
        timed=fps is not None,
        count=order[-1][0],
        names={name: number for number, name in order},
        frames=frames,
    )
