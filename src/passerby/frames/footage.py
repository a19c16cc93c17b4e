"""What one camera has seen, frame by frame."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from passerby.frames.frame import Frame


@dataclass(frozen=True, kw_only=True, slots=True)
class Footage:
    """What one camera has seen.

    Args:
        path: the video, or the folder of frames.
        fps: frames a second.
        timed: whether the frames' seconds are known.
        count: how many frames it says that it has; None where it does not say.
        names: file name to number of the frame, for a folder; empty for a video.
        frames: `frames(every, on_broken)` gives every n-th frame, the first one among them, and tells what is broken.
    """

    path: Path
    fps: float
    timed: bool
    count: int | None
    names: Mapping[str, int]
    frames: Callable[[int, Callable[[str], None]], Iterator[Frame]]
