"""Market-1501: 1,501 people, 6 cameras (Zheng et al., Scalable Person Re-identification: A Benchmark)."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from passerby.datasets._market_attributes import market_attributes
from passerby.types import Crop, PersonSet

FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
"""Split to folder; `gt_bbox` may lie beside them."""
MULTI_QUERY = "gt_bbox"
"""Hand-drawn boxes of the same people, for pooled queries."""
LABELS = "market_attribute.mat"
"""The labels of Lin et al., Improving Person Re-identification by Attribute and Identity Learning."""
IGNORED = ("Thumbs.db", "desktop.ini", ".DS_Store")
"""What file managers leave in folders."""
FRAMES = 1_000_000
"""Room for the frame numbers of one sequence in `Crop.time`."""

_NAME = re.compile(
    r"(?P<pid>-1|\d{4,9})_c(?P<camid>\d{1,4})s(?P<sequence>\d{1,4})_(?P<frame>\d{6})_\d{2,}"
    r"(\.jpg){1,2}",  # the real set has a 1488_c1s6_023021_00.jpg.jpg
    re.ASCII,
)


def load(root: Path) -> PersonSet:
    """Market-1501, or a set in its layout, as it lies in a folder. Nothing is dropped.

    A name such as `0002_c1s1_000451_03.jpg` gives pid 2, camid 1, and as time sequence x FRAMES + frame = 1000451:
    within a sequence a difference of times is a number of frames, and over sequences of one camera only the order
    means something. A pid of -1 is junk and 0000 a distractor; `gt_bbox`, where it is there, becomes `multi_query`,
    with the boxes of training people that it holds. `market_attribute.mat` in the folder becomes `attributes`, with the
    codes as they stand there (1 or 2, age 1 .. 4). Files in IGNORED and those whose names start with `._` are passed
    over.

    Args:
        root: the folder that holds the three folders of FOLDERS.

    Raises:
        FileNotFoundError: if a folder is missing.
        ValueError: if a folder is empty, a file in it has another name than the form above, or the labels cannot be
            read.
    """
    root = Path(root)
    for folder in FOLDERS.values():
        if not (root / folder).is_dir():
            raise FileNotFoundError(f"No {folder} in {root}{_advice(root, folder)}")
    return PersonSet(
        name="market1501",
        train=_crops(root / FOLDERS["train"]),
        query=_crops(root / FOLDERS["query"]),
        gallery=_crops(root / FOLDERS["gallery"]),
        multi_query=_crops(root / MULTI_QUERY) if (root / MULTI_QUERY).is_dir() else (),
        attributes=_attributes(root / LABELS),
    )


def _advice(root: Path, folder: str) -> str:
    if not root.is_dir():
        return f": {root} is not a folder. Give the folder that Market-1501 was unpacked into."
    inside = sorted(path for path in root.iterdir() if (path / folder).is_dir())
    if inside:
        return f", but there is one in {inside[0]}: give that folder."
    return f"; unpack Market-1501 so that {root / folder} exists."


def _crops(folder: Path) -> tuple[Crop, ...]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    crops = tuple(_crop(folder, name) for name in names if name not in IGNORED and not name.startswith("._"))
    if not crops:
        raise ValueError(f"{folder} is empty; unpack Market-1501 again.")
    return crops


def _crop(folder: Path, name: str) -> Crop:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(
            f"{folder / name} is not named as in Market-1501: pid_c<camera>s<sequence>_<frame>_<box>.jpg, "
            "such as 0002_c1s1_000451_03.jpg; move it away or rename it."
        )
    time = int(found["sequence"]) * FRAMES + int(found["frame"])
    return Crop(folder / name, int(found["pid"]), int(found["camid"]), float(time))


def _attributes(file: Path) -> Mapping[int, Mapping[str, int]]:
    return market_attributes(file) if file.is_file() else {}
