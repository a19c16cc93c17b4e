"""A PostgreSQL server in a folder, for all processes that use it."""

import contextlib
import errno
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import psycopg

from passerby.gallery.contract import Unavailable
from passerby.gallery.postgres import processes, watch
from passerby.gallery.postgres.programs import programs
from passerby.gallery.postgres.run_as import run_as
from passerby.gallery.resolved import resolved

MARK = "passerby-gallery"
"""A file of this name says that a folder is ours."""
PATIENCE_S = 60.0
"""How long a server may take to start (it may have to repair what a crash left) or to stop."""
ORPHANS_S = 2.0
"""How long processes may outlive a killed server: one that builds a graph would not notice for minutes."""
LOG_BYTES = 10_000_000
_HERE = "/proc/self/cwd"
_WINDOWED = Path("/proc/self/fd").is_dir()


class Embedded:
    """A server that runs while somebody uses the folder; it listens on a socket in the folder and nowhere else.

    The first process that opens the folder starts the server, the others share it, and it is stopped when the last one
    lets go or is killed (watch.py). As root it runs as the user `postgres`, or `nobody`, since PostgreSQL refuses root;
    the folders above need not be open to that user.

    Args:
        folder: where the data is; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = resolved(str(folder))
        self.data = self.folder / "postgres"
        _mark(self.folder)
        with self._guarded():
            self._users = self._use()
            try:
                self._make()
                self._start()
            except BaseException:
                os.close(self._users)
                raise
        self._window = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY) if _WINDOWED else None

    @property
    def host(self) -> str:
        """Where the socket is, as libpq takes it."""
        # A socket's path must be shorter than some 107 bytes; through an open file of ours it always is.
        return str(self.data) if self._window is None else f"/proc/self/fd/{self._window}"

    def again(self) -> None:
        """Start the server if it has stopped.

        Raises:
            Unavailable: if it does not start.
        """
        with self._guarded():
            self._start()

    def release(self) -> None:
        """Let go of the folder; if nobody else uses it, the server has stopped on return."""
        if self._window is not None:
            os.close(self._window)
        os.close(self._users)
        end = time.monotonic() + PATIENCE_S
        with open(self.folder / "users", "ab") as users:
            while time.monotonic() < end:
                if _lock(users.fileno(), fcntl.LOCK_EX):  # nobody else, and whoever watches has done or is gone
                    if self._stopped():
                        return
                    processes.end(self.data)
                    fcntl.flock(users, fcntl.LOCK_UN)
                elif _lock(users.fileno(), fcntl.LOCK_SH):
                    return  # somebody else uses it
                time.sleep(0.02)

    def _use(self) -> int:
        """An open file that says, while it is open, that we use the folder."""
        users = os.open(self.folder / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + PATIENCE_S
        while not _lock(users, fcntl.LOCK_SH):  # a server is just being stopped
            if time.monotonic() > end:
                os.close(users)
                raise Unavailable(f"The database in {self.folder} has been stopping for {PATIENCE_S:.0f} s; try again.")
            time.sleep(0.02)
        return users

    def _make(self) -> None:
        """Make an empty database, whole or not at all."""
        if (self.data / "PG_VERSION").exists():
            _check_version(self.data)
            return
        new = self.folder / "postgres.new"
        if new.exists():
            subprocess.run(["rm", "-rf", str(new)], check=True)
        new.mkdir(mode=0o700)
        user = run_as(new)
        if user is not None:
            os.chown(new, *user)
        inside = _HERE if _WINDOWED else str(new)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        done = subprocess.run(
            [str(programs() / "initdb"), f"--pgdata={inside}", *options],
            cwd=new,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=None if user is None else user[0],
            group=None if user is None else user[1],
            extra_groups=None if user is None else [],
        )
        if done.returncode:
            raise Unavailable(f"No database can be made in {self.folder}: {_last(done.stderr)}")
        new.rename(self.data)

    def _start(self) -> None:
        """Start the server unless it runs, and wait until it answers."""
        starts = 0
        begun = time.monotonic()
        end = begun + PATIENCE_S
        while not self._answers():
            with open(self.folder / "running", "ab") as running:
                if _lock(running.fileno(), fcntl.LOCK_EX):
                    if starts == 3:
                        raise Unavailable(f"The database in {self.folder} does not start: {self._said()}")
                    time.sleep(0.2 * starts)
                    self._launch(running.fileno())
                    starts += 1
            if not starts and time.monotonic() > begun + ORPHANS_S:
                processes.end_orphans(self.data)
            if time.monotonic() > end:
                raise Unavailable(
                    f"The database in {self.folder} does not answer for {PATIENCE_S:.0f} s: {self._said()}"
                )
            time.sleep(0.03)

    def _launch(self, running: int) -> None:
        """Start server and watcher; they live on without us."""
        log = self.folder / "log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.unlink()
        processes.forget_stale(self.data)
        inside = _HERE if _WINDOWED else str(self.data)
        program = programs() / "postgres"
        asked = {
            "command": [str(program), "-D", inside, "-k", "." if _WINDOWED else inside, *_settings()],
            "folder": str(self.data),
            "log": str(log),
            "users": str(self.folder / "users"),
            "running": running,
            "user": run_as(self.data),
        }
        command = [sys.executable, "-I", "-S", watch.__file__, json.dumps(asked)]
        subprocess.run(command, check=True, pass_fds=(running,), stdin=subprocess.DEVNULL, start_new_session=True)

    def _answers(self) -> bool:
        """Whether the server takes connections."""
        window = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY)
        try:
            host = f"/proc/self/fd/{window}" if _WINDOWED else str(self.data)
            psycopg.connect(host=host, port=5432, user="postgres", dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        finally:
            os.close(window)
        return True

    def _stopped(self) -> bool:
        """Whether no process of the server lives."""
        with open(self.folder / "running", "ab") as running:
            return _lock(running.fileno(), fcntl.LOCK_EX)

    def _said(self) -> str:
        """The last thing that the server said."""
        try:
            return _last((self.folder / "log").read_text(errors="replace")[-4000:])
        except OSError:
            return "it said nothing"

    def _guard(self) -> BinaryIO:
        try:
            return open(self.folder / "guard", "ab")
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                raise
            raise Unavailable(
                f"Nothing can be written into {self.folder} ({error.strerror}); a gallery is written to also where it "
                "is only read, since its server runs in its folder: make it writable, or copy it."
            ) from None

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """One process at a time starts or makes."""
        with self._guard() as guard:
            end = time.monotonic() + 2 * PATIENCE_S
            while not _lock(guard.fileno(), fcntl.LOCK_EX):
                if time.monotonic() > end:
                    raise Unavailable(f"Another process has been opening {self.folder} for {2 * PATIENCE_S:.0f} s.")
                time.sleep(0.02)
            yield


def _mark(folder: Path) -> None:
    """Make the folder ours, or refuse one that holds something else."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; give a folder for the gallery.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = folder / MARK
    if not mark.exists():
        if any(folder.iterdir()) and not mark.exists():  # another process may just have made it
            raise ValueError(f"{folder} holds something else than a gallery; give an empty folder, or a new one.")
        mark.write_text("A gallery of passerby; the folder belongs together, do not change what is in it.\n")


def _lock(file: int, kind: int) -> bool:
    """Whether the lock was had."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _settings() -> list[str]:
    """Of the server: nothing but the socket is listened on; a quarter of the memory is its own, at most 3 GB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "shared_buffers": f"{max(64, min(total // 4, 3072))}MB",
        "max_wal_size": "4GB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "checkpoint_timeout": "15min",
        "jit": "off",
        "random_page_cost": "1.1",
        "log_min_error_statement": "panic",  # what was asked for is nobody's business
        "log_min_messages": "warning",
        "log_checkpoints": "off",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _check_version(data: Path) -> None:
    """The data must be of the PostgreSQL that we carry."""
    version = (data / "PG_VERSION").read_text().strip()
    if version != "18":
        raise ValueError(f"{data.parent} was made by PostgreSQL {version[:10]}; this passerby carries 18.")


def _last(text: str) -> str:
    """The last line that says something of an error, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror", "cannot"))]
    return (errors or lines or ["it said nothing"])[-1][:300]
