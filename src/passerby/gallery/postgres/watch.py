"""Starts a PostgreSQL server and stops it when nobody uses its folder any more; run as a program, not imported.

    python -I -S watch.py '{"command": [...], "folder": ..., "log": ..., "users": ..., "running": 5, "user": null}'

Whoever uses the folder holds a shared lock on the file `users`, which ends with the process however it ends. So an
exclusive lock on it is had when the last one has gone, killed or not. The server holds the lock on the open file
`running`, which it inherits, for as long as one of its processes lives.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading


def watch(command: list[str], *, folder: str, log: str, users: str, running: int, user: list[int] | None) -> None:
    """Start the server in the background, wait until nobody uses it, stop it.

    Args:
        command: of the server.
        folder: its data.
        log: what it says goes to this file.
        users: the file whose shared lock the users hold.
        running: number of the open file whose lock the server shall hold.
        user: number of the user and the group as whom it shall run; None for our own.
    """
    if os.fork():
        return
    os.setsid()
    with open(log, "ab", buffering=0) as said:
        try:
            server = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=(running,),
                start_new_session=True,
                user=None if user is None else user[0],
                group=None if user is None else user[1],
                extra_groups=None if user is None else [],
            )
        except OSError as error:
            said.write(f"{command[0]} cannot be started: {error}\n".encode())
            return
    os.close(running)
    file = os.open(users, os.O_RDWR)

    def end() -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
        server.send_signal(signal.SIGINT)  # "fast": ends transactions, writes all, leaves

    threading.Thread(target=end, daemon=True).start()
    server.wait()
    os._exit(0)  # the thread may wait for ever, where the server was killed


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    watch(asked.pop("command"), **asked)
