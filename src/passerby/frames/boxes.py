"""Boxes of a whole video, in little memory."""

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from passerby.frames.frame import Box

MOST = 5_000_000
"""Boxes that one file may hold."""
CROWD = 1000
"""Boxes that one frame may have: what is done with them grows with the square of their number."""
LARGEST = 1e6
"""Pixels from the corner that a side of a box may lie away."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes by frame.

    Args:
        path: their file.
        frames: (N,) number of the frame of each, ascending.
        values: (N, 5) x, y, w, h, confidence.
        ids: (N,) who it is; None where the file does not say.
        passed_over: how many boxes of the file are none of a person.
    """

    path: Path
    frames: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int64] | None
    passed_over: int = 0

    @property
    def last(self) -> int:
        """The last frame that has a box; 0 for none."""
        return int(self.frames[-1]) if len(self.frames) else 0

    def at(self, number: int) -> tuple[Box, ...]:
        """The boxes of one frame, in the order of the file."""
        first, end = np.searchsorted(self.frames, [number, number + 1]).tolist()
        found = []
        for place in range(first, end):
            x, y, w, h, confidence = self.values[place].tolist()
            found.append(Box(x, y, w, h, confidence, None if self.ids is None else int(self.ids[place])))
        return tuple(found)


def gathered(
    path: Path, rows: Iterable[tuple[str, int, float, float, float, float, float, int | None] | None]
) -> Boxes:
    """Boxes from the rows of a file.

    Args:
        path: the file.
        rows: where it stands in the file, frame, x, y, w, h, confidence and id of each; None for one to pass over.

    Raises:
        ValueError: if a number is out of range, some boxes have ids and others none, an id comes twice in a frame, a
            frame has more than CROWD boxes, or there are more than MOST or none.
    """
    numbers, values, ids = array("q"), array("d"), array("q")
    passed_over, named = 0, None
    for row in rows:
        if row is None:
            passed_over += 1
            continue
        where, frame, x, y, w, h, confidence, who = row
        _check(where, frame, (x, y, w, h), confidence, who)
        if named is not None and named != (who is not None):
            raise ValueError(f"{where}: some boxes have an id and others have none; give all of them one, or none.")
        named = who is not None
        if len(numbers) >= MOST:
            raise ValueError(f"{where}: more than {MOST:,} boxes; split the video and its boxes.")
        numbers.append(frame)
        values.extend((x, y, w, h, confidence))
        ids.append(-1 if who is None else who)
    if not numbers:
        raise ValueError(f"{path} holds no box of a person; a line is frame,id,left,top,width,height,confidence.")
    frames = np.array(numbers, dtype=np.int64)
    order = np.argsort(frames, kind="stable")
    found = Boxes(path, frames[order], np.array(values).reshape(-1, 5)[order],
                  np.array(ids, dtype=np.int64)[order] if named else None, passed_over)  # fmt: skip
    _check_crowd(found)
    _check_once(found)
    return found


def _check(
    where: str, frame: int, sides: tuple[float, float, float, float], confidence: float, who: int | None
) -> None:
    if not 1 <= frame < 2**31:
        raise ValueError(f"{where}: frame is {frame}; frames are counted from 1 on.")
    if not all(math.isfinite(side) and abs(side) <= LARGEST for side in sides) or not math.isfinite(confidence):
        raise ValueError(f"{where}: box {sides} with confidence {confidence}; give finite numbers, in pixels.")
    if sides[2] <= 0 or sides[3] <= 0:
        raise ValueError(f"{where}: width and height are {sides[2]:g} and {sides[3]:g}; give numbers above 0.")
    if who is not None and not 0 <= who < 2**31:
        raise ValueError(f"{where}: id is {who}; give 0 .. {2**31 - 1}, or -1 where nobody knows.")


def _check_crowd(found: Boxes) -> None:
    numbers, counts = np.unique(found.frames, return_counts=True)
    if counts.max() > CROWD:
        place = int(counts.argmax())
        raise ValueError(
            f"{found.path}: {counts[place]:,} boxes in frame {numbers[place]}; at most {CROWD:,} are read."
        )


def _check_once(found: Boxes) -> None:
    if found.ids is None:
        return
    pairs = np.stack((found.frames, found.ids), axis=1)
    unlike, first = np.unique(pairs, axis=0, return_index=True)
    if len(unlike) < len(pairs):
        frame, who = pairs[np.setdiff1d(np.arange(len(pairs)), first)[0]].tolist()
        raise ValueError(f"{found.path}: id {who} has two boxes in frame {frame}; a person is in one place at a time.")
