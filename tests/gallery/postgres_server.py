"""A PostgreSQL as another machine would offer it: by TCP, with a password."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg

from passerby.gallery.postgres.programs import programs
from passerby.gallery.postgres.run_as import run_as

PASSWORD = "s3cret-and-%/strange"


@contextlib.contextmanager
def postgres_server(folder):
    """Its port on 127.0.0.1; user postgres, PASSWORD, database postgres."""
    data, port = new_data(folder), free_port()
    with running(data, port):
        yield port


def new_data(folder):
    """The folder of the data of a server that has not been started yet."""
    data = Path(folder) / "data"
    data.mkdir(mode=0o700)
    user = run_as(data)
    if user is not None:
        os.chown(data, *user)
    us = {} if user is None else {"user": user[0], "group": user[1], "extra_groups": []}
    word = data.parent / "word"
    word.write_text(PASSWORD)
    options = ["-D", "/proc/self/cwd", "-U", "postgres", "--auth=scram-sha-256", "-N", "--pwfile=/dev/stdin"]
    options += ["--encoding=UTF8", "--locale=C"]
    with open(word) as file:
        subprocess.run(
            [programs() / "initdb", *options],
            cwd=data,
            stdin=file,
            stdout=subprocess.DEVNULL,
            check=True,
            **us,
        )
    return data


def free_port():
    """A port of 127.0.0.1 that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(data, port):
    """Run on data that are there: the process; at the end, as who runs a server stops it, what runs is broken off."""
    user = run_as(data)
    us = {} if user is None else {"user": user[0], "group": user[1], "extra_groups": []}
    command = [programs() / "postgres", "-D", "/proc/self/cwd", "-k", "", "-h", "127.0.0.1", "-p", str(port)]
    with open(data.parent / "log", "ab") as log:
        server = subprocess.Popen([*command, "-c", "fsync=off"], cwd=data, stdout=log, stderr=log, **us)
    try:
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(server_url(port)).close()
                break
            assert server.poll() is None, (data.parent / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.05)
        yield server
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def server_url(port, database="postgres"):
    """Its URL, password and all."""
    return f"postgresql://postgres:{PASSWORD.replace('%', '%25').replace('/', '%2F')}@127.0.0.1:{port}/{database}"
