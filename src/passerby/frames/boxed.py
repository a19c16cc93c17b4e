"""The frames of a camera with the boxes of the people in them."""

from collections.abc import Callable, Iterator, Sequence

from passerby.frames.footage import Footage
from passerby.frames.frame import Box, Detect, Frame
from passerby.frames.link import link
from passerby.frames.opened import Opened
from passerby.frames.way import Indexed, Way


def boxed(
    job: Opened,
    footage: Footage,
    *,
    detect: Detect | None,
    way: Way,
    linked: bool,
    told: Indexed,
    tick: Callable[[int], None],
) -> Iterator[tuple[Frame, Sequence[Box]]]:
    """Every n-th frame, and its boxes.

    Args:
        job: where the boxes come from, if from a file.
        footage: the frames.
        detect: finds people where there is no file.
        way: of which frames, and how sure boxes must be.
        linked: whether boxes get their ids from `link`; those in no track are then left out.
        told: where what is left out is counted, and what is broken.
        tick: called with the number of each frame that is done.
    """
    join = link(fps=footage.fps / way.every) if linked else None
    last = 0
    for frame in footage.frames(way.every, told.breaks):
        boxes: Sequence[Box] = ()
        if job.boxes is not None:
            boxes = job.boxes.at(frame.number)
        elif detect is not None:
            boxes = detect(frame.image)
        if way.least is not None:
            sure = [box for box in boxes if box.confidence >= way.least]
            _count(told, f"less sure than {way.least:g}", len(boxes) - len(sure))
            boxes = sure
        if join is not None:
            found = join(boxes)
            _count(told, "in no track", len(boxes) - len(found))
            boxes = found
        yield frame, boxes
        last = frame.number
        tick(last)
    if job.boxes is not None and job.boxes.last > last + way.every - 1:
        beyond = int((job.boxes.frames > last).sum())
        told.remarks.append(f"{beyond} boxes of {job.boxes.path} are of frames after the last one, {last}.")


def _count(told: Indexed, reason: str, number: int) -> None:
    if number:
        told.passed_over[reason] += number
