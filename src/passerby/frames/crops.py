"""Pictures of people that are cut out already."""

import re
from pathlib import Path
from typing import NamedTuple

from passerby.datasets import folder, market1501
from passerby.types import UNKNOWN, Crop

CAMERA = re.compile(r"(?:c|cam|camera)[ _-]?([0-9]{1,9})", re.ASCII | re.IGNORECASE)
"""A folder, or a video without its ending, that is called after its camera: c1, cam_2, camera-3."""
_MARKET = re.compile(r"(-1|\d{4,9})_c(\d{1,4})s(\d{1,4})_(\d{6})_\d{2,}(\.jpg){1,2}", re.ASCII)


class Cut(NamedTuple):
    """Crops, whether their times are numbers of frames rather than seconds, and those not named as the others are."""

    crops: tuple[Crop, ...]
    counted: bool
    unnamed: tuple[Path, ...] = ()


def camera_of(path: Path) -> int | None:
    """The camera that a folder or file, or else its folder, is called after; None for none."""
    for name in (path.name if path.is_dir() else path.stem, path.absolute().parent.name):
        found = CAMERA.fullmatch(name)
        if found is not None:
            return int(found[1])
    return None


def crops(source: Path) -> Cut:
    """Crops of a folder, of one picture, or of a CSV file, with what their places say of them.

    - The folder of a set in Market-1501's layout: its query and its gallery, with cameras, people, and numbers of
      frames for times.
    - A picture in any other folder that is named as in Market-1501: likewise; where some are and some are not, those
      that are not are `unnamed`.
    - Any other picture in folders that are called after cameras (CAMERA): those are the cameras.
    - One picture, or a CSV file: as `datasets.folder.crops`.

    Args:
        source: where they lie.

    Raises:
        FileNotFoundError: if nothing is there.
        ValueError: see `datasets.folder.crops` and `datasets.market1501.load`.
    """
    if (source / "bounding_box_test").is_dir():
        people = market1501.load(source)
        return Cut((*people.query, *people.gallery), counted=True)
    found = folder.crops(source)
    if not source.is_dir():
        return Cut(found, counted=False)
    named = [_MARKET.fullmatch(crop.path.name) for crop in found]
    read = tuple(
        _market(crop, name) if name else Crop(crop.path, UNKNOWN, _within(source, crop.path))
        for crop, name in zip(found, named, strict=True)
    )
    if not any(named):
        return Cut(read, counted=False)
    return Cut(read, True, tuple(crop.path for crop, name in zip(found, named, strict=True) if not name))


def _within(source: Path, path: Path) -> int | None:
    """The camera that the nearest folder from a picture up to its source is called after."""
    places = path.relative_to(source).parents
    for name in (*(place.name for place in places), source.absolute().name):
        found = CAMERA.fullmatch(name)
        if found is not None:
            return int(found[1])
    return None


def _market(crop: Crop, name: re.Match[str]) -> Crop:
    pid, camid, sequence, frame = (int(name[part]) for part in (1, 2, 3, 4))
    return Crop(crop.path, pid, camid, float(sequence * market1501.FRAMES + frame))
