"""What one camera has given, as somebody names it."""

from dataclasses import dataclass
from pathlib import Path

from passerby.check_time import check_time


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One video, folder, picture or table, and what is known of it.

    Args:
        path: where it lies.
        camid: the camera; None where it is not known, or the source says.
        start: seconds since 1970-01-01 UTC of the first frame; None where it is not known.
        fps: frames a second; None where the source says, or nobody knows.
        boxes: a file with the boxes of its frames; None for none.

    Raises:
        ValueError: if a number is out of range.
    """

    path: Path
    camid: int | None = None
    start: float | None = None
    fps: float | None = None
    boxes: Path | None = None

    def __post_init__(self) -> None:
        if self.camid is not None and not 0 <= self.camid < 2**31:
            raise ValueError(f"camera is {self.camid}; give 0 .. {2**31 - 1}.")
        if self.start is not None:
            check_time("start", self.start)
        if self.fps is not None and not 0.001 <= self.fps <= 1000:
            raise ValueError(f"fps is {self.fps}; give 0.001 .. 1000 frames a second.")
