"""The processes of a server that runs on the data in a folder: they are found and ended."""

import contextlib
import os
import signal
from pathlib import Path


def end(data: Path) -> None:
    """Ask the server to stop, where whoever watched it was killed.

    Args:
        data: the folder of its files.
    """
    pid = _noted(data)
    if pid is not None:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGINT)


def end_orphans(data: Path) -> None:
    """Kill what is left of a server whose first process is gone; what was committed is safe.

    Args:
        data: the folder of its files.
    """
    server = _noted(data)
    with contextlib.suppress(OSError):
        if server is not None and "postgres" in Path(f"/proc/{server}/comm").read_text():
            return
    for process in sorted(Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(OSError):
            if (process / "cwd").samefile(data) and "postgres" in (process / "comm").read_text():
                os.kill(int(process.name), signal.SIGKILL)


def forget_stale(data: Path) -> None:
    """Remove the note of a server that is gone, where its number has since been given to another program.

    Args:
        data: the folder of its files.
    """
    pid = _noted(data)
    if pid is None:
        return
    with contextlib.suppress(OSError):
        if "postgres" not in Path(f"/proc/{pid}/comm").read_text():
            (data / "postmaster.pid").unlink()


def _noted(data: Path) -> int | None:
    """The number of the server's process, as it noted it."""
    try:
        return int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
