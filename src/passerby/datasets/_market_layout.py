"""The folders of Market-1501, which other data sets have taken over."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from passerby.types import Crop

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
"""Split to folder."""
IGNORED = ("Thumbs.db", "desktop.ini", ".DS_Store")
"""What file managers leave in folders; files whose names start with `._` are passed over too."""

Read = Callable[[Path, str], Crop]
"""`read(folder, name)` gives the crop of a file, or raises ValueError for a name of another form."""


def splits(root: Path, read: Read, *, title: str) -> Mapping[str, tuple[Crop, ...]]:
    """Crops of train, query and gallery, each sorted by file name.

    Args:
        root: the folder that holds the three folders of FOLDERS.
        read: see `Read`.
        title: the data set's name in messages.

    Raises:
        FileNotFoundError: if a folder is missing.
        ValueError: if a folder is empty, or a file in it has another name than the data set's.
    """
    for folder in FOLDERS.values():
        if not (root / folder).is_dir():
            raise FileNotFoundError(f"No {folder} in {root}{_advice(root, folder, title)}")
    return {split: crops(root / folder, read, title=title) for split, folder in FOLDERS.items()}


def crops(folder: Path, read: Read, *, title: str) -> tuple[Crop, ...]:
    """Crops of one folder; arguments and errors as those of `splits`."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    found = tuple(read(folder, name) for name in names if name not in IGNORED and not name.startswith("._"))
    if not found:
        raise ValueError(f"{folder} is empty; unpack {title} again.")
    return found


def _advice(root: Path, folder: str, title: str) -> str:
    if not root.is_dir():
        return f": {root} is not a folder. Give the folder that {title} was unpacked into."
    inside = sorted(path for path in root.iterdir() if (path / folder).is_dir())
    if inside:
        return f", but there is one in {inside[0]}: give that folder."
    return f"; unpack {title} so that {root / folder} exists."
