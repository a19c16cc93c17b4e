"""Market-1501: 1,501 people, 6 cameras (Zheng et al., Scalable Person Re-identification: A Benchmark)."""

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from passerby.datasets._label_file import label_file
from passerby.datasets._market_layout import IGNORED, crops, splits
from passerby.types import DISTRACTOR, Crop, PersonSet

TITLE = "Market-1501"
"""What messages call it."""
SOURCE = "https://zheng-lab-anu.github.io/Project/project_reid.html (the authors' page, by Liang Zheng)"
"""Where it can be had."""
OFFICIAL: Mapping[str, Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "": {
            "train": (12_936, 751),
            "query": (3_368, 750),
            "gallery": (19_732, 750),
            "multi_query": (25_259, 1_501),
            "distractors": (500_000, 0),
        }
    }
)
"""Version to split to pictures and people of the whole set."""
MULTI_QUERY = "gt_bbox"
"""Hand-drawn boxes of the same people, for pooled queries."""
DISTRACTORS = ("distractors_500k", "distractors", "images")
"""Folders of further pictures of nobody: the archive and what others made of it use different names."""
VAGUE = "images"
"""The one of DISTRACTORS that may be something else: it is taken for them only if it holds nothing but pictures."""
LABELS = "market_attribute.mat"
"""The labels of Lin et al., Improving Person Re-identification by Attribute and Identity Learning."""
FRAMES = 1_000_000
"""Room for the frame numbers of one sequence in `Crop.time`."""

_NAME = re.compile(
    r"(?P<pid>-1|\d{4,9})_c(?P<camid>\d{1,4})s(?P<sequence>\d{1,4})_(?P<frame>\d{6})_\d{2,}"
    r"(\.jpg){1,2}",  # the real set has a 1488_c1s6_023021_00.jpg.jpg
    re.ASCII,
)
_CAMERA = re.compile(r"_c(\d{1,4})", re.ASCII)
_ENDINGS = (".jpg", ".png")


def load(root: Path) -> PersonSet:
    """Market-1501, or a set in its layout, as it lies in a folder. Nothing is dropped.

    A name such as `0002_c1s1_000451_03.jpg` gives pid 2, camid 1, and as time sequence x FRAMES + frame = 1000451:
    within a sequence a difference of times is a number of frames, and over sequences of one camera only the order
    means something. A pid of -1 is junk and 0000 a distractor; `gt_bbox`, where it is there, becomes `multi_query`,
    with the boxes of training people that it holds. The first folder of DISTRACTORS that is there becomes
    `distractors`, whatever its pictures are called, in the order of their names; `_c<camera>` in a name gives the
    camera, where it is there. A folder called VAGUE that is empty or holds anything else than pictures, a folder or a
    text, is not taken for distractors, and a warning says so. `market_attribute.mat` in the folder becomes
    `attributes`, with the codes as they stand there (1 or 2, age 1 .. 4). What file managers leave in folders is passed
    over.

    Args:
        root: the folder that holds `bounding_box_train`, `query` and `bounding_box_test`.

    Raises:
        FileNotFoundError: if a folder is missing.
        ValueError: if a folder is empty, a file in it has another name than the form above or, among the distractors,
            is no picture, or the labels cannot be read.

    Warns:
        UserWarning: if a folder called VAGUE is not taken for distractors.
    """
    root = Path(root)
    multi_query, labels = root / MULTI_QUERY, root / LABELS
    found = splits(root, _crop, title=TITLE, source=SOURCE)
    further = [root / folder for folder in DISTRACTORS if (root / folder).is_dir()]
    if further and further[0].name == VAGUE and (why := _why_vague(further[0])):
        told = f"{further[0]} {why} and is not read as the distractors of {TITLE}; if it is, call it {DISTRACTORS[1]}."
        warnings.warn(told, stacklevel=2)
        further = []
    return PersonSet(
        name="market1501",
        train=found["train"],
        query=found["query"],
        gallery=found["gallery"],
        multi_query=crops(multi_query, _crop, title=TITLE) if multi_query.is_dir() else (),
        distractors=_distractors(further[0]) if further else (),
        attributes=label_file(labels, "market_attribute", title=TITLE) if labels.is_file() else {},
    )


def _why_vague(folder: Path) -> str:
    """Why a folder is something else than distractors; "" where it is not."""
    with os.scandir(folder) as entries:
        inside = [entry for entry in entries if not _left(entry.name)]
        odd = min((entry.name for entry in inside if not _is_picture(entry.name) or entry.is_dir()), default=None)
    return "is empty" if not inside else "" if odd is None else f"holds {odd}, which is no picture,"


def _left(name: str) -> bool:
    return name.startswith("._") or name in IGNORED


def _is_picture(name: str) -> bool:
    return name.endswith(_ENDINGS) or name.lower().endswith(_ENDINGS)


def _distractors(folder: Path) -> tuple[Crop, ...]:
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):  # half a million: joining each path takes longer
        name = path.name
        if _left(name):
            continue
        if not _is_picture(name):
            raise ValueError(f"{path} is no picture of a distractor, which end in .jpg or .png; move it away.")
        camera = _CAMERA.search(name)
        found.append(Crop(path, DISTRACTOR, int(camera[1]) if camera else None))
    if not found:
        raise ValueError(f"{folder} is empty; unpack the distractors of {TITLE} again, or remove it.")
    return tuple(found)


def _crop(folder: Path, name: str) -> Crop:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(
            f"{folder / name} is not named as in Market-1501: pid_c<camera>s<sequence>_<frame>_<box>.jpg, "
            "such as 0002_c1s1_000451_03.jpg; move it away or rename it."
        )
    time = int(found["sequence"]) * FRAMES + int(found["frame"])
    return Crop(folder / name, int(found["pid"]), int(found["camid"]), float(time))
