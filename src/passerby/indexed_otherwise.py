"""What a gallery holds of the same pictures, but of another time or camera."""

import math
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from passerby.frames.crops import Cut
from passerby.frames.footage import Footage
from passerby.frames.opened import Opened
from passerby.frames.place import place
from passerby.frames.source import Source
from passerby.frames.taken import taken
from passerby.gallery.contract import Gallery
from passerby.gallery.record import Record
from passerby.types import JUNK, Crop

LOOK = 10_000
"""Records that are looked at: all of a small gallery, and of a larger one a sample, since ids come in no order."""
PAGE = 1000
"""Records that are asked for at once."""
BLANK = np.zeros(1, np.float32)
"""Stands for a descriptor where only a record's id is asked for."""


def indexed_otherwise(gallery: Gallery, jobs: Sequence[Opened]) -> list[str]:
    """What to say of pictures that would be in the gallery twice, since a record's id follows from time and camera.

    Args:
        gallery: is looked into.
        jobs: what shall be added.

    Returns:
        A line for each source that has such pictures.

    Raises:
        ValueError: if they are there with a time and would now have none, as where --start was forgotten; not of crops
            in a folder, which cannot be given one.
    """
    held = [
        Record(embedding=BLANK, camid=one.camid, time=one.time, path=one.path, id=one.id)
        for one in islice(gallery.records(), LOOK)
        if one.path is not None
    ]
    found = [(job, _twice(gallery, job, held)) for job in jobs] if held else []
    return [_line(job, others, sampled=len(held) == LOOK) for job, others in found if others]


class _Twice(NamedTuple):
    """A record, and the camera and the time (for a frame its source's start) that its picture would have now."""

    record: Record
    camid: int | None
    time: float | None


def _line(job: Opened, others: Sequence[_Twice], *, sampled: bool) -> str:
    path, many = job.source.path, len(others) > 1
    number = f"{'at least ' if sampled else ''}{len(others):,} of its records"
    forgotten = [one for one in others if one.record.time is not None and one.time is None]
    forgotten = [one for one in forgotten if one.record.camid == one.camid]
    if forgotten and _takes_times(job):
        raise ValueError(
            f"{path}: {number} {'are' if many else 'is'} in the gallery with a time ({_shown(forgotten[0].record)}) "
            "and would come a second time, without one; give the --start, or the times, of then."
        )
    return (
        f"{path}: {number} {'were' if many else 'was'} in the gallery with another time or camera "
        f"({_shown(others[0].record)}), and {'are' if many else 'is'} there twice now."
    )


def _takes_times(job: Opened) -> bool:
    """Whether a time can be said at all: crops in a folder have none."""
    return not isinstance(job.content, Cut) or job.content.counted or job.source.path.is_file()


def _shown(record: Record) -> str:
    camera = "no camera" if record.camid is None else f"camera {record.camid}"
    if record.time is None:
        return f"such as of {camera}, no time"
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=round(record.time))
    except OverflowError:  # of an older gallery, which took such times
        return f"such as of {camera}, {record.time:.15g}"
    return f"such as of {camera}, {moment.replace(tzinfo=None).isoformat()}Z"


def _twice(gallery: Gallery, job: Opened, held: Sequence[Record]) -> list[_Twice]:
    if isinstance(job.content, Cut):
        return _cut_twice(gallery, job.source, job.content, held)
    return _frames_twice(job.source, job.content, held)


def _cut_twice(gallery: Gallery, source: Source, cut: Cut, held: Sequence[Record]) -> list[_Twice]:
    folders: dict[Path, Path] = {}  # resolved once each: there may be a million pictures

    def path(crop: Crop) -> str:
        folder = crop.path.parent
        if folder not in folders:
            folders[folder] = place(crop.path).parent
        return str(folders[folder] / crop.path.name)

    ours = {path(crop): crop for crop in cut.crops if crop.pid != JUNK}
    found: dict[str, tuple[_Twice, Record]] = {}
    same: set[str] = set()
    for one in held:
        crop = ours.get(one.path or "")
        if crop is None:
            continue
        camid, time = source.camid if crop.camid is None else crop.camid, taken(crop, source, counted=cut.counted)
        if (one.camid, one.time) == (camid, time):
            same.add(str(one.path))
            continue
        now = Record(embedding=BLANK, camid=camid, time=time, trackid=crop.trackid, path=one.path, box=crop.box)
        found[str(one.path)] = (_Twice(one, camid, time), now)
    left = [pair for name, pair in found.items() if name not in same]
    for start in range(0, len(left), PAGE):  # those that are there twice already are none that come a second time
        there = {record.id for record in gallery.get([now.id for _, now in left[start : start + PAGE]])}
        same |= {str(now.path) for _, now in left[start : start + PAGE] if now.id in there}
    return [one for one, now in left if now.path not in same]


def _frames_twice(source: Source, footage: Footage, held: Sequence[Record]) -> list[_Twice]:
    video = footage.path.is_file()
    here = str(place(footage.path) if video else footage.path.resolve())
    theirs = [
        one
        for one in held
        if one.path is not None and (one.path.partition("#t=")[0] if video else os.path.dirname(one.path)) == here
    ]
    others = [one for one in theirs if one.camid != source.camid or not _same_time(one.time, source, footage)]
    # where some are as these will be, this is the same command again, perhaps after a break
    return [_Twice(one, source.camid, source.start) for one in others] if len(others) == len(theirs) else []


def _same_time(time: float | None, source: Source, footage: Footage) -> bool:
    if time is None or source.start is None:
        return time is None and source.start is None
    last = math.inf if footage.count is None else source.start + footage.count / footage.fps
    return source.start - 1.0 <= time <= last + 1.0
