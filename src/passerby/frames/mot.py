"""Boxes in MOTChallenge's text form."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from passerby.frames.boxes import Boxes, gathered

PERSONS = (1, 2, 7)
"""Classes that are people: pedestrian, person on vehicle, static person."""
LONGEST = 400
"""Characters that a line may have."""


def mot(file: Path) -> Boxes:
    """Boxes of a file such as gt.txt or det.txt.

    A line is frame, id, left, top, width, height, then, where they are there, confidence, class and visible share;
    commas or spaces lie between. Frames are counted from 1 on. An id of -1 is one that nobody knows. Where ids are
    known, a line whose confidence is 0 is none to look at, and neither is one whose class is none of PERSONS.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line is of another form, or see `boxes.gathered`; the message names the line.

    Source: Milan et al., MOT16: A Benchmark for Multi-Object Tracking, section 3.3 and table 4.
    """
    if not file.is_file():
        raise FileNotFoundError(f"No file {file}; give a box file such as gt.txt or det.txt.")
    try:
        with file.open(encoding="utf-8-sig") as stream:
            return gathered(file, _rows(file, iter(partial(stream.readline, LONGEST + 1), "")))
    except UnicodeDecodeError:
        raise ValueError(f"{file} is no text; give a box file in MOTChallenge's form, or a COCO .json.") from None


def _rows(
    file: Path, lines: Iterator[str]
) -> Iterator[tuple[str, int, float, float, float, float, float, int | None] | None]:
    for number, line in enumerate(lines, start=1):
        where = f"{file}, line {number}"
        if len(line) > LONGEST:
            raise ValueError(f"{where}: more than {LONGEST} characters; a line is one box.")
        cells = line.replace(",", " ").split()
        if not cells:
            continue
        if not 6 <= len(cells) <= 10:
            raise ValueError(f"{where}: {len(cells)} numbers; give frame,id,left,top,width,height,confidence.")
        try:
            values = [float(cell) for cell in cells]
            frame, who = int(values[0]), int(values[1])
        except (ValueError, OverflowError):
            raise ValueError(f"{where}: {line.strip()[:60]!r} is not all numbers; give frame,id,left,top,width,height,"
                             "confidence.") from None  # fmt: skip
        if frame != values[0] or who != values[1]:
            raise ValueError(f"{where}: frame {cells[0]} and id {cells[1]}; give whole numbers.")
        confidence = values[6] if len(values) > 6 else 1.0
        other = len(values) in (8, 9) and values[7] not in (*PERSONS, -1)
        if who != -1 and (confidence == 0 or other):
            yield None
        else:
            yield (where, frame, values[2], values[3], values[4], values[5], confidence, None if who == -1 else who)
