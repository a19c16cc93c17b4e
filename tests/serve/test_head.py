"""HEAD, as load balancers ask: what GET says, without the body."""

import http.client
from contextlib import closing

import pytest

from passerby.serve.inside import Inside
from serve.served import EMBEDDER, ListLedger, filled, listening, served

PATHS = ["/", "/healthz", "/readyz", "/static/main.js", "/static/icon.svg", "/static/nothing.png", "/nothing"]


@pytest.fixture(scope="module")
def server():
    inside = Inside(gallery=filled(), embedder=EMBEDDER, ledger=ListLedger())
    with listening(inside) as address:
        yield address


def asked(address, method, path, **headers):
    with closing(http.client.HTTPConnection(*address, timeout=20)) as link:
        link.request(method, path, headers=headers)
        answer = link.getresponse()
        told = {name: value for name, value in answer.getheaders() if name != "date"}
        return answer.status, told, answer.read()


@pytest.mark.parametrize("path", PATHS)
def test_head_says_what_get_says_without_a_body(server, path):
    status, headers, body = asked(server, "GET", path)
    assert body
    assert asked(server, "HEAD", path) == (status, headers, b"")
    assert int(headers["content-length"]) == len(body)


def test_head_of_what_a_browser_has_is_304(server):
    tag = asked(server, "GET", "/")[1]["etag"]
    assert asked(server, "HEAD", "/", **{"If-None-Match": tag})[0] == 304


def test_the_connection_goes_on_after_a_head(server):
    with closing(http.client.HTTPConnection(*server, timeout=20)) as link:
        for method in ("HEAD", "GET", "HEAD"):
            link.request(method, "/healthz")
            answer = link.getresponse()
            assert (answer.status, answer.read()) == (200, b"" if method == "HEAD" else b"ok\n")


def test_a_server_that_is_not_ready_says_so_to_head_too():
    ledger = ListLedger()
    with served(ledger=ledger) as client:
        ledger.broken = True
        assert client.head("/readyz").status_code == 503
        assert client.head("/healthz").status_code == 200


def test_the_description_names_get_alone_and_other_methods_are_refused_with_what_is_offered():
    with served() as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
        assert set(paths["/healthz"]) == set(paths["/readyz"]) == {"get"}
        assert client.post("/").headers["allow"].replace(" ", "").split(",") in (["GET", "HEAD"], ["HEAD", "GET"])
        assert client.post("/healthz").status_code == 405
        assert client.head("/api/v1/export").status_code == 405
        assert client.ledger.lines == []
