"""A source, opened and checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from passerby.frames.boxes import Boxes
from passerby.frames.check_names import check_names
from passerby.frames.check_said import check_said
from passerby.frames.coco import coco
from passerby.frames.crops import Cut, camera_of, crops
from passerby.frames.footage import Footage
from passerby.frames.mot import mot
from passerby.frames.pictures import pictures
from passerby.frames.source import Source
from passerby.frames.video import video
from passerby.frames.video_list import is_video_list, video_list
from passerby.frames.way import Way
from passerby.images import ENDINGS


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A source that can be read.

    Args:
        source: it, with the camera that its name says where nobody said one.
        content: pictures of people, or frames.
        boxes: of the people in the frames; None where a detector has to look, and for pictures of people.
    """

    source: Source
    content: Cut | Footage
    boxes: Boxes | None

    @property
    def count(self) -> int | None:
        """How many pictures or frames it has, as far as it says."""
        return len(self.content.crops) if isinstance(self.content, Cut) else self.content.count

    def remarks(self) -> list[str]:
        """What its records will lack."""
        found = []
        frames = not isinstance(self.content, Cut)
        if self.source.start is None and (not isinstance(self.content, Cut) or self.content.counted):
            found.append(f"{self.source.path}: no --start is given, so its records have no time.")
        if isinstance(self.content, Cut) and self.content.unnamed:
            other = self.content.unnamed
            verb, whose = ("is", "its record has") if len(other) == 1 else ("are", "their records have")
            found.append(
                f"{self.source.path}: {len(other):,} of {len(self.content.crops):,} names {verb} not as in Market-1501 "
                f"({'such as ' if len(other) > 1 else ''}{other[0].name}); {whose} no person and no time, and no "
                "camera but that of a folder or of --camera."
            )
        if self.source.camid is None and frames:
            found.append(f"{self.source.path}: no --camera is given, so its records have none.")
        if self.boxes is not None and self.boxes.passed_over:
            found.append(f"{self.boxes.path}: {self.boxes.passed_over} boxes are of no person, or not to be looked at.")
        return found


def together(jobs: Sequence[Opened], way: Way) -> Sequence[Opened]:
    """The same, if no two box files of one camera number their tracks alike.

    Args:
        jobs: what is to be read.
        way: whether ids are people, or do not matter.

    Raises:
        ValueError: if two do.
    """
    taken: dict[int | None, tuple[set[int], Path]] = {}
    for job in jobs:
        if job.boxes is None or job.boxes.ids is None or way.people or way.each:
            continue
        own = set(np.unique(job.boxes.ids).tolist())
        others, where = taken.get(job.source.camid, (set[int](), job.boxes.path))
        if own & others:
            raise ValueError(
                f"{where} and {job.boxes.path} are of one camera and share the id {min(own & others)}; number the "
                "tracks of a camera differently, or say --people where ids are people."
            )
        taken[job.source.camid] = (own | others, job.boxes.path)
    return jobs


def opened(source: Source, *, detect: bool) -> tuple[Opened, ...]:
    """A source as what it is: a table of videos (several), a video, a folder of frames, or pictures of people.

    What is said of it has to go with what its folders, names or rows say. One picture has been taken at its start. A
    folder is one of frames if there are boxes or a detector, and else one of pictures of people. A file of boxes that
    is not there is looked for beside the video.

    Args:
        source: what is given.
        detect: whether a detector will look for people where no box file is given; it then takes the place of those
            that a table names.

    Raises:
        FileNotFoundError: if it, or its boxes, are missing.
        ValueError: if it cannot be read, its names are no UTF-8, it is of another camera than is said, a start is given
            to what has no times, or nobody says where the people in its frames are, or its boxes are of more frames
            than it has.
    """
    path = source.path
    if not path.exists():
        raise FileNotFoundError(f"Nothing at {path}; give a folder, a picture, a .csv or a video.")
    if is_video_list(path):
        return tuple(_frames(_told(one, source, detect), detect) for one in video_list(path))
    if path.is_dir() and not (source.boxes or detect):
        return (_cut(source),)
    if path.is_file() and path.suffix.lower() in (".csv", *ENDINGS):
        if source.boxes is not None:
            raise ValueError(f"{path} is no video and no folder of frames; leave --boxes out, or give one.")
        return (_cut(source),)
    return (_frames(source, detect),)


def _cut(source: Source) -> Opened:
    cut = crops(source.path)
    if source.start is not None and source.path.suffix.lower() in ENDINGS and source.path.is_file():
        cut = Cut(tuple(replace(crop, time=0.0) for crop in cut.crops), counted=False)
    check_names(crop.path for crop in cut.crops)
    check_said(source, cut)
    return Opened(source=source, content=cut, boxes=None)


def _told(one: Source, over: Source, detect: bool) -> Source:
    """A row of a table, with what was said for the whole table instead."""
    if over.camid is not None or over.start is not None:
        raise ValueError(f"{over.path} says cameras and times itself; leave --camera and --start out.")
    boxes = over.boxes if over.boxes is not None else None if detect else one.boxes
    return replace(one, boxes=boxes, fps=over.fps or one.fps)


def _frames(source: Source, detect: bool) -> Opened:
    if source.boxes is None and not detect:
        raise ValueError(
            f"Where are the people in {source.path}? Give --boxes FILE, or --detector NAME (hog needs nothing)."
        )
    footage = pictures(source.path, fps=source.fps) if source.path.is_dir() else video(source.path, fps=source.fps)
    if source.start is not None and not footage.timed:
        raise ValueError(f"{source.path} is a folder of frames and --start is given; give --fps as well.")
    boxes = None if source.boxes is None else _boxes(_beside(source.boxes, source.path), footage)
    if boxes is not None and footage.count is not None and boxes.last > footage.count:
        raise ValueError(
            f"{boxes.path} has boxes up to frame {boxes.last}, and {source.path} has {footage.count} frames; "
            "are they of another video?"
        )
    check_names([footage.path / name for name in footage.names] or [footage.path])
    camid = camera_of(source.path) if source.camid is None else source.camid
    return Opened(source=replace(source, camid=camid), content=footage, boxes=boxes)


def _beside(boxes: Path, video: Path) -> Path:
    return boxes if boxes.exists() or boxes.is_absolute() else video.parent / boxes


def _boxes(file: Path, footage: Footage) -> Boxes:
    return coco(file, footage.names) if file.suffix.lower() == ".json" else mot(file)
