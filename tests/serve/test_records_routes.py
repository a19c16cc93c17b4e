"""Adding, listing, viewing and deleting records, marking them, and what the audit then holds."""

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from passerby.gallery.record import THUMBNAIL
from serve.served import (
    BLUE,
    DIM,
    EMBEDDER,
    GREEN,
    MODEL,
    RED,
    START,
    ListLedger,
    PlainGallery,
    encoded,
    image,
    png,
    served,
)


@pytest.fixture
def client():
    with served() as made:
        yield made


@pytest.fixture
def empty():
    with served(PlainGallery(MODEL, DIM)) as made:
        yield made


def add(client, pictures, records):
    files = [("pictures", (f"{number}.png", data)) for number, data in enumerate(pictures)]
    return client.post("/api/v1/records", files=files, data={"records": json.dumps(records)})


def ids(client):
    return sorted(client.gallery.held)


KNOWN = {
    "camid": 4,
    "time": "2026-01-01T08:00:00.5Z",
    "trackid": 7,
    "pid": 3,
    "labels": {"upper": "red", "bag": "none"},
    "path": "a/b.png",
}


def test_what_is_added_is_there_with_all_that_is_known(empty):
    told = add(empty, [png(RED)], [KNOWN]).json()
    assert (told["new"], told["replaced"]) == (1, 0)
    answer = empty.get(f"/api/v1/records/{told['ids'][0]}").json()
    assert {name: answer[name] for name in KNOWN} == {**KNOWN, "time": "2026-01-01T08:00:00.500000Z"}
    (kept,) = empty.gallery.held.values()
    assert kept.time == START + 0.5
    assert np.allclose(kept.embedding, EMBEDDER.vectors([EMBEDDER.prepare(image(RED))])[0])


def test_the_same_sighting_again_is_one_record(empty):
    first = add(empty, [png(RED)], [KNOWN]).json()
    again = add(empty, [png(GREEN)], [KNOWN]).json()
    assert (first["ids"], again["new"], again["replaced"]) == (again["ids"], 0, 1)
    upload = [add(empty, [png(BLUE)], [{}]).json() for _ in range(2)]
    assert upload[0]["ids"] == upload[1]["ids"]
    assert len(empty.gallery.held) == 2


def test_an_upload_again_is_one_record_whatever_else_is_in_its_batch():
    def rounded(pictures):  # as convolutions do, whose last digits depend on how many pictures there are
        rows = EMBEDDER.vectors(pictures)
        return rows + np.float32(1e-7 * len(pictures))

    with served(PlainGallery(MODEL, DIM), embedder=replace(EMBEDDER, vectors=rounded)) as client:
        alone = add(client, [png(BLUE)], [{"camid": 1}]).json()
        beside = add(client, [png(BLUE), png(RED)], [{"camid": 1}, {"camid": 1}]).json()
        assert (beside["ids"][0], beside["new"], beside["replaced"]) == (alone["ids"][0], 1, 1)


def test_a_box_is_cut_out_before_anything_is_kept(empty):
    both = image(RED, (64, 64))
    both.paste(BLUE, (32, 0, 64, 64))
    told = add(empty, [encoded(both)], [{**KNOWN, "box": [32, 0, 32, 64]}]).json()
    answer = empty.get(f"/api/v1/records/{told['ids'][0]}").json()
    assert answer["box"] == [32, 0, 32, 64]
    small = Image.open(io.BytesIO(empty.get(answer["thumbnail"]).content))
    assert small.size == (32, 64)
    assert np.abs(np.asarray(small).reshape(-1, 3).mean(axis=0) - BLUE).max() < 3


def test_a_thumbnail_of_the_worst_picture_is_small_enough(empty):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8))
    told = add(empty, [encoded(noise)], [KNOWN]).json()
    small = empty.gallery.held[told["ids"][0]].thumbnail
    assert len(small) <= THUMBNAIL
    assert max(Image.open(io.BytesIO(small)).size) == 256


@pytest.mark.parametrize(
    ("pictures", "records"),
    [
        ([png()], []),
        ([png()], [{}, {}]),
        ([png()], {}),
        ([png()], None),
        ([png()], [None]),
        ([png()], [{"camid": -1}]),
        ([png()], [{"camid": 1.5}]),
        ([png()], [{"pid": 0}]),
        ([png()], [{"time": 5}]),
        ([png()], [{"labels": {"gender": "m"}}]),
        ([png()], [{"labels": {"upper": "x" * 201}}]),
        ([png()], [{"path": "a\0b"}]),
        ([png()], [{"path": "x" * 1001}]),
        ([png()], [{"box": [0, 0, 10, 0]}]),
        ([png()], [{"id": "0" * 32}]),
        ([png(), png()], [KNOWN, KNOWN]),
        ([png(), png()], [{}, {}]),
        ([png(), b"no picture"], [{}, {"camid": 1}]),
    ],
)
def test_nothing_is_added_where_anything_is_wrong(empty, pictures, records):
    assert add(empty, pictures, records).status_code in (415, 422)
    assert not empty.gallery.held


