"""Occluded-Duke: 1,812 people, 8 cameras (Miao et al., Pose-Guided Feature Alignment for Occluded Person ...)."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from passerby.datasets._duke_layout import duke
from passerby.types import PersonSet

TITLE = "Occluded-Duke"
"""What messages call it."""
SOURCE = (
    "https://github.com/lightas/Occluded-DukeMTMC-Dataset (lists and a script, which want the pictures of "
    "DukeMTMC-reID; its authors withdrew those in 2019, and research groups hold copies)"
)
"""Where it can be had."""
OFFICIAL: Mapping[str, Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"": {"train": (15_618, 702), "query": (2_210, 519), "gallery": (17_661, 1_110)}}
)
"""Version to split to pictures and people of the whole set."""


def load(root: Path) -> PersonSet:
    """Occluded-Duke as it lies in a folder: pictures of DukeMTMC-reID, split so that all queries are occluded.

    Layout, names and labels are those of DukeMTMC-reID; see `dukemtmc.load`. Nothing is dropped.

    Args:
        root: the folder that holds `bounding_box_train`, `query` and `bounding_box_test`.

    Raises:
        FileNotFoundError: if a folder is missing.
        ValueError: if a folder is empty, a file in it has another name than those of DukeMTMC-reID, or the labels
            cannot be read.
    """
    return duke(Path(root), name="occluded_duke", title=TITLE, source=SOURCE)
