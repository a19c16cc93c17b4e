"""What all requests together may hold: bytes that come in, and exports that go out."""

import socket
import threading
import time
from collections import deque
from contextlib import contextmanager

import httpx
import pytest

from passerby.serve.busy import Busy
from passerby.serve.inside import Inside
from passerby.serve.limits import Limits
from passerby.serve.room import Room
from serve.served import EMBEDDER, ListLedger, filled, listening, png

FILES = [("pictures", ("a.png", png()))]
EXPORT = b"GET /api/v1/export HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"


def test_room_is_given_back_whatever_happens():
    room = Room(10)
    with room.taken(6, full="no room"):
        with pytest.raises(Busy, match="no room"), room.taken(5, full="no room"):
            pass
        with room.taken(4, full="no room"):
            pass
    with pytest.raises(KeyError), room.taken(10, full="no room"):
        raise KeyError
    with room.taken(10, full="no room"):
        pass


def test_a_limit_of_all_bodies_that_is_below_that_of_one_is_refused():
    with pytest.raises(ValueError, match="held is 10 bytes"):
        Limits(held=10)


@contextmanager
def server(gallery=None, **limits):
    inside = Inside(
        gallery=filled() if gallery is None else gallery,
        embedder=EMBEDDER,
        ledger=ListLedger(),
        limits=Limits(**limits),
    )
    with listening(inside) as address, httpx.Client(base_url="http://{}:{}".format(*address), timeout=20) as client:
        client.inside = inside
        yield address, client


def comes(true, seconds=30):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def endless():
    """A gallery whose export never ends, and how many of its exports run."""
    gallery, running = filled(), []
    one = next(iter(gallery.held.values()))

    def records():
        running.append(None)
        try:
            while True:
                yield one
        finally:
            running.pop()

    gallery.records = records
    return gallery, running


def test_exports_that_nobody_reads_leave_searching_alone_and_more_of_them_are_503():
    gallery, running = endless()
    with (
        server(gallery, exports=2) as (address, client),
        socket.create_connection(address) as one,
        socket.create_connection(address) as two,
    ):
        one.sendall(EXPORT)
        two.sendall(EXPORT)
        comes(lambda: len(running) == 2)
        third = client.get("/api/v1/export")
        assert (third.status_code, third.headers["content-type"]) == (503, "application/problem+json")
        assert int(third.headers["retry-after"]) > 0
        assert "2 exports" in third.json()["detail"]
        assert client.post("/api/v1/search", files=FILES).status_code == 200
        assert [line.what for line in client.inside.ledger.lines].count("export") == 2
        one.close()
        comes(lambda: len(running) == 1)
        with client.stream("GET", "/api/v1/export") as another:
            assert another.status_code == 200
        comes(lambda: len(running) == 1)


def test_an_export_whose_audit_cannot_be_written_leaves_its_place():
    with server(exports=1) as (_, client):
        for broken, status in ((True, 503), (True, 503), (False, 200)):
            client.inside.ledger.broken = broken
            assert client.get("/api/v1/export").status_code == status


def test_an_export_that_takes_too_long_is_broken_off_and_does_not_look_whole():
    gallery, running = endless()
    with server(gallery, exports=1, export=0.3) as (_, client):
        with client.stream("GET", "/api/v1/export") as answer:
            assert answer.status_code == 200
            with pytest.raises(httpx.RemoteProtocolError):
                deque(answer.iter_raw(), maxlen=0)
        comes(lambda: not running)


@contextmanager
def begun(address, head):
    """A request whose body does not come."""
    with socket.create_connection(address, timeout=10) as peer:
        peer.sendall(POST + head + b"\r\n--x")
        yield peer


def test_bodies_together_hold_so_many_bytes_and_what_is_beyond_is_refused_unread():
    with server(body=100_000, text=1_000, held=150_000) as (address, client):
        post = lambda: client.post("/api/v1/search", files=FILES).status_code  # noqa: E731
        with begun(address, b"Content-Length: 100000\r\n"):
            with begun(address, b"Content-Length: 60000\r\n") as more:
                answer = more.recv(65536).lower()
                assert answer.startswith(b"http/1.1 503")
                assert b"retry-after:" in answer
                assert b"application/problem+json" in answer
            assert post() == 200  # there is room for a small one
            one = next(iter(client.inside.gallery.held))
            with begun(address, b"Content-Length: 50000\r\n"):  # now there is none
                comes(lambda: client.inside.uploads.free == 0)
                assert post() == 503
                assert client.post("/api/v1/search/records", json={"ids": [one]}).status_code == 200
            comes(lambda: client.inside.uploads.free == 50_000)
            with begun(address, b"Transfer-Encoding: chunked\r\n") as unknown:  # which may become as long as any
                assert unknown.recv(65536).startswith(b"HTTP/1.1 503")
            with begun(address, b"Content-Length: 200000\r\n") as long:
                long.shutdown(socket.SHUT_WR)
                assert not long.recv(65536).startswith(b"HTTP/1.1 503")  # more room would not help it
        with begun(address, b"Content-Length: 49000\r\n"):
            comes(lambda: post() == 200)
            with begun(address, b"Content-Length: 90000\r\n") as again:
                again.settimeout(0.5)
                with pytest.raises(TimeoutError):
                    again.recv(1)  # it has its room, and is waited for
        comes(lambda: client.inside.uploads.free == 150_000)


def test_many_uploads_at_once_are_answered_or_told_to_come_again():
    with server(body=2_000, text=1_000, held=4_000) as (_, client):
        statuses = []

        def ask():
            for _ in range(5):
                statuses.append(client.post("/api/v1/search", files=FILES).status_code)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert set(statuses) <= {200, 503}
        assert 200 in statuses
        comes(lambda: client.inside.uploads.free == 4_000)
