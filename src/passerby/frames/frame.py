"""One picture of a camera, and a person's box in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a camera.

    Args:
        number: which one, from 1 on.
        seconds: after the first one; None where nobody knows.
        image: RGB.
        path: the video, or the frame's own file.
    """

    number: int
    seconds: float | None
    image: Image.Image
    path: Path


@dataclass(frozen=True, slots=True)
class Box:
    """Where a person is in a frame, in pixels; may reach out of the frame.

    Args:
        x: left.
        y: top.
        w: width, above 0.
        h: height, above 0.
        confidence: of who found it.
        id: the same for the same person in other frames; None where nobody says.
    """

    x: float
    y: float
    w: float
    h: float
    confidence: float = 1.0
    id: int | None = None

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """(x, y, w, h)."""
        return self.x, self.y, self.w, self.h


Detect = Callable[[Image.Image], Sequence[Box]]
"""The people in a picture, with confidences in 0 .. 1."""


def overlap(one: Box, other: Box) -> float:
    """Pixels that two boxes share."""
    wide = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    high = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    return max(0.0, wide) * max(0.0, high)
