"""When a picture of a person was taken."""

from passerby.frames.source import Source
from passerby.types import Crop

MARKET_FPS = 25.0
"""Frames a second of Market-1501's names."""


def taken(crop: Crop, source: Source, *, counted: bool) -> float | None:
    """Seconds since 1970-01-01 UTC; None where nobody knows.

    Args:
        crop: the picture.
        source: where it comes from.
        counted: whether its time is the number of a frame, which says nothing without the source's start.
    """
    if crop.time is None or (counted and source.start is None):
        return None
    return (source.start or 0.0) + crop.time / (source.fps or (MARKET_FPS if counted else 1.0))
