"""Bodies that are no JSON, too long by their own word, or packed: told at once, where, and what is expected."""

import gzip
import json
import socket

import httpx
import pytest

from passerby.serve import upload
from passerby.serve.inside import Inside
from passerby.serve.limits import Limits
from serve.served import EMBEDDER, ListLedger, filled, listening, png, served

FILES = [("pictures", ("a.png", png()))]
JSON = {"Content-Type": "application/json"}
WANTED = "; give JSON as /api/v1/openapi.json describes it, with names and texts in double quotes."


@pytest.fixture(scope="module")
def client():
    with served() as made:
        yield made


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"case": "a" right: 1}', "Expecting ',' delimiter at line 1, column 14"),
        ("{", "Expecting property name enclosed in double quotes at line 1, column 2, where it ends"),
        ('{"case":\n oops}', "Expecting value at line 2, column 2"),
        ('{"case": "a', "Unterminated string starting at line 1, column 10"),
        ('{"case": "a"} {}', "Extra data at line 1, column 15"),
        ("\u4eba", "Expecting value at line 1, column 1"),
    ],
)
def test_a_body_that_is_no_json_says_what_stands_where(client, text, told):
    answer = client.post("/api/v1/marks", content=text, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"body: This is not JSON: {told}{WANTED}"
    assert answer.json()["errors"] == [{"where": "body", "message": f"This is not JSON: {told}{WANTED}"}]


@pytest.mark.parametrize(("name", "path"), [("asked", "search"), ("records", "records")])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("k=10", "Expecting value at line 1, column 1"),
        ('{"k": 10', "Expecting ',' delimiter at line 1, column 9, where it ends"),
        ("{'k': 10}", "Expecting property name enclosed in double quotes at line 1, column 2"),
    ],
)
def test_a_part_of_a_form_that_is_no_json_says_so_too(client, name, path, text, told):
    answer = client.post(f"/api/v1/{path}", files=FILES, data={name: text})
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"{name}: This is not JSON: {told}{WANTED}"


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"k": ' + "9" * 5_000 + "}", '{"case": "\\ud800"}', "\x00", "\ufeff{}"]
)
def test_what_only_one_of_two_parsers_refuses_is_told_all_the_same(client, text):
    for call in (
        {"url": "/api/v1/search", "files": FILES, "data": {"asked": text}},
        {"url": "/api/v1/marks", "content": text, "headers": JSON},
    ):
        answer = client.post(**call)
        assert answer.status_code in (400, 422)
        assert "ident" not in answer.json()["detail"]
        assert "error parsing" not in answer.json()["detail"]


def test_a_body_that_is_no_text_says_what_is_expected(client):
    answer = client.post("/api/v1/delete", content=b'{"ids": ["\xff"]}', headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (
        400, f"The body cannot be read: it is no UTF-8, or lists lie in lists too deep{WANTED}"
    )  # fmt: skip


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "GZIP", "x" * 300])
def test_a_packed_body_is_refused(client, coding):
    body = gzip.compress(json.dumps({"ids": ["0" * 32]}).encode())
    answer = client.post("/api/v1/delete", content=body, headers=JSON | {"Content-Encoding": coding})
    assert answer.status_code == 415
    assert answer.json()["detail"].startswith("Content-Encoding is '")
    assert answer.json()["detail"].endswith("'; send the request as it is.")
    assert answer.headers["accept-encoding"] == "identity"
    assert client.post("/api/v1/search", files=FILES, headers={"Content-Encoding": coding}).status_code == 415


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_a_body_that_says_that_it_is_not_packed_is_taken(client, coding):
    call = {"json": {"ids": ["0" * 32]}, "headers": {"Content-Encoding": coding}}
    assert client.post("/api/v1/search/records", **call).status_code == 404


@pytest.fixture(scope="module")
def address():
    limits = Limits(body=100_000, text=10_000, piece=90.0)
    inside = Inside(gallery=filled(), embedder=EMBEDDER, ledger=ListLedger(), limits=limits)
    with pytest.MonkeyPatch.context() as patch, listening(inside) as made:
        patch.setattr(upload, "DRAIN", 90.0)  # who waited for a body would still wait when the client gives up
        yield made


@pytest.mark.parametrize("length", [b"10001", b"99999999999999999999", b"0000000000000099999999"])
def test_a_length_beyond_the_limit_is_refused_at_once(address, length):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(b"POST /api/v1/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
        peer.sendall(b"Content-Length: " + length[-20:] + b"\r\n\r\n")
        answer = peer.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_long_body_is_answered_also_to_who_sends_all_of_it_and_the_connection_goes_on(address):
    with httpx.Client(base_url="http://{}:{}".format(*address), trust_env=False, timeout=20) as link:
        for size in (20_000, 5_000_000):
            answer = link.post("/api/v1/marks", content=b" " * size, headers=JSON)
            assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
            assert answer.json()["detail"] == "The request is longer than 10,000 bytes; send less at once."
        assert link.get("/healthz").status_code == 200


def test_a_length_with_zeros_in_front_is_that_number(address):
    with socket.create_connection(address, timeout=20) as peer:
        peer.sendall(b"POST /api/v1/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
        peer.sendall(b"Content-Length: 00000000000000000002\r\n\r\n{}")
        assert peer.recv(65536).startswith(b"HTTP/1.1 422")
