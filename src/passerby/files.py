"""Files that are either whole or not there."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile


def writable(folder: Path) -> None:
    """Find out before minutes of work that a folder can be written into, or made where it is not there; make nothing.

    Args:
        folder: which.

    Raises:
        OSError: if it cannot be made, or nothing can be written into it.
    """
    there = folder.absolute()
    try:
        while not there.exists() and there != there.parent:
            there = there.parent
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        place = "" if there == folder.absolute() else f"{there}: "
        why = f"{place}{error.strerror}"
        raise OSError(f"Nothing can be written into {folder} ({why}); give another folder.") from None


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a path to write to, in the same folder; it takes the place of `path` only when all went well.

    No reader ever sees a half-written file at `path`, also where the process is killed or the machine stops half-way;
    what was written so far may then be left beside it, as `.NAME.PROCESS.THREAD.partial`.

    Args:
        path: the file that is to be; its folder exists.

    Raises:
        FileNotFoundError: if the folder does not exist.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"No folder {path.parent} to write {path.name} into; make it first.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
