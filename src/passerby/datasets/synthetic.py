"""The drawn world: people who never were, in Market-1501's layout."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from passerby.datasets import market1501
from passerby.types import PersonSet

FILE = "synthetic.json"
"""Where a drawn world says what it is."""


def load(root: Path) -> PersonSet:
    """A drawn world, as `passerby synth` writes it. Nothing is dropped.

    Names, junk, distractors, `multi_query` and `attributes` are read as those of Market-1501: of the two label files
    that a world holds, `market_attribute.mat` is used. `version` tells worlds apart: "format 1, seed 0, 751 + 750
    people, 6 cameras, ...".

    Args:
        root: the world's folder.

    Raises:
        FileNotFoundError: if it holds no world, or a folder of it is missing.
        ValueError: if the world is not complete, or its files cannot be read.
    """
    root = Path(root)
    file = root / FILE
    if not file.is_file():
        raise FileNotFoundError(f"No {FILE} in {root}; draw a world there: passerby synth {root}")
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        complete, version = told["complete"], _version(told)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged ({error!r}); draw the world again in an empty folder.") from None
    if complete is not True:
        raise ValueError(
            f"The world in {root} is not complete; run passerby synth again with the same arguments: it draws the rest."
        )
    return replace(market1501.load(root), name="synthetic", version=version)


def _version(told: Mapping[str, object]) -> str:
    size = f"{told['height']}x{told['width']}"
    return (
        f"format {told['format']}, seed {told['seed']}, {told['train_ids']} + {told['test_ids']} people, "
        f"{told['cameras']} cameras, {told['boxes']} boxes, junk {told['junk']:.4g}, "
        f"distractors {told['distractors']:.4g}, gt_bbox {told['hand_share']:.4g}, {size}"
    )