def test_pages_of_records_are_all_records_the_latest_first(client):
    seen, after = [], None
    while True:
        page = client.get("/api/v1/records", params={"limit": 4} | ({"after": after} if after else {})).json()
        seen += page["records"]
        after = page["next"]
        if after is None:
            break
    assert sorted(one["id"] for one in seen) == ids(client)
    assert [one["time"] for one in seen] == sorted((one["time"] for one in seen), reverse=True)


def test_a_list_is_filtered(client):
    def found(**asked):
        return [(one["pid"], one["camid"]) for one in client.get("/api/v1/records", params=asked).json()["records"]]

    assert found(camera=2) == [(3, 2), (2, 2), (1, 2)]
    assert found(camera=[1, 2], label="upper:red") == [(1, 2), (1, 1)]
    assert found(since="2026-01-01T11:00:02Z") == [(3, 3), (2, 3)]
    assert found(until="2026-01-01T09:00:02Z") == [(1, 1)]


def test_counts_are_told(client):
    about = client.get("/api/v1/about").json()
    assert (about["records"], about["dim"], about["role"]) == (9, DIM, "admin")
    assert about["cameras"] == [{"camid": camid, "count": 3} for camid in (1, 2, 3)]
    assert about["labels"] == {"upper": ["blue", "green", "red"]}
    assert about["last_time"] == "2026-01-01T11:00:03Z"
    hours = client.get("/api/v1/statistics", params={"camera": 2}).json()["hours"]
    assert hours == [{"camid": 2, "start": "2026-01-01T10:00:00Z", "count": 3}]


def test_an_empty_gallery_answers(empty):
    assert empty.get("/api/v1/about").json()["records"] == 0
    assert empty.get("/api/v1/records").json() == {"records": [], "next": None}
    answer = empty.post("/api/v1/search", files=[("pictures", ("a", png()))]).json()
    assert (answer["answers"], answer["gallery_size"]) == ([], 0)
    assert empty.get("/api/v1/export").text == ""


def test_a_deleted_record_is_gone_with_its_thumbnail(client):
    one = ids(client)[0]
    assert client.delete(f"/api/v1/records/{one}").json() == {"deleted": 1}
    for path in (f"/records/{one}", f"/records/{one}/thumbnail"):
        assert client.get(f"/api/v1{path}").status_code == 404
    assert client.delete(f"/api/v1/records/{one}").status_code == 404
    assert len(ids(client)) == 8


def test_deletion_by_filters_and_by_ids(client):
    def delete(**asked):
        return client.post("/api/v1/delete", json=asked)

    for wrong in ({}, {"filters": {}}, {"filters": {"cameras": [1]}, "ids": ids(client)[:1]}, {"ids": []}):
        assert delete(**wrong).status_code == 422
    assert delete(filters={"cameras": [99]}).status_code == 422
    assert delete(filters={"labels": {"upper": "rde"}}).status_code == 422
    assert len(ids(client)) == 9
    assert delete(filters={"pids": [2], "cameras": [1, 3]}).json() == {"deleted": 2}
    assert delete(filters={"until": "2026-01-01T09:30:00Z"}).json() == {"deleted": 2}
    left = ids(client)
    assert delete(ids=[left[0], left[0], "0" * 32]).json() == {"deleted": 1}
    assert ids(client) == left[1:]


def test_an_export_is_everything(client):
    lines = [json.loads(line) for line in client.get("/api/v1/export").text.splitlines()]
    assert [line["id"] for line in lines] == ids(client)
    for line in lines:
        kept = client.gallery.held[line["id"]]
        vector = np.frombuffer(base64.b64decode(line["embedding"]), "<f4")
        assert np.array_equal(vector, kept.embedding)
        assert (line["camid"], line["pid"], line["path"]) == (kept.camid, kept.pid, kept.path)


def test_a_large_export_comes_in_pieces_and_is_whole(empty):
    empty.gallery.records = lambda: (record for record in list(empty.gallery.held.values()) * 1_050)
    add(empty, [png()], [KNOWN])
    assert len(empty.get("/api/v1/export").text.splitlines()) == 1_050


