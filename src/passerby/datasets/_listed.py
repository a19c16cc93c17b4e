"""Lists that come with a data set: of lines, of indices, of pictures."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from passerby.datasets._matlab import Value

MAX_BYTES = 64 * 2**20
"""What a text file may take; the longest of the real ones, MARS's, has 14 MB."""


def lines(file: Path) -> list[str]:
    """Lines of a text file without the space around them, empty ones left out.

    Raises:
        ValueError: if it holds nothing, has more than MAX_BYTES, or is not UTF-8.
    """
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{file} has {size} bytes; at most {MAX_BYTES} are read.")
    try:
        found = [line for line in map(str.strip, file.read_text(encoding="utf-8-sig").splitlines()) if line]
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not text in UTF-8 ({error}); unpack it again.") from None
    if not found:
        raise ValueError(f"{file} is empty; unpack it again.")
    return found


def integers(file: Path, name: str, value: Value | None) -> list[int]:
    """The whole numbers of a variable, column by column.

    Raises:
        ValueError: if it is missing or holds anything else.
    """
    whole = isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and np.isfinite(value).all()
    if not isinstance(value, np.ndarray) or not whole or not np.array_equal(value, np.round(value)):
        raise ValueError(f"{file} has no {name} of whole numbers; download it again.")
    return [int(number) for number in value.ravel(order="F")]


def indices(file: Path, name: str, value: Value | None, number: int) -> list[int]:
    """Indices from 0 of a variable that counts from 1, as MATLAB does.

    Args:
        file: where the variable stands, for messages.
        name: what it is called.
        value: the variable.
        number: how many things there are to point at.

    Raises:
        ValueError: if it is missing, is not of whole numbers in 1 .. number, or names one twice.
    """
    found = integers(file, name, value)
    outside = [index for index in found if not 1 <= index <= number]
    if outside:
        hint = "; was it saved counting from 0?" if 0 in outside else ""
        raise ValueError(f"{file}: {name} holds {outside[0]}; indices count from 1 to {number}{hint}")
    twice, times = Counter(found).most_common(1)[0] if found else (0, 0)
    if times > 1:
        raise ValueError(f"{file}: {name} holds {twice} twice; an index stands there once. Download the file again.")
    return [index - 1 for index in found]


def check_present(root: Path, names: Sequence[str], *, listed: str, title: str) -> None:
    """Check that pictures are there, by one look into each folder.

    Args:
        root: the folder that the names are relative to.
        names: `picture` or `folder/picture`.
        listed: which list names them, for messages.
        title: the data set's name in messages.

    Raises:
        FileNotFoundError: if one is not there.
    """
    folders: dict[str, set[str]] = {}
    for name in names:
        folder, _, picture = name.rpartition("/")
        folders.setdefault(folder, set()).add(picture)
    for folder, wanted in folders.items():
        missing = wanted - files_in(root / folder)
        if missing:
            raise FileNotFoundError(
                f"{len(missing)} of {len(wanted)} pictures in {root / folder} that {listed} names are not there "
                f"({min(missing)}); unpack {title} again."
            )


def files_in(folder: Path) -> set[str]:
    """Names in a folder; none where there is no such folder."""
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()
