"""Pictures to embed or to search in, from whatever is at hand."""

from pathlib import Path

from passerby.datasets._pictures import pictures
from passerby.datasets._table import table
from passerby.images import ENDINGS
from passerby.types import UNKNOWN, Crop


def crops(source: Path) -> tuple[Crop, ...]:
    """Crops of a folder, of one picture, or of a CSV file.

    Args:
        source: a folder, whose pictures at any depth are taken in the order of their paths, of nobody in particular
            (pid UNKNOWN, no camera), without names that start with a dot; or one picture, likewise; or a CSV file as
            `manifest.load` reads it, whose rows are taken in the order of the file, whatever their split.

    Raises:
        FileNotFoundError: if nothing is there, or a picture that a CSV file names is missing.
        ValueError: if a folder holds no picture, or the file is neither picture nor CSV, or see `manifest.load`.
    """
    source = Path(source)
    ending = source.suffix.lower()
    if source.is_dir():
        files = pictures(source)
        if not files:
            raise ValueError(f"No picture in {source}; files that end in {', '.join(ENDINGS)} are read.")
        return tuple(Crop(file, UNKNOWN) for file in files)
    if not source.exists():
        raise FileNotFoundError(f"Nothing at {source}; give a folder of pictures, one picture, or a CSV file.")
    if ending == ".csv":
        return tuple(row.crop for row in table(source))
    if ending in ENDINGS:
        return (Crop(source, UNKNOWN),)
    raise ValueError(
        f"{source} is no picture; give a folder, a file that ends in {', '.join(ENDINGS)}, or a .csv file."
    )
