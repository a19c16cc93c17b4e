"""A real Milvus server in a process of its own, for tests: the package `milvus` carries version 2.3.5."""

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

PORTS = ["etcd", "root_coord", "proxy", "proxy_internal", "query_coord", "query_node", "index_coord", "index_node"]
PORTS += ["data_coord", "data_node", "peer", "health"]
SECONDS = 180
OFTEN = {
    "checkInterval": 100,
    "checkSegmentInterval": 100,
    "checkChannelInterval": 100,
    "checkIndexInterval": 100,
    "leaderViewUpdateInterval": 0.1,
    "UpdateNextTargetInterval": 1,
}
"""How often the part that loads collections looks what there is to do: milliseconds, but for the last two."""
ETCD = """
name: default
data-dir: {folder}/etcd
listen-client-urls: http://127.0.0.1:{etcd}
advertise-client-urls: http://127.0.0.1:{etcd}
listen-peer-urls: http://127.0.0.1:{peer}
initial-advertise-peer-urls: http://127.0.0.1:{peer}
initial-cluster: default=http://127.0.0.1:{peer}
"""


@contextmanager
def milvus_server(folder):
    """Start a server that keeps everything in `folder`, and give its port."""
    milvus = pytest.importorskip("milvus", reason="the package milvus (a Milvus server) is not installed")
    ports = free_ports()
    config = milvus.MilvusServerConfig(
        template=str(template(folder, Path(milvus.__file__).parent / "data", ports)),
        data_dir=str(folder / "data"),
        **{f"{name}_port": port for name, port in ports.items() if name not in ("peer", "health")},
    )
    config.glog_conf_file = str(Path(milvus.__file__).parent / "data" / "glog.conf")
    config.resolve()
    milvus._initialize_data_files(config.base_data_dir)
    program = folder / "data" / "bin" / "milvus"
    # a test run that is killed takes the server with it
    tied = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder / "data", ignore_errors=True)  # 400 MB
        log = stack.enter_context((folder / "log").open("w"))
        server = subprocess.Popen(
            [*tied, str(program), "run", "standalone"],
            cwd=folder / "data",
            stdout=log,
            stderr=log,
            env={
                **os.environ,
                "DEPLOY_MODE": "STANDALONE",
                "METRICS_PORT": str(ports["health"]),
                "MILVUS_RUN_DIR": str(folder / "data" / "run"),
                "LD_LIBRARY_PATH": str(program.parent),
            },
        )
        stack.callback(stop, server)
        wait(server, ports["health"], folder / "log")
        yield ports["proxy"]


def template(folder, data, ports):
    """The server's settings, changed so that several servers can run at once and its parts meet on loopback."""
    text = (data / "config.yaml.template").read_text()
    text = re.sub(r"^( *)ip:.*$", r"\1ip: 127.0.0.1", text, flags=re.MULTILINE)
    # who asks for all that was written so far waits for the next tick
    text = text.replace("timeTickInterval: 200", "timeTickInterval: 50")
    # who makes a gallery waits until both collections are loaded, which is looked after once a second otherwise
    text = text.replace("  checkInterval: 1000", "\n".join(f"  {name}: {value}" for name, value in OFTEN.items()))
    text = text.replace("distPullInterval: 500", "distPullInterval: 100")
    text = text.replace("  use:\n    embed: true", f"  config:\n    path: {folder}/etcd.yaml\n  use:\n    embed: true")
    (folder / "etcd.yaml").write_text(ETCD.format(folder=folder / "data", **ports))
    changed = folder / "config.yaml.template"
    changed.write_text(text)
    return changed


def free_ports():
    """A free port for each part."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in PORTS]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in zip(PORTS, sockets, strict=True)}


def wait(server, port, log):
    """Until the server says that it is well."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise OSError(f"The Milvus server ended with {server.returncode}: {log.read_text()[-2000:]}")
        with suppress(OSError, HTTPException):
            asking = HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                asking.request("GET", "/healthz")
                if b"OK" in asking.getresponse().read():
                    return
            finally:
                asking.close()
        time.sleep(0.3)
    raise TimeoutError(f"The Milvus server is not ready after {SECONDS} s: {log.read_text()[-2000:]}")


def stop(server):
    """Kill it: what it holds is thrown away."""
    server.kill()
    server.wait()
