"""A folder that can be written to, found out before minutes of work."""

from pathlib import Path
from tempfile import TemporaryFile


def writable(folder: Path) -> Path:
    """The folder, made where it is not there.

    Args:
        folder: which.

    Raises:
        OSError: if it cannot be made, or nothing can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"Nothing can be written into {folder} ({error.strerror}); give another folder.") from None
    return folder
