"""Where a picture or a video lies."""

from pathlib import Path


def place(path: Path) -> Path:
    """A file's whole path, which is the same however somebody spells its folder.

    Links to folders are followed and `..` is taken out. A file that is a link itself keeps its own name, since that,
    and not the name of what it points at, is what its owner knows.

    Args:
        path: the file.
    """
    return path.parent.resolve() / path.name
