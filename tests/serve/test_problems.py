"""What goes wrong is told as problem+json, and nothing else is told."""

import errno
import json
import logging
import time

import pytest

from passerby.gallery.contract import OtherModel
from passerby.serve.inside import Inside
from passerby.serve.limits import Limits
from passerby.types import ModelId
from serve.served import DIM, EMBEDDER, MODEL, ListLedger, PlainGallery, filled, png, served

FILES = [("pictures", ("a.png", png()))]


@pytest.fixture(scope="module")
def client():
    with served() as made:
        yield made


def told(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["detail"]
    return body["detail"]


def test_routing_tells_problems_too():
    with served() as client:
        told(client.get("/api/v1/nothing"), 404)
        told(client.get("/static/../keys.py"), 404)
        told(client.put("/api/v1/search"), 405)
        told(client.post("/"), 405)
        told(client.request("BREW", "/api/v1/about"), 405)


CALLS = [
    ("POST", "/search", {"files": FILES}),
    ("GET", "/about", {}),
    ("GET", "/cameras", {}),
    ("GET", "/statistics", {}),
    ("GET", "/records", {}),
    ("GET", f"/records/{'0' * 32}", {}),
    ("GET", f"/records/{'0' * 32}/thumbnail", {}),
    ("POST", "/records", {"files": FILES, "data": {"records": "[{}]"}}),
    ("DELETE", f"/records/{'0' * 32}", {}),
    ("POST", "/delete", {"json": {"ids": ["0" * 32]}}),
    ("GET", "/export", {}),
    ("POST", "/search/records", {"json": {"ids": ["0" * 32]}}),
    ("POST", "/marks", {"json": {"case": "a", "record": "0" * 32, "right": True}}),
]


def test_a_store_that_has_stopped_is_503_and_asked_again_later():
    gallery = filled()
    with served(gallery) as client:
        gallery.break_it()
        for method, path, call in CALLS:
            answer = client.request(method, f"/api/v1{path}", **call)
            assert "broken" in told(answer, 503), path
            assert int(answer.headers["retry-after"]) > 0


def test_a_store_that_stops_in_the_middle_of_a_request_is_503():
    gallery = filled()
    search = gallery.search

    def stopping(*args, **kwargs):
        search(*args, **kwargs)
        gallery.break_it()
        gallery.ready()

    gallery.search = stopping
    with served(gallery) as client:
        told(client.post("/api/v1/search", files=FILES), 503)
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert "passerby_gallery_records NaN" in client.get("/metrics").text


def test_an_export_that_breaks_in_the_middle_does_not_look_whole():
    gallery = filled()

    def breaking(where=None, *, thumbnails=False):
        yield from list(gallery.held.values()) * 20
        gallery.break_it()
        gallery.ready()

    gallery.records = breaking
    with served(gallery) as client, pytest.raises(Exception, match=r"broken|started"):
        client.get("/api/v1/export")


def test_without_its_ledger_the_server_answers_nobody():
    ledger = ListLedger()
    with served(ledger=ledger) as client:
        ledger.broken = True
        for method, path, call in CALLS:
            told(client.request(method, f"/api/v1{path}", **call), 503)
        assert client.get("/readyz").status_code == 503
        assert len(client.gallery.held) == 9


def test_a_programming_mistake_shows_no_traceback_but_a_number_that_the_log_has(caplog):
    gallery = filled()
    gallery.cameras = lambda: 1 // 0
    with served(gallery) as client, caplog.at_level(logging.ERROR):
        detail = told(client.get("/api/v1/cameras"), 500)
    assert "division" not in detail
    number = detail.split()[-1].rstrip(".")
    assert number in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_path_with_a_line_break_makes_no_second_line_in_the_log(caplog):
    ledger = ListLedger()
    ledger.who = lambda bearer: 1 // 0
    with served(ledger=ledger) as client, caplog.at_level(logging.ERROR):
        told(client.delete("/api/v1/marks/a%0AError%20b/" + "0" * 32), 500)
    assert all("\n" not in one.getMessage() for one in caplog.records)


def test_a_full_disk_is_507():
    gallery = filled()

    def full(records):
        raise OSError(errno.ENOSPC, "No space left on device")

    gallery.add = full
    with served(gallery) as client:
        told(client.post("/api/v1/records", files=FILES, data={"records": "[{}]"}), 507)


def test_a_network_that_takes_too_long_is_504_and_its_next_answers_are_right():
    def slow(pictures):
        time.sleep(0.3)
        return EMBEDDER.vectors(pictures)

    late = type(EMBEDDER)(model=MODEL, dim=DIM, prepare=EMBEDDER.prepare, vectors=slow)
    with served(embedder=late, limits=Limits(work=0.1)) as client:
        told(client.post("/api/v1/search", files=FILES), 504)
    with served(embedder=late, limits=Limits(work=30)) as client:
        assert client.post("/api/v1/search", files=FILES).status_code == 200


def test_a_gallery_that_takes_too_long_is_504():
    gallery = filled()
    gallery.cameras = lambda: time.sleep(0.3) or {}
    with served(gallery, limits=Limits(work=0.1)) as client:
        told(client.get("/api/v1/cameras"), 504)


def test_a_network_that_gives_no_number_is_told():
    def broken(pictures):
        return EMBEDDER.vectors(pictures) * float("nan")

    with served(embedder=type(EMBEDDER)(model=MODEL, dim=DIM, prepare=EMBEDDER.prepare, vectors=broken)) as client:
        assert "NaN" in told(client.post("/api/v1/search", files=FILES), 422)


@pytest.mark.parametrize("other", [(ModelId("other", "", ""), DIM), (MODEL, DIM + 1)])
def test_a_gallery_of_another_model_is_refused_at_the_start(other):
    with pytest.raises(OtherModel, match="the run that the gallery was made with"):
        Inside(gallery=PlainGallery(*other), embedder=EMBEDDER, ledger=ListLedger())


def test_a_gallery_that_becomes_another_models_is_409():
    gallery = filled()

    def other(*args, **kwargs):
        raise OtherModel("The gallery holds vectors of another model.")

    gallery.search = gallery.add = other
    with served(gallery) as client:
        told(client.post("/api/v1/search", files=FILES), 409)
        told(client.post("/api/v1/records", files=FILES, data={"records": "[{}]"}), 409)


def test_too_many_requests_at_once_are_503():
    with served(limits=Limits(requests=0)) as client:
        assert "retry-after" in client.get("/healthz").headers
        told(client.get("/healthz"), 503)


def test_a_time_range_backwards_is_told_in_iso_times_and_without_words_of_the_parser(client):
    filters = {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
    detail = told(client.post("/api/v1/search", files=FILES, data={"asked": json.dumps({"filters": filters})}), 422)
    assert detail == (
        "asked.filters: The time range goes from 2026-02-01T00:00:00Z to 2026-01-01T00:00:00Z; "
        "the end must come after the start."
    )


def test_every_mistake_of_a_request_is_listed():
    with served() as client:
        answer = client.post("/api/v1/marks", json={"case": "", "record": "x", "right": "yes", "more": 1})
        assert "record" in told(answer, 422)
        assert {one["where"] for one in answer.json()["errors"]} == {
            "body.case",
            "body.record",
            "body.right",
            "body.more",
        }


@pytest.mark.parametrize("body", ["{", "", "[]", "null", "1", '{"ids": ' * 100_000, '{"ids": NaN}', '{"\\ud800": 1}'])
def test_a_body_that_is_no_json_object_is_told(client, body):
    answer = client.post("/api/v1/delete", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 413, 422)
    told(answer, answer.status_code)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "camera=-1",
        "camera=77",
        "camera=99999999999999999999",
        "since=2027-01-01T00:00:00Z&until=2026-01-01T00:00:00Z",
        "since=1",
        "since=0001-01-01T00:00:00%2B23:59",
        "until=0001-01-01T00:00:00%2B01:00",
        "since=9999-12-31T23:59:59-01:00",
        "since=9999-12-31T23:59:59.999999Z",
        "label=upper",
        "label=gender:f",
        "label=upper:a&label=upper:b",
        "label=a%00b:c",
        "after=x",
        "after=" + "0" * 32,
        "label=%ff%fe:%ff",
    ],
)
def test_a_query_that_makes_no_sense_is_told(client, query):
    answer = client.get(f"/api/v1/records?{query}")
    if query.startswith("label=%ff"):
        assert answer.status_code in (200, 422)
    else:
        told(answer, 422)
