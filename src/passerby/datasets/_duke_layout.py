"""DukeMTMC-reID's folders and names, which Occluded-Duke has taken over."""

import re
from functools import partial
from pathlib import Path

from passerby.datasets._label_file import label_file
from passerby.datasets._market_layout import splits
from passerby.types import Crop, PersonSet

LABELS = "duke_attribute.mat"
"""The labels of Lin et al., Improving Person Re-identification by Attribute and Identity Learning."""

_NAME = re.compile(r"(?P<pid>-1|\d{4,9})_c(?P<camid>\d{1,4})_f(?P<frame>\d{7,9})\.jpg", re.ASCII)


def duke(root: Path, *, name: str, title: str, source: str) -> PersonSet:
    """A set in DukeMTMC-reID's layout, with its labels where `duke_attribute.mat` lies there.

    Args:
        root: the folder that holds `bounding_box_train`, `query` and `bounding_box_test`.
        name: what the set will be called.
        title: the data set's name in messages.
        source: where the data set can be had, as it goes on after "get it from".

    Raises:
        FileNotFoundError: if a folder is missing.
        ValueError: if a folder is empty, a file in it has another name than the form above, or the labels cannot be
            read.
    """
    labels = root / LABELS
    found = splits(root, partial(_crop, title), title=title, source=source)
    return PersonSet(
        name=name,
        train=found["train"],
        query=found["query"],
        gallery=found["gallery"],
        attributes=label_file(labels, "duke_attribute", title=title) if labels.is_file() else {},
    )


def _crop(title: str, folder: Path, name: str) -> Crop:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(
            f"{folder / name} is not named as in {title}: pid_c<camera>_f<frame>.jpg, "
            "such as 0001_c2_f0046182.jpg; move it away or rename it."
        )
    return Crop(folder / name, int(found["pid"]), int(found["camid"]), float(found["frame"]))
