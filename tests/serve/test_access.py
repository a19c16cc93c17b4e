"""Who is let in: keys, roles, hosts and origins."""

from itertools import product

import pytest

from serve.served import ListLedger, png, served

KEYS = (("key-s", "Sam", "search"), ("key-a", "Ada", "add"), ("key-r", "Root", "admin"))
ID = "0" * 32
SEARCH = [
    ("GET", "/about"),
    ("POST", "/search"),
    ("POST", "/search/records"),
    ("GET", "/records"),
    ("GET", f"/records/{ID}"),
    ("GET", f"/records/{ID}/thumbnail"),
    ("GET", "/cameras"),
    ("GET", "/statistics"),
    ("POST", "/marks"),
    ("GET", "/marks"),
    ("DELETE", f"/marks/case/{ID}"),
    ("GET", "/marks/manifest.csv"),
    ("GET", "/timeline"),
]
ADD = [("POST", "/records")]
ADMIN = [("DELETE", f"/records/{ID}"), ("POST", "/delete"), ("GET", "/export"), ("GET", "/audit")]
ROUTES = [("search", *one) for one in SEARCH] + [("add", *one) for one in ADD] + [("admin", *one) for one in ADMIN]
ROLES = ["search", "add", "admin"]


@pytest.fixture(scope="module")
def client():
    with served(ledger=ListLedger(KEYS)) as made:
        yield made


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def test_every_route_of_the_api_stands_in_the_table(client):
    described = client.get("/api/v1/openapi.json").json()["paths"]
    there = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in described.items()
        if path.startswith("/api/")
        for method in methods
    }
    assert there == {
        (
            method,
            path.replace("/case/", "/{case}/")
            .replace(f"/marks/{{case}}/{ID}", "/marks/{case}/{record}")
            .replace(ID, "{id}"),
        )
        for _, method, path in ROUTES
    }


@pytest.mark.parametrize(("role", "method", "path"), ROUTES)
def test_a_route_is_closed_without_a_key_and_to_lesser_roles(client, role, method, path):
    for headers in ({}, bearer("wrong"), bearer(""), {"Authorization": "Basic a2V5LXM="}, {"Authorization": "key-r"}):
        answer = client.request(method, f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    for key, _, has in KEYS:
        status = client.request(method, f"/api/v1{path}", headers=bearer(key)).status_code
        assert (status == 403) == (ROLES.index(has) < ROLES.index(role)), (has, status)
        assert status != 401


def test_a_key_is_asked_for_before_a_body_is_read(client):
    def never():
        raise AssertionError("the body was read")
        yield b""

    asked = client.build_request("POST", "/api/v1/search", content=b"x", headers={"Content-Type": "text/plain"})
    assert client.send(asked).status_code == 401


def test_health_needs_no_key(client):
    assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/")] == [200, 200, 200]


def test_metrics_are_for_this_machine_or_an_admin():
    with served(ledger=ListLedger(KEYS)) as near:
        assert near.get("/metrics").status_code == 200
        proxied = {"X-Forwarded-For": "10.0.0.1"}
        assert near.get("/metrics", headers=proxied).status_code == 401
        assert near.get("/metrics", headers=proxied | bearer("key-s")).status_code == 403
        assert near.get("/metrics", headers=proxied | bearer("key-r")).status_code == 200
    with served(ledger=ListLedger(KEYS), client=("10.0.0.1", 5), loopback=False) as far:
        assert far.get("/metrics").status_code == 401
        assert far.get("/metrics", headers=bearer("key-r")).status_code == 200


HOSTS = {
    "127.0.0.1": 200,
    "127.0.0.1:8000": 200,
    "localhost:8000": 200,
    "LOCALHOST": 200,
    "[::1]:8000": 200,
    "evil.example": 421,
    "127.0.0.1.evil.example": 421,
    "localhost.evil.example:8000": 421,
    "192.168.0.5:8000": 421,
    "0.0.0.0:8000": 421,
    "": 421,
    "[::1": 421,
    "localhost:x": 421,
}


def test_without_keys_only_this_machines_own_names_are_answered():
    with served() as client:
        for host, path in product(HOSTS, ("/api/v1/about", "/metrics")):
            for more in ({}, bearer("anything")):  # which proves nothing where there are no keys
                assert client.get(path, headers={"Host": host} | more).status_code == HOSTS[host], host


def test_with_keys_any_host_is_answered(client):
    headers = bearer("key-s") | {"Host": "gallery.example"}
    assert client.get("/api/v1/about", headers=headers).status_code == 200


def test_a_server_that_others_reach_takes_nobody_without_a_key():
    with served(loopback=False) as client:
        for headers in ({}, bearer("anything")):
            assert client.get("/api/v1/about", headers=headers).status_code == 401
        assert client.get("/readyz").status_code == 200


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://127.0.0.1:9000"},
    {"Origin": "http://127.0.0.1:8000.evil.example"},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def test_pages_of_other_origins_are_refused():
    files = [("pictures", ("a.png", png()))]
    with served() as client:
        for headers in FOREIGN:
            assert client.post("/api/v1/search", files=files, headers=headers).status_code == 403, headers
            assert client.post("/api/v1/delete", json={"ids": [ID]}, headers=headers).status_code == 403
            assert client.get("/api/v1/export", headers=headers).status_code == 403
        assert not client.ledger.lines


def test_the_servers_own_page_is_answered():
    with served() as client:
        for headers in ({"Origin": "http://127.0.0.1:8000"}, {"Sec-Fetch-Site": "same-origin"}):
            answer = client.post("/api/v1/delete", json={"ids": [ID]}, headers=headers)
            assert answer.status_code == 200


def test_other_origins_are_given_no_leave(client):
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/api/v1/search", headers=asked)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
