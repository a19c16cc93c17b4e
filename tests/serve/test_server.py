"""A server from its start to its end, and its sockets."""

import os
import signal
import socket
import threading
import time
from types import SimpleNamespace

import httpx
import pytest

from passerby.cli.stopped import INTERRUPTED, TERMINATED, Stopped, stoppable
from passerby.gallery.contract import OtherModel, Unavailable
from passerby.serve import connection, server, upload
from passerby.serve.inside import Inside
from passerby.serve.limits import Limits
from passerby.types import ModelId
from serve.served import EMBEDDER, ListLedger, PlainGallery, filled, listening, png, served

HTTP = httpx.Client(verify=False, trust_env=False, timeout=30)
FILES = [("pictures", ("a.png", png()))]


@pytest.fixture(scope="module", autouse=True)
def _closed():
    yield
    HTTP.close()


class Kept(ListLedger):
    database = None


@pytest.fixture
def parts(monkeypatch, tmp_path):
    """What a server is made of, without a network and a database."""
    made = SimpleNamespace(gallery=filled(), ledger=Kept(), embedder=EMBEDDER, folder=tmp_path, missing=False)

    def open_gallery(url, *, model=None, dim=None):
        if made.missing and model is None:
            raise FileNotFoundError("no gallery")
        return made.gallery

    monkeypatch.setattr(server.run, "load", lambda folder: None)
    monkeypatch.setattr(server, "embedder", lambda trained, device: made.embedder)
    monkeypatch.setattr(server, "open_gallery", open_gallery)
    monkeypatch.setattr(server, "open_state", lambda url: made.ledger)
    monkeypatch.setattr(server, "forget_deleted", lambda database, gallery: 0)
    return made


def serve(parts, meanwhile=lambda started: None, *, end=signal.SIGTERM, **options):
    """Serve until `meanwhile`, called beside it with what has started, has ended; the code that it was stopped with."""
    failed = []

    def beside(started):
        try:
            meanwhile(started)
        except BaseException as error:
            failed.append(error)
        finally:
            os.kill(os.getpid(), end)

    with pytest.raises(Stopped) as stop, stoppable(lambda: "done"):
        server.serve(
            "gallery",
            parts.folder,
            port=0,
            on_ready=lambda started: threading.Thread(target=beside, args=(started,)).start(),
            **options,
        )
    if failed:
        raise failed[0]
    assert parts.gallery.closed
    assert parts.ledger.closed
    return stop.value.code


@pytest.mark.parametrize(("end", "code"), [(signal.SIGTERM, TERMINATED), (signal.SIGINT, INTERRUPTED)])
def test_a_request_that_runs_when_the_server_is_stopped_is_answered(parts, end, code):
    begun, answers = threading.Event(), []

    def slow(pictures):
        begun.set()
        time.sleep(0.3)
        return EMBEDDER.vectors(pictures)

    parts.embedder = type(EMBEDDER)(model=EMBEDDER.model, dim=EMBEDDER.dim, prepare=EMBEDDER.prepare, vectors=slow)

    def meanwhile(started):
        def ask():
            answers.append(HTTP.post(f"{started.address}/api/v1/search", files=FILES, timeout=20))

        asking = threading.Thread(target=ask)
        asking.start()
        assert begun.wait(30)
        threading.Timer(1.5, asking.join).start()

    assert serve(parts, meanwhile, end=end) == code
    for _ in range(1_000):
        if answers:
            break
        time.sleep(0.02)
    assert answers[0].status_code == 200


def test_what_has_started_is_told(parts):
    told = []
    serve(parts, told.append)
    assert (told[0].records, told[0].made, told[0].calibrated, told[0].keyless) == (9, False, False, True)
    assert told[0].address.startswith("http://127.0.0.1:")


def test_a_gallery_that_is_not_there_is_made_and_told(parts):
    told = []
    parts.missing = True
    serve(parts, told.append)
    assert told[0].made


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_keys_no_other_machine_is_let_in(parts, host):
    with pytest.raises(ValueError, match=f"Without keys.*{host}"):
        server.serve("gallery", parts.folder, host=host, port=0)
    assert parts.gallery.closed
    assert parts.ledger.closed


def test_with_keys_another_address_is_listened_on(parts):
    parts.ledger = Kept((("k", "Sam", "search"),))

    def meanwhile(started):
        port = started.address.rpartition(":")[2]
        about = f"http://127.0.0.1:{port}/api/v1/about"
        assert HTTP.get(about).status_code == 401
        assert HTTP.get(about, headers={"Authorization": "Bearer k"}).status_code == 200
        parts.ledger.keys.clear()  # as if the last one were taken back
        assert HTTP.get(about).status_code == 401

    serve(parts, meanwhile, host="0.0.0.0")


def test_a_port_in_use_is_told(parts):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use; choose another by --port"),
    ):
        server.serve("gallery", parts.folder, port=taken.getsockname()[1])
    assert parts.gallery.closed


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a b", "x" * 300, "198.51.100.7"])
def test_a_host_that_is_not_this_machine_is_told(parts, host):
    parts.ledger = Kept((("k", "Sam", "search"),))
    with pytest.raises((OSError, ValueError), match=r"host|listened"):
        server.serve("gallery", parts.folder, host=host, port=0)


def test_a_gallery_of_another_model_is_told(parts):
    parts.gallery = PlainGallery(ModelId("other", "1" * 64, ""), EMBEDDER.dim)
    with pytest.raises(OtherModel, match="holds vectors of other"):
        server.serve("gallery", parts.folder, port=0)
    assert parts.gallery.closed


