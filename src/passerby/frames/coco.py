"""Boxes in COCO's JSON form."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from passerby.frames.boxes import Boxes, gathered
from passerby.frames.json_entries import json_entries

MAX_BYTES = 128 * 2**20
"""What a file may take: it is read twice."""
MOST_IMAGES = 1_000_000
"""Images that a file may name."""
MOST_CATEGORIES = 10_000
"""Categories that it may have."""
LONGEST_ID = 1000
"""Characters of an image's id."""
PEOPLE = ("person", "pedestrian", "people")
"""Names of categories that are people, in lower case."""
TRACKS = ("track_id", "instance_id", "trackid")
"""Keys of an annotation that may say who it is."""


def coco(file: Path, numbers: Mapping[str, int]) -> Boxes:
    """Boxes of a COCO file.

    `images` have an id and a file_name, `annotations` an image_id, a category_id and a bbox (x, y, w, h), maybe a score
    and one of TRACKS, where -1 is one that nobody knows. Of the categories those called as in PEOPLE are taken; without
    names, category 1. An image that is no frame of the footage is passed over with its boxes.

    Args:
        file: the .json file.
        numbers: number of the frame of each file name, for a folder of frames; empty for a video, whose frames are
            numbered from 1 on by the last digits of the names, as in frame_000001.jpg.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of another form, too large, names more than MOST_IMAGES, or no image is a frame, or see
            `boxes.gathered`.
    """
    if not file.is_file():
        raise FileNotFoundError(f"No file {file}; give a COCO .json.")
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file} has {file.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read: split it.")
    categories: list[Any] = []
    frames = _frames(file, _images(file, categories), numbers)
    people = _people(file, categories)
    annotations = (entry for _, entry in json_entries(file, ["annotations"]))
    return gathered(file, _rows(file, annotations, frames, people))


def _images(file: Path, categories: list[Any]) -> Iterator[Any]:
    """The images; categories are put into the list that is given, and annotations must be there."""
    for name, entry in json_entries(file, ["images", "annotations"], maybe=["categories"]):
        if name == "images":
            yield entry
        elif name == "categories":
            if len(categories) >= MOST_CATEGORIES:
                raise ValueError(f"{file} has more than {MOST_CATEGORIES:,} categories; leave out what is no person.")
            categories.append(entry)


def _frames(file: Path, images: Iterable[Any], numbers: Mapping[str, int]) -> dict[Any, int | None]:
    """Number of the frame of each image id; None where it is none of ours."""
    frames: dict[Any, int | None] = {}
    for place, image in enumerate(images):
        if place >= MOST_IMAGES:
            raise ValueError(f"{file} names more than {MOST_IMAGES:,} images; split it.")
        name = image.get("file_name") if isinstance(image, dict) else None
        key = image.get("id") if isinstance(image, dict) else None
        if not isinstance(name, str) or not isinstance(key, int | str) or len(str(key)) > LONGEST_ID:
            raise ValueError(f"{file}, image {place}: an image has an id and a file_name.")
        if numbers:
            frames[key] = numbers.get(name, numbers.get(PurePosixPath(name).name))
        else:
            digits = re.search(r"([0-9]{1,9})$", PurePosixPath(name).stem)
            if digits is None:
                raise ValueError(f"{file}, image {place}: {name[:60]!r} does not end in the number of a frame.")
            frames[key] = int(digits[1])
    if all(number is None for number in frames.values()):
        raise ValueError(f"{file} names none of the frames; its file_name must be those of the folder's pictures.")
    return frames


def _people(file: Path, categories: list[Any]) -> set[Any]:
    if not categories:
        return {1}
    if not all(isinstance(one, dict) and isinstance(one.get("id"), int | str) for one in categories):
        raise ValueError(f"{file}: a category has an id and a name.")
    named = {one["id"]: str(one.get("name", "")).lower() for one in categories}
    found = {key for key, name in named.items() if name in PEOPLE}
    if not found:
        raise ValueError(f"{file} has the categories {', '.join(named.values())[:100]}; one must be called person.")
    return found


def _rows(
    file: Path, annotations: Iterable[Any], frames: Mapping[Any, int | None], people: set[Any]
) -> Iterator[tuple[str, int, float, float, float, float, float, int | None] | None]:
    for place, one in enumerate(annotations):
        where = f"{file}, annotation {place}"
        box = one.get("bbox") if isinstance(one, dict) else None
        if not isinstance(box, list) or len(box) != 4 or not all(_number(side) for side in (*box, one.get("score", 1))):
            raise ValueError(f"{where}: an annotation has a bbox of four numbers, and a score is a number.")
        key = one.get("image_id")
        if not isinstance(key, int | str) or key not in frames:
            raise ValueError(f"{where}: image_id {str(key)[:40]!r} is no image of the file.")
        who = next((one[name] for name in TRACKS if one.get(name) is not None), None)
        if who is not None and (not isinstance(who, int) or isinstance(who, bool)):
            raise ValueError(f"{where}: the track is {str(who)[:40]!r}; give a whole number.")
        category = one.get("category_id", 1)
        if isinstance(category, list | dict):
            raise ValueError(f"{where}: the category is {str(category)[:40]!r}; give its id.")
        frame = frames[key]
        if frame is None or category not in people or one.get("iscrowd"):
            yield None
        else:
            yield (where, frame, *(float(side) for side in box), float(one.get("score", 1)), None if who == -1 else who)  # type: ignore[misc]


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
