"""The picture files below a folder."""

import os
from pathlib import Path

from passerby.images import ENDINGS

FOREIGN = (".avif", ".gif", ".heic", ".heif", ".jfif", ".tif", ".tiff")
"""Pictures that are refused rather than passed over."""
SHOWN = 5
"""Of these, how many the error names."""


def pictures(folder: Path, *, deep: bool = True) -> list[Path]:
    """Files in a folder whose ending is in `images.ENDINGS`, in any case, sorted by path.

    Names that start with a dot and files with other endings are passed over; links to folders are not followed.

    Args:
        folder: where to look.
        deep: False to look into the folder alone and refuse folders in it.

    Raises:
        ValueError: if there is a picture with an ending in FOREIGN, or a folder where there must be none.
    """
    found, foreign = [], []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if folders and not deep:
            raise ValueError(f"{Path(place) / folders[0]} lies one level too deep; put its pictures into {place}.")
        for name in files:
            file = Path(place) / name
            if name.startswith("."):
                continue
            if file.suffix.lower() in FOREIGN:
                foreign.append(file)
            elif file.suffix.lower() in ENDINGS:
                found.append(file)
    if foreign:
        named = ", ".join(map(str, sorted(foreign)[:SHOWN]))
        more = f" and {len(foreign) - SHOWN:,} more" if len(foreign) > SHOWN else ""
        them = "it" if len(foreign) == 1 else "them"
        raise ValueError(
            f"{named}{more} cannot be read; accepted are {', '.join(ENDINGS)}: convert {them} or move {them} away."
        )
    return sorted(found)
