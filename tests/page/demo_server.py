"""`passerby serve` in a process of its own, on the gallery of a demo, and what happens to its database."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from passerby.demo import Demo


@contextmanager
def served_demo(made: Demo) -> Iterator[str]:
    """The address of a server as its user starts it; stopped at the end."""
    command = [sys.executable, "-m", "passerby", "serve", str(made.gallery), str(made.run), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:[0-9]+", line)
            assert address is not None, line
            yield f"{address[0]}/"
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def without_a_database(gallery: Path) -> Iterator[None]:
    """The database of a gallery killed, and unable to start again until the end."""
    settings = gallery / "postgres" / "postgresql.conf"
    kept = settings.read_text()
    settings.write_text("this is no setting\n")
    try:
        os.kill(int((gallery / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        yield
    finally:
        settings.write_text(kept)