def test_marks_make_a_timeline_and_a_manifest(client):
    by = {(one.pid, one.camid): one.id for one in client.gallery.held.values()}
    for key in ((1, 3), (1, 1), (2, 2)):
        answer = client.post("/api/v1/marks", json={"case": "A 1", "record": by[key], "right": key[0] == 1})
        assert answer.json()["who"] == "anybody"
    client.post("/api/v1/marks", json={"case": "B", "record": by[3, 3], "right": True})
    timeline = client.get("/api/v1/timeline", params={"case": "A 1"}).json()["cameras"]
    assert [(one["camid"], [seen["id"] for seen in one["sightings"]]) for one in timeline] == [
        (1, [by[1, 1]]),
        (3, [by[1, 3]]),
    ]
    assert len(client.get("/api/v1/marks").json()["marks"]) == 4
    assert len(client.get("/api/v1/marks", params={"case": "B"}).json()["marks"]) == 1
    text = client.get("/api/v1/marks/manifest.csv").text
    assert [line.split(",")[:3] for line in text.splitlines()] == [
        ["path", "pid", "camid"],
        ["red_c1.png", "1", "1"],
        ["red_c3.png", "1", "3"],
        ["blue_c3.png", "2", "3"],
    ]
    client.post("/api/v1/marks", json={"case": "A 1", "record": by[1, 1], "right": False})
    assert len(client.get("/api/v1/timeline", params={"case": "A 1"}).json()["cameras"]) == 1
    assert client.delete(f"/api/v1/marks/A 1/{by[1, 3]}").json() == {"deleted": 1}
    assert client.delete(f"/api/v1/marks/A 1/{by[1, 3]}").status_code == 404


@pytest.mark.parametrize("case", ["", "x" * 101, "a\nb", "a\0b", "\u200b", None, 5])
def test_a_case_needs_a_name_and_the_audit_tells_of_no_mark_without(client, case):
    answer = client.post("/api/v1/marks", json={"case": case, "record": ids(client)[0], "right": True})
    assert answer.status_code == 422
    assert not client.ledger.lines


def test_the_audit_counts_no_mark_that_was_not_there_to_be_taken_away():
    ledger = ListLedger()
    with served(ledger=ledger) as client:
        record = ids(client)[0]
        client.post("/api/v1/marks", json={"case": "a", "record": record, "right": True})
        client.post("/api/v1/marks", json={"case": "b", "record": record, "right": True})
        statuses = [client.delete(f"/api/v1/marks/a/{record}").status_code for _ in range(2)]
    assert statuses == [200, 404]
    assert [line.answers for line in ledger.lines if line.what == "unmark"] == [1, 0]


def test_a_record_that_is_not_there_is_not_marked(client):
    assert client.post("/api/v1/marks", json={"case": "a", "record": "0" * 32, "right": True}).status_code == 404


def test_the_audit_holds_who_did_what_with_how_many_answers():
    key = ListLedger((("k", "Root", "admin"),))
    with served(ledger=key, key="k") as client:
        one = ids(client)[0]
        files = [("pictures", ("a", png()))]
        search = client.post("/api/v1/search", files=files, data={"asked": '{"k": 4, "filters": {"cameras": [1, 2]}}'})
        client.post("/api/v1/search/records", json={"ids": [one], "k": 2})
        client.get(f"/api/v1/records/{one}")
        client.get(f"/api/v1/records/{one}/thumbnail")
        client.get("/api/v1/records", params={"camera": 1})
        client.get("/api/v1/export")
        client.post("/api/v1/marks", json={"case": "a", "record": one, "right": True})
        client.get("/api/v1/timeline", params={"case": "a"})
        client.get("/api/v1/marks/manifest.csv")
        client.delete(f"/api/v1/marks/a/{one}")
        client.post("/api/v1/delete", json={"filters": {"pids": [1]}})
        add(client, [png()], [KNOWN])
        lines = client.get("/api/v1/audit").json()["lines"]
        page = client.get("/api/v1/audit", params={"limit": 2, "before": 5}).json()
    assert [(line["what"], line["answers"]) for line in reversed(lines)] == [
        ("search", 4),
        ("search by record", 2),
        ("view", 1),
        ("view thumbnail", 1),
        ("list", 3),
        ("export", 9),
        ("mark", 1),
        ("timeline", 1),
        ("manifest", 1),
        ("unmark", 1),
        ("delete", 3),
        ("add", 1),
    ]
    assert {line["who"] for line in lines} == {"Root"}
    first = lines[-1]["details"]
    assert (first["search"], first["filters"]) == (search.json()["search"], {"cameras": [1, 2]})
    assert ([line["number"] for line in page["lines"]], page["next"]) == ([4, 3], 3)


def test_what_the_audit_cannot_write_does_not_happen(client):
    def full(*args, **kwargs):
        client.ledger.broken = True
        client.ledger.ready()

    client.ledger.note = full
    one = ids(client)[0]
    calls = [
        lambda: client.delete(f"/api/v1/records/{one}"),
        lambda: client.post("/api/v1/delete", json={"ids": [one]}),
        lambda: add(client, [png()], [KNOWN]),
        lambda: client.post("/api/v1/marks", json={"case": "a", "record": one, "right": True}),
        lambda: client.get(f"/api/v1/records/{one}/thumbnail"),
        lambda: client.get("/api/v1/export"),
    ]
    for call in calls:
        client.ledger.broken = False
        assert call().status_code == 503
    assert len(ids(client)) == 9
    assert not client.ledger.kept
