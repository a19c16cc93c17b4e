"""As whom a server runs."""

import contextlib
import os
import pwd
from pathlib import Path

from passerby.gallery.postgres.programs import programs


def run_as(data: Path) -> tuple[int, int] | None:
    """User and group as whom the server of some data runs, since PostgreSQL refuses root.

    Args:
        data: the folder of the data.

    Returns:
        Their numbers; None for our own.

    Raises:
        PermissionError: if we are root and no other user can start PostgreSQL.
    """
    if os.geteuid() != 0:
        return None
    owner = data.stat()
    if owner.st_uid:
        return owner.st_uid, owner.st_gid
    program = programs() / "postgres"
    for place in (program, *program.parents):
        if not place.stat().st_mode & 0o001:
            raise PermissionError(
                f"PostgreSQL does not run as root, and other users cannot enter {place}; open it with "
                f"`chmod o+x`, or work as another user than root."
            )
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid
    raise PermissionError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`.")
