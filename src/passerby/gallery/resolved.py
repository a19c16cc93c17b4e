"""A path as it is behind its links."""

import errno
from pathlib import Path


def resolved(text: str) -> Path:
    """The whole path, with `~` and links followed; whether something is there is not looked at.

    Args:
        text: as it was given.

    Raises:
        ValueError: if links lead in a circle, or `~` names nobody.
    """
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{text} begins with a ~ that names nobody's folder; give the path without it.") from None
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError(f"{text} is a link that leads back to itself; give another folder.") from None
    return path.resolve()
