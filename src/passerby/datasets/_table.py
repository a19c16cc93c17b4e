"""A CSV file of own pictures."""

import csv
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO, TypeVar

from passerby.check_time import check_time
from passerby.types import UNKNOWN, Crop

COLUMNS = ("path", "pid", "camid", "time", "trackid", "split")
"""Columns that a file may have, in any order; `path` and `pid` are in each."""
SPLITS = ("train", "query", "gallery")
"""What the column `split` may say."""
LARGEST = 2**31 - 1
"""Largest pid, camid and trackid."""
MAX_BYTES = 256 * 2**20
"""What a file may take: room for some four million pictures."""
MAX_ROW = 2**18
"""Characters that one row may take, over all its lines."""

T = TypeVar("T")


class Row(NamedTuple):
    """One row: its crop, its split (None where there is no such column), and the line it ends on."""

    crop: Crop
    split: str | None
    line: int


def table(file: Path) -> tuple[Row, ...]:
    """Rows of a CSV file with a header, in UTF-8, in the order of the file.

    Args:
        file: its columns are some of COLUMNS. `path` is relative to the folder of the file, or absolute; it may lead
            out of that folder, and may not be empty. `pid` is 1 or more, 0 for a distractor, -1 for junk, -2 where
            nobody knows. `camid` is 0 or more, `time` any number that as seconds since 1970 is of the years 1 .. 9999,
            and `trackid`, which frames of one tracklet share, 0 or more; an empty cell is one that is not known.
            `split` is one of SPLITS.

    Raises:
        FileNotFoundError: if the file, or a picture that it names, is missing.
        ValueError: if the header or a row is not as above, a picture stands twice in one split, or there is no row; the
            message names the line. Or if the file has more than MAX_BYTES, or a row more than MAX_ROW characters.
    """
    if not file.is_file():
        raise FileNotFoundError(f"No file {file}; check the path.")
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(
            f"{file} has {size} bytes; at most {MAX_BYTES} are read: give shorter paths or fewer pictures."
        )
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = tuple(_once(file, _rows(file, stream)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{file} is not a CSV file in UTF-8 ({error}); save it as one.") from None
    if not rows:
        raise ValueError(f"{file} has a header and no row; give one row for each picture.")
    return rows


def _once(file: Path, rows: Iterator[Row]) -> Iterator[Row]:
    seen: dict[tuple[Path, str | None], int] = {}
    for row in rows:
        first = seen.setdefault((row.crop.path, row.split), row.line)
        if first != row.line:
            raise ValueError(f"{file}, line {row.line}: {row.crop.path} stands on line {first} already; remove one.")
        yield row


def _rows(file: Path, stream: TextIO) -> Iterator[Row]:
    taken = 0  # characters since the last whole row: a quoted cell may hold ends of lines

    def text() -> Iterator[str]:
        nonlocal taken
        for line in iter(partial(stream.readline, MAX_ROW + 1), ""):
            taken += len(line)
            if taken > MAX_ROW:
                where = f"{file}, line {lines.line_num + 1}"
                raise ValueError(f"{where}: a row has more than {MAX_ROW} characters; give each picture its own row.")
            yield line

    lines = csv.reader(text(), strict=True)
    header = [name.strip() for name in next(lines, [])]
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in ("path", "pid") if name not in header]
    if unknown or missing or len(set(header)) < len(header):
        raise ValueError(
            f"{file} has the columns {', '.join(map(repr, header))[:200]}; the first line names path, pid and, where "
            "there are any, camid, time, trackid, split, each once, with commas between."
        )
    taken = 0
    for cells in lines:
        taken = 0
        if not cells:
            continue
        where = f"{file}, line {lines.line_num}"
        if len(cells) != len(header):
            raise ValueError(f"{where}: {len(cells)} cells under {len(header)} columns; give one for each.")
        yield _row(file, where, dict(zip(header, map(str.strip, cells), strict=True)), lines.line_num)


def _row(file: Path, where: str, cells: Mapping[str, str], line: int) -> Row:
    if not cells["path"] or "\0" in cells["path"]:
        raise ValueError(f"{where}: path is {cells['path']!r}; give the file of a picture.")
    path = file.parent / cells["path"]
    if not os.path.isfile(path):  # unlike Path's, it takes a name that is too long as a file that is not there
        raise FileNotFoundError(f"{where}: no picture at {path}; paths are relative to {file.parent}.")
    pid = _cell(
        where, cells, "pid", lambda text: _integer(text, UNKNOWN), "-2 (not known), -1 (junk), 0 (distractor) or more"
    )
    if pid is None:
        raise ValueError(f"{where}: pid is empty; give -2 where nobody knows the person.")
    camid = _cell(where, cells, "camid", lambda text: _integer(text, 0), "a whole number of 0 or more, or nothing")
    time = _cell(where, cells, "time", _number, "a number, or nothing")
    if time is not None:
        check_time(f"{where}: time", time)
    trackid = _cell(where, cells, "trackid", lambda text: _integer(text, 0), "a whole number of 0 or more, or nothing")
    split = cells.get("split")
    if split is not None and split not in SPLITS:
        raise ValueError(f"{where}: split is {split!r}; give one of {', '.join(SPLITS)}.")
    return Row(Crop(path, pid, camid, time, trackid), split, line)


def _cell(where: str, cells: Mapping[str, str], name: str, read: Callable[[str], T], accepted: str) -> T | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        return read(text)
    except ValueError:
        raise ValueError(f"{where}: {name} is {text[:40]!r}; give {accepted}.") from None


def _integer(text: str, least: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,10}", text) or not least <= int(text) <= LARGEST:
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)
