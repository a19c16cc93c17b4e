"""The folders of Market-1501, which other data sets have taken over."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from passerby.datasets._unpacked import unpacked
from passerby.types import Crop

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
"""Split to folder."""
IGNORED = ("Thumbs.db", "desktop.ini", ".DS_Store")
"""What file managers leave in folders; files whose names start with `._` are passed over too."""

Read = Callable[[Path, str], Crop]
"""`read(folder, name)` gives the crop of a file, or raises ValueError for a name of another form."""


def splits(root: Path, read: Read, *, title: str, source: str) -> Mapping[str, tuple[Crop, ...]]:
    """Crops of train, query and gallery, each sorted by file name.

    Args:
        root: the folder that holds the three folders of FOLDERS.
        read: see `Read`.
        title: the data set's name in messages.
        source: where the data set can be had, as it goes on after "get it from".

    Raises:
        FileNotFoundError: if a folder is missing; see `unpacked`.
        ValueError: if a folder is empty, or a file in it has another name than the data set's.
    """
    unpacked(root, tuple(FOLDERS.values()), title=title, source=source)
    return {split: crops(root / folder, read, title=title) for split, folder in FOLDERS.items()}


def crops(folder: Path, read: Read, *, title: str) -> tuple[Crop, ...]:
    """Crops of one folder; arguments and errors as those of `splits`."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file; {title} has a folder there. Unpack it again.")
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    found = tuple(read(folder, name) for name in names if name not in IGNORED and not name.startswith("._"))
    if not found:
        raise ValueError(f"{folder} is empty; unpack {title} again.")
    return found
