"""Whether what somebody says of pictures goes with what they say themselves."""

from passerby.frames.crops import Cut
from passerby.frames.source import Source
from passerby.types import JUNK

SHOWN = 5
"""Names that an error tells."""
AGES = 1e9
"""Seconds after a start, some 32 years, that are rather seconds since 1970."""


def check_said(source: Source, cut: Cut) -> None:
    """Refuse a camera or a start that would not be used, or not as it is meant.

    Args:
        source: what was said.
        cut: its pictures, as their folders, names or rows tell of them.

    Raises:
        ValueError: if pictures are of another camera, or a start is given to pictures of which none has a time, or to
            times that count from 1970 already.
    """
    crops = [crop for crop in cut.crops if crop.pid != JUNK]
    other = [crop for crop in crops if crop.camid not in (None, source.camid)] if source.camid is not None else []
    if other:
        cameras = sorted({crop.camid for crop in other if crop.camid is not None})
        named = ", ".join(map(str, cameras[:SHOWN])) + (", ..." if len(cameras) > SHOWN else "")
        raise ValueError(
            f"{source.path}: --camera is {source.camid}, and {len(other):,} of {len(crops):,} pictures are of camera "
            f"{named} by their folders, names or rows (such as {other[0].path}); leave --camera out, or rename them."
        )
    if source.start is None or not crops:
        return
    times = [crop.time for crop in crops if crop.time is not None]
    if not times:
        raise ValueError(
            f"{source.path}: --start is given, and its pictures have no times that count from it; leave --start out, "
            "or list them with their times in a CSV of path, pid and time."
        )
    if not cut.counted and max(times) / (source.fps or 1.0) >= AGES:
        raise ValueError(
            f"{source.path}: --start is given, and its times, up to {max(times):.15g}, are seconds since 1970 already; "
            "leave --start out."
        )
