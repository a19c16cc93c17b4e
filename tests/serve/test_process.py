"""`passerby serve` as a process of its own over an external PostgreSQL: with keys, and while its database is away."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from itertools import chain
from types import SimpleNamespace

import httpx
import psycopg
import pytest

import people
from command import passerby
from gallery.postgres_server import PASSWORD, free_port, new_data, running, server_url
from passerby import run
from passerby.datasets import market1501
from serve.served import png

FILES = [("pictures", ("a.png", png()))]
KNOWN = {"records": json.dumps([{"camid": 1, "time": "2026-01-01T08:00:00Z", "path": "one.png"}])}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A database, and a server of a gallery in it."""
    folder = tmp_path_factory.mktemp("process")
    data = market1501.load(people.market(folder / "market"))
    run.train("demo", data=data, out=folder / "run", changes=people.SMALL)
    data, port = new_data(folder), free_port()
    with ExitStack() as database:
        server = database.enter_context(running(data, port))
        with (
            serving(server_url(port), folder / "run") as (line, address),
            httpx.Client(base_url=address, timeout=30, trust_env=False) as client,
        ):
            yield SimpleNamespace(
                url=server_url(port),
                data=data,
                port=port,
                database=database,
                server=server,
                line=line,
                client=client,
                keys={},
            )


@contextmanager
def serving(url, trained):
    """What a server says when it is ready, and its address."""
    command = [sys.executable, "-m", "passerby", "serve", url, str(trained), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:[0-9]+", line)
            assert address is not None, line
            yield line, address[0]
        finally:
            process.terminate()
            process.wait(timeout=60)


def ask(here, role, method, path, **options):
    headers = {} if role is None else {"Authorization": f"Bearer {here.keys.get(role, role)}"}
    return here.client.request(method, f"/api/v1{path}", headers=headers, **options)


def test_each_key_may_do_what_its_role_says_and_the_audit_tells_who_did(here, capsys):
    assert "a new gallery" in here.line
    assert "no keys" in here.line
    assert PASSWORD not in here.line
    assert ask(here, None, "GET", "/about").json()["role"] == "admin"  # as long as there is no key
    for role in ("search", "add", "admin"):
        code, out, _ = passerby(capsys, "keys", here.url, "add", f"of {role}", "--role", role)
        assert code == 0
        here.keys[role] = out.strip()
    one = ask(here, "add", "POST", "/records", files=FILES, data=KNOWN).json()["ids"][0]
    mark = {"case": "coat", "record": one, "right": True}
    rights = {
        "search": [
            ("POST", "/search", {"files": FILES}),
            ("GET", f"/records/{one}", {}),
            ("POST", "/marks", {"json": mark}),
        ],
        "add": [("POST", "/records", {"files": FILES, "data": KNOWN})],
        "admin": [
            ("GET", "/audit", {}),
            ("GET", "/export", {}),
            ("POST", "/delete", {"json": {"ids": ["0" * 32]}}),
            ("DELETE", f"/records/{one}", {}),
        ],
    }
    least = {(*asked[:2],): place for place, role in enumerate(rights) for asked in rights[role]}
    for place, role in enumerate(rights):
        for method, path, options in chain.from_iterable(rights.values()):
            expected = 200 if place >= least[method, path] else 403
            answer = ask(here, role, method, path, **options)
            assert answer.status_code == expected, (role, method, path, answer.text)
    for key in (None, "wrong", f"{here.keys['search'][:-1]}-"):
        assert ask(here, key, "GET", f"/records/{one}").status_code == 401
    assert passerby(capsys, "keys", here.url, "revoke", "of add")[0] == 0
    assert ask(here, "add", "GET", "/about").status_code == 401

    code, out, err = passerby(capsys, "audit", here.url, "--json", "--limit", 1000)
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in reversed(out.splitlines())]
    did = {role: [line["what"] for line in lines if line["who"] == f"of {role}"] for role in rights}
    reads = ["search", "view", "mark"]
    assert did == {
        "search": reads,
        "add": ["add", *reads, "add"],
        "admin": [*reads, "add", "read audit", "export", "delete", "delete"],
    }
    assert [line["what"] for line in lines if line["who"].startswith("command line")] == ["key made"] * 3 + [
        "key revoked"
    ]
    assert not any(key in out for key in here.keys.values())


def test_a_database_that_stops_in_the_middle_of_a_request_is_503_and_back_it_is_asked_again(here, capsys):
    code, out, _ = passerby(capsys, "keys", here.url, "add", "again", "--role", "add")
    assert code == 0
    here.keys["again"] = out.strip()
    one = ask(here, "again", "POST", "/records", files=FILES, data=KNOWN).json()["ids"][0]
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask(here, "again", "POST", "/search", files=FILES)))
    with psycopg.connect(here.url) as other, psycopg.connect(here.url, autocommit=True) as looking:
        other.execute("LOCK TABLE passerby.records IN ACCESS EXCLUSIVE MODE")
        asking.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        comes(lambda: looking.execute(waiting).fetchone() != (0,))
        looking.close()
        # all at once: else who holds the lock might end first, and who waits for it be answered before its own end
        here.server.send_signal(signal.SIGQUIT)
        here.server.wait(60)
        here.database.close()
        other.close()
    asking.join(60)
    for answer in (answers[0], ask(here, "again", "POST", "/search", files=FILES), here.client.get("/readyz")):
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert int(answer.headers["retry-after"]) > 0
        assert "127.0.0.1" in answer.json()["detail"]
        assert PASSWORD not in answer.text
    assert here.client.get("/healthz").status_code == 200
    assert passerby(capsys, "audit", here.url)[0] == 2

    here.database.enter_context(running(here.data, here.port))
    comes(lambda: here.client.get("/readyz").status_code == 200)
    found = ask(here, "again", "POST", "/search", files=FILES)
    assert found.status_code == 200
    assert [record["id"] for record in found.json()["answers"]] == [one]
    code, out, _ = passerby(capsys, "audit", here.url, "--json", "--who", "again")
    assert [json.loads(line)["what"] for line in out.splitlines()] == ["search", "add"]


def comes(true, seconds=60):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
