"""What a training writes down of each step."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from passerby import files


@contextmanager
def log(path: Path, start: int) -> Iterator[Callable[[Mapping[str, float]], None]]:
    """Give a function that writes one JSON line a step; lines of steps that are done again are dropped.

    Args:
        path: the file.
        start: steps done so far; 0 begins the file anew.
    """
    lines = path.read_text().splitlines() if start and path.is_file() else []
    with files.whole(path) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines if _step_of(line) <= start))
    with path.open("a", buffering=1) as file:

        def write(line: Mapping[str, float]) -> None:
            file.write(json.dumps(dict(line)) + "\n")

        yield write


def _step_of(line: str) -> float:
    try:
        return int(json.loads(line)["step"])
    except ValueError:  # the line that was being written when the process was killed
        return math.inf
