"""How the program was called."""

import shlex
import shutil
import sys
from pathlib import Path


def called() -> str:
    """What to type for `passerby`, so that a command which is printed can be copied."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m passerby"
    found = shutil.which(program.name)
    on_path = found is not None and Path(found).absolute() == program.absolute()
    return shlex.quote(program.name if on_path else sys.argv[0])