@pytest.mark.parametrize("rate", [0, 1, -1, float("nan")])
def test_a_rate_out_of_range_is_told(parts, rate):
    with pytest.raises(ValueError, match="rate is"):
        server.serve("gallery", parts.folder, port=0, rate=rate)


def test_a_broken_calibration_is_told(parts):
    (parts.folder / server.CALIBRATION).write_text("{}")
    with pytest.raises(ValueError, match=r"calibration\.json"):
        server.serve("gallery", parts.folder, port=0)


@pytest.mark.parametrize("failure", [Unavailable("away"), RuntimeError("a table is not there")])
def test_retention_runs_at_the_start_again_and_after_a_failure(parts, monkeypatch, failure):
    calls = []

    def keep(gallery, state, age):
        calls.append(age)
        if len(calls) == 2:
            raise failure
        return SimpleNamespace(deleted=5)

    monkeypatch.setattr(server, "keep", keep)
    monkeypatch.setattr(server, "OFTEN", 0.02)
    monkeypatch.setattr(server, "SOON", 0.02)

    def meanwhile(started):
        until = time.monotonic() + 30
        while len(calls) < 4 and time.monotonic() < until:
            time.sleep(0.02)
        assert "passerby_retention_deleted_total 5.0" in HTTP.get(f"{started.address}/metrics").text or len(calls) > 3

    serve(parts, meanwhile, retention=60.0)
    assert len(calls) >= 4
    assert set(calls) == {60.0}


def received(peer):
    data = b""
    try:
        while piece := peer.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


@pytest.fixture
def address(monkeypatch):
    # long enough for a busy machine to send what is to come
    monkeypatch.setattr(connection, "HEAD", 1.0)
    monkeypatch.setattr(upload, "DRAIN", 1.0)
    limits = Limits(body=100_000, text=10_000, piece=1.0, upload=3.0)
    with listening(Inside(gallery=filled(), embedder=EMBEDDER, ledger=ListLedger(), limits=limits)) as made:
        yield made


POST = b"POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
def test_a_head_that_does_not_come_closes_the_connection(address, sent):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(sent)
        assert received(peer) == b""


def test_a_second_head_that_does_not_come_closes_the_connection_too(address):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert peer.recv(65536).startswith(b"HTTP/1.1 200")
        peer.sendall(b"GET /heal")
        received(peer)


def goes_through(peer, piece):
    time.sleep(0.05)
    try:
        peer.sendall(piece)
    except OSError:
        return False
    return True


def test_a_body_that_goes_on_after_its_answer_closes_the_connection():
    ledger = ListLedger([("key", "somebody", "search")])
    with (
        pytest.MonkeyPatch.context() as patch,
        listening(Inside(gallery=filled(), embedder=EMBEDDER, ledger=ledger)) as address,
        socket.create_connection(address, timeout=20) as peer,
    ):
        patch.setattr(connection, "HEAD", 0.3)
        peer.sendall(POST + b"Content-Length: 1000000\r\n\r\n")
        assert peer.recv(65536).startswith(b"HTTP/1.1 401")
        assert not all(goes_through(peer, b"x") for _ in range(100))


def test_a_body_that_does_not_come_is_408(address):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(POST + b"Content-Length: 1000\r\n\r\n--x\r\n")
        answer = received(peer)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer
    assert b"connection: close" in answer.lower()


def test_a_body_that_ends_early_does_no_harm(address):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(POST + b"Content-Length: 1000\r\n\r\n--x\r\n")
    assert HTTP.get("http://{}:{}/api/v1/about".format(*address)).status_code == 200


def test_a_chunked_body_without_end_is_413(address):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        piece = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
        try:
            for _ in range(30):
                peer.sendall(piece)
            peer.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        answer = received(peer)
    assert answer.startswith(b"HTTP/1.1 413") or answer.startswith(b"HTTP/1.1 400")
    assert HTTP.get("http://{}:{}/api/v1/about".format(*address)).status_code == 200


def test_a_length_that_is_declared_too_long_is_413(address):
    with socket.create_connection(address, timeout=10) as peer:
        peer.sendall(POST + b"Content-Length: 100000000000\r\n\r\n")
        assert received(peer).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("sent", [b"\0\1\2\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"x" * 100_000])
def test_what_is_no_http_is_answered_with_400(address, sent):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(sent)
        assert received(peer).startswith(b"HTTP/1.1 400")


def test_a_client_that_does_not_read_its_answer_is_given_up_and_nothing_stays_open(monkeypatch):
    gallery, ended = filled(), threading.Event()
    one = next(iter(gallery.held.values()))

    def endless():
        try:
            while True:
                yield one
        finally:
            ended.set()

    gallery.records = endless
    monkeypatch.setattr(connection, "READ", 0.3)
    inside = Inside(gallery=gallery, embedder=EMBEDDER, ledger=ListLedger())
    with listening(inside) as address, socket.create_connection(address, timeout=20) as peer:
        peer.sendall(b"GET /api/v1/export HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert ended.wait(20)
        assert HTTP.get("http://{}:{}/healthz".format(*address)).status_code == 200


def test_many_clients_at_once_each_get_their_own_answer():
    colours = [(200, 20, 20), (20, 200, 20), (20, 20, 200)]
    with served() as client, listening(client.inside) as (host, port):
        wrong = []

        def ask(pid):
            for _ in range(3):
                files = [("pictures", ("a.png", png(colours[pid - 1])))]
                answer = HTTP.post(f"http://{host}:{port}/api/v1/search", files=files, timeout=30).json()
                wrong.extend([pid] if answer["answers"][0]["pid"] != pid else [])

        threads = [threading.Thread(target=ask, args=(number % 3 + 1,)) for number in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert not wrong
