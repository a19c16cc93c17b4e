"""Where each thing stands in a list of crops."""

import os
from collections.abc import Hashable, Iterable

from passerby.types import Crop


def rows(keys: Iterable[Hashable]) -> dict[Hashable, list[int]]:
    """Rows of each key, ascending."""
    found: dict[Hashable, list[int]] = {}
    for row, key in enumerate(keys):
        found.setdefault(key, []).append(row)
    return found


def picture(crop: Crop) -> Hashable:
    """What makes two crops the same picture: file and box."""
    name = os.fspath(crop.path)
    return name if crop.box is None else (name, crop.box)
