"""What a data set's folder must hold."""

from collections.abc import Sequence
from pathlib import Path


def unpacked(root: Path, parts: Sequence[str], *, title: str, source: str) -> None:
    """Check that the folders and files of a data set are there.

    Args:
        root: the folder that the user gave.
        parts: paths below it that must exist.
        title: the data set's name in messages.
        source: where the data set can be had, as it goes on after "get it from".

    Raises:
        FileNotFoundError: if one is missing; the message says where to ask for the data and how to unpack it, or which
            folder to give instead.
    """
    if not root.is_dir():
        raise FileNotFoundError(
            f"{root} is not a folder; give the folder that {title} was unpacked into, or get it from {source}."
        )
    for part in parts:
        if (root / part).exists():
            continue
        inside = sorted(path for path in root.iterdir() if (path / part).exists())
        if inside:
            raise FileNotFoundError(f"No {part} in {root}, but there is one in {inside[0]}: give that folder.")
        raise FileNotFoundError(
            f"No {part} in {root}; get {title} from {source} and unpack it so that {root / part} exists."
        )
