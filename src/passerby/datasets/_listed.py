"""Lists that come with a data set: of lines, of indices, of pictures."""

import gc
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set, Sized
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from passerby.datasets._matlab import Value

MAX_BYTES = 64 * 2**20
"""What a text file may take; the longest of the real ones, MARS's, has 14 MB."""


def lines(file: Path) -> Iterator[str]:
    """Lines of a text file, one after another, without the space around them; empty ones are left out.

    Raises:
        ValueError: if it holds nothing, has more than MAX_BYTES, or is not UTF-8.
    """
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{file} has {size} bytes; at most {MAX_BYTES} are read.")
    try:
        with file.open(encoding="utf-8-sig") as stream:
            empty = True
            for line in filter(None, map(str.strip, stream)):
                empty = False
                yield line
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not text in UTF-8 ({error}); unpack it again.") from None
    if empty:
        raise ValueError(f"{file} is empty; unpack it again.")


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


def check_present(root: Path, names: Sequence[str], *, listed: str, title: str, advice: str = "") -> None:
    """Check that pictures are there, by one look into each folder.

    Args:
        root: the folder that the names are relative to.
        names: `picture` or `folder/picture`.
        listed: which list names them, for messages.
        title: the data set's name in messages.
        advice: what to do where one is not there; "" for to unpack the data set again.

    Raises:
        FileNotFoundError: if one is not there; the message counts those of the first folder, and all.
    """
    folders: dict[str, set[str]] = {}
    for name in names:
        folder, _, picture = name.rpartition("/")
        folders.setdefault(folder, set()).add(picture)
    missing = {folder: wanted - files_in(root / folder) for folder, wanted in folders.items()}
    _refuse(root, folders, missing, f"{listed} names", advice or f"unpack {title} again")


def paths_in(
    root: Path, folders: Mapping[str, Sequence[str]], *, listed: str, title: str
) -> dict[str, dict[str, Path]]:
    """Paths of pictures by folder and name, by one look into each folder; much faster than joining each path.

    Args:
        root: where the folders lie.
        folders: folder to the names that must be there.
        listed: which list names them, for messages.
        title: the data set's name in messages.

    Raises:
        FileNotFoundError: if one is not there; the message counts those of the first folder, and all.
        ValueError: if one stands twice among the names.
    """
    found: dict[str, dict[str, Path]] = {}
    missing: dict[str, Set[str]] = {}
    for folder, wanted in folders.items():
        names = set(wanted)
        if len(names) < len(wanted):
            twice = Counter(wanted).most_common(1)[0][0]
            raise ValueError(
                f"{listed}: {twice} stands there twice; a picture stands there once. Unpack {title} again."
            )
        try:
            found[folder] = {path.name: path for path in (root / folder).iterdir()}
        except (FileNotFoundError, NotADirectoryError):
            found[folder] = {}
        missing[folder] = names - found[folder].keys()
    _refuse(root, folders, missing, f"{listed} names", f"unpack {title} again")
    return found


def _refuse(
    root: Path, folders: Mapping[str, Sized], missing: Mapping[str, Set[str]], listed: str, advice: str
) -> None:
    """Refuse a list of which pictures are missing, by folder."""
    lacking = [folder for folder, names in missing.items() if names]
    if not lacking:
        return
    first = lacking[0]
    here = f"{len(missing[first])} of {len(folders[first])} pictures in {root / first}"
    lost, whole = (sum(map(len, counted.values())) for counted in (missing, folders))
    more = f", and {lost} of {whole} in all {len(folders)} folders" if len(folders) > 1 else ""
    raise FileNotFoundError(f"{here} that {listed} are not there ({min(missing[first])}){more}; {advice}.")


@contextmanager
def without_collection() -> Iterator[None]:
    """Python looks for no garbage meanwhile: where a million values are made and all stay, that takes half the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def files_in(folder: Path) -> set[str]:
    """Names in a folder; none where there is no such folder."""
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()
