"""Boxes in COCO's JSON form."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from passerby.frames.boxes import Boxes, gathered

MAX_BYTES = 128 * 2**20
"""What a file may take."""
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
        ValueError: if it is of another form, or too large, or no image is a frame, or see `boxes.gathered`.
    """
    if not file.is_file():
        raise FileNotFoundError(f"No file {file}; give a COCO .json.")
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file} has {file.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read: split it.")
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is not JSON in UTF-8 ({error}).") from None
    if not isinstance(told, dict) or not all(isinstance(told.get(part), list) for part in ("images", "annotations")):
        raise ValueError(f"{file} is no COCO file; it holds lists called images and annotations.")
    frames = _frames(file, told["images"], numbers)
    return gathered(file, _rows(file, told["annotations"], frames, _people(file, told.get("categories"))))


def _frames(file: Path, images: list[Any], numbers: Mapping[str, int]) -> dict[Any, int | None]:
    """Number of the frame of each image id; None where it is none of ours."""
    frames: dict[Any, int | None] = {}
    for place, image in enumerate(images):
        name = image.get("file_name") if isinstance(image, dict) else None
        key = image.get("id") if isinstance(image, dict) else None
        if not isinstance(name, str) or not isinstance(key, int | str):
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


def _people(file: Path, categories: object) -> set[Any]:
    if not isinstance(categories, list):
        return {1}
    if not all(isinstance(one, dict) and isinstance(one.get("id"), int | str) for one in categories):
        raise ValueError(f"{file}: a category has an id and a name.")
    named = {one["id"]: str(one.get("name", "")).lower() for one in categories}
    found = {key for key, name in named.items() if name in PEOPLE}
    if not found:
        raise ValueError(f"{file} has the categories {', '.join(named.values())[:100]}; one must be called person.")
    return found


def _rows(
    file: Path, annotations: list[Any], frames: Mapping[Any, int | None], people: set[Any]
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
