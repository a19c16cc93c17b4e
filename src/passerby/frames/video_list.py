"""A table of videos: which is of which camera, and when it begins."""

import csv
import re
from pathlib import Path

from passerby.frames.moment import moment
from passerby.frames.source import Source

COLUMNS = ("video", "camid", "start", "boxes", "fps")
"""Columns that a table may have; `video` is in each."""
MAX_BYTES = 4 * 2**20
"""What a table may take."""


def is_video_list(file: Path) -> bool:
    """Whether a file is a CSV whose first line has a column `video`."""
    if file.suffix.lower() != ".csv" or not file.is_file():
        return False
    with file.open(encoding="utf-8-sig", errors="replace") as stream:
        return "video" in [name.strip() for name in stream.readline(1000).split(",")]


def video_list(file: Path) -> tuple[Source, ...]:
    """The videos of a table, in its order. Paths are relative to the table; an empty cell is what nobody knows.

    Args:
        file: a CSV in UTF-8, with a header of some of COLUMNS; `video` may be a folder of frames.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it has other columns, a cell cannot be read, a video stands twice, or there is none; the message
            names the line.
    """
    if not file.is_file():
        raise FileNotFoundError(f"No file {file}; give a table of videos.")
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file} has {file.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(lines, [])]
            if "video" not in header or len(set(header)) < len(header) or not set(header) <= set(COLUMNS):
                raise ValueError(
                    f"{file} has the columns {', '.join(header)[:100]}; give some of {', '.join(COLUMNS)}."
                )
            found = []
            for cells in lines:
                where = f"{file}, line {lines.line_num}"
                if len(cells) not in (0, len(header)):
                    raise ValueError(f"{where}: {len(cells)} cells under {len(header)} columns; give one for each.")
                if cells:
                    found.append(_source(file, where, dict(zip(header, map(str.strip, cells), strict=True))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{file} is not a CSV file in UTF-8 ({error}); save it as one.") from None
    paths = [source.path for source in found]
    if not paths or len(set(paths)) < len(paths):
        raise ValueError(f"{file} names {'a video twice' if paths else 'no video'}; give each one row.")
    return tuple(found)


def _source(file: Path, where: str, cells: dict[str, str]) -> Source:
    video, boxes, camid, fps = (cells.get(name, "") for name in ("video", "boxes", "camid", "fps"))
    if not video or "\0" in video + boxes:
        raise ValueError(f"{where}: video is {video!r}; give a file or a folder of frames.")
    if camid and not re.fullmatch(r"[0-9]{1,9}", camid):
        raise ValueError(f"{where}: camid is {camid[:40]!r}; give a whole number of 0 or more, or nothing.")
    try:
        return Source(
            path=file.parent / video,
            camid=int(camid) if camid else None,
            start=moment(cells["start"]) if cells.get("start") else None,
            fps=float(fps) if fps else None,
            boxes=file.parent / boxes if boxes else None,
        )
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
