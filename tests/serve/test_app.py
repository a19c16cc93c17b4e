"""What surrounds the routes: headers, the page, the description, the counts."""

import json
import re

import pytest

from passerby.serve.measures import Measures
from passerby.serve.routes.page import page
from passerby.serve.safety import HEADERS
from serve.served import png, served


@pytest.fixture(scope="module")
def client():
    with served() as made:
        yield made


@pytest.mark.parametrize(
    "path", ["/", "/static/main.js", "/nothing", "/api/v1/about", "/api/v1/nothing", "/healthz", "/metrics"]
)
def test_every_answer_has_the_security_headers(client, path):
    answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "server" not in answer.headers
    if path.startswith("/api/"):
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_and_all_that_it_names_are_there(client):
    first = client.get("/")
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="(static/[^"#]+)"', first.text)
    assert named
    kinds = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
    for name in named:
        answer = client.get(f"/{name}")
        assert answer.status_code == 200, name
        kind = kinds.get(name.rpartition(".")[2])
        assert kind in (None, answer.headers["content-type"])
    assert "//" not in re.sub(r"http://www\.w3\.org\S*", "", "".join(re.findall(r'(?:src|href)="([^"]+)"', first.text)))


def test_what_a_browser_has_is_not_sent_again(client):
    tag = client.get("/").headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.get("/", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../keys.py", "%2e%2e/keys.py", "..%2fkeys.py", "/etc/passwd", "index.html/", "keys.py", "a%00b"],
)
def test_nothing_but_the_pages_files_is_served(client, name):
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 404 or "<!doctype html>" in answer.text.lower()
    assert "import " not in answer.text


def test_a_file_of_an_unknown_kind_is_refused(tmp_path):
    (tmp_path / "index.html").write_text("x")
    (tmp_path / "key.pem").write_text("x")
    with pytest.raises(ValueError, match=r"key\.pem"):
        page(tmp_path)


def test_the_description_is_complete(client):
    told = client.get("/api/v1/openapi.json").json()
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
    assert told["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    text = json.dumps(told)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in told["components"]["schemas"]
    for path, methods in told["paths"].items():
        for method, route in methods.items():
            assert route["description"], path
            assert "HTTPValidationError" not in json.dumps(route)
            if not path.startswith("/api/"):
                continue
            assert route["security"] == [{"key": []}], path
            assert route["x-role"] in ("search", "add", "admin")
            assert "schema" in next(iter(route["responses"]["200"]["content"].values())), path
            wrong = {status for status in route["responses"] if status != "200"}
            assert {"401", "403", "422", "503"} <= wrong
            assert ({"413", "415"} <= wrong) == (method == "post")
            for status in wrong:
                assert set(route["responses"][status]["content"]) == {"application/problem+json"}, (path, status)


def test_without_retention_no_measure_says_when_it_last_went_well(client):
    assert "passerby_retention_last_success" not in client.get("/metrics").text
    measures = Measures()
    assert measures.retained is measures.retained
    assert b"passerby_retention_last_success_seconds 0.0" in measures.text()


def test_requests_are_counted_by_route_and_status(client):
    for _ in range(3):
        client.get("/api/v1/records/" + "0" * 32)
    client.post("/api/v1/search", files=[("pictures", ("a", png()))] * 2)
    client.get("/some/path/that/is/not/there")
    text = client.get("/metrics").text
    counted = dict(re.findall(r"^(passerby_\S+) (\S+)$", text, flags=re.MULTILINE))
    assert counted['passerby_requests_total{method="GET",route="/api/v1/records/{id}",status="404"}'] == "3.0"
    assert counted['passerby_requests_total{method="POST",route="/api/v1/search",status="200"}'] == "1.0"
    assert counted["passerby_batch_pictures_sum"] == "2.0"
    assert counted["passerby_gallery_records"] == "9.0"
    assert counted["passerby_queue_pictures"] == "0.0"
    assert 'le="+Inf",route="/api/v1/search"' in text
    assert "not/there" not in text
    assert 'route="other"' in text
