"""Search by uploaded pictures and by records."""

import json

import pytest

from serve.served import BLUE, GREEN, MODEL, RED, encoded, image, png, record, served


@pytest.fixture(scope="module")
def client():
    with served() as made:
        yield made


def search(client, *pictures, **asked):
    files = [("pictures", (f"{number}.png", data, "image/png")) for number, data in enumerate(pictures)]
    return client.post("/api/v1/search", files=files, data={"asked": json.dumps(asked)})


def people(answer):
    assert answer.status_code == 200, answer.text
    return [(one["pid"], one["camid"]) for one in answer.json()["answers"]]


@pytest.mark.parametrize(("pid", "colour"), [(1, RED), (2, GREEN), (3, BLUE)])
def test_the_person_of_a_picture_comes_first(client, pid, colour):
    assert people(search(client, png(colour), k=3)) == [(pid, 1), (pid, 2), (pid, 3)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_of_the_three_formats_is_taken_whatever_its_name(client, kind):
    files = [("pictures", ("x.txt", encoded(image(GREEN), kind), "text/plain"))]
    answer = client.post("/api/v1/search", files=files)
    assert people(answer)[0] == (2, 1)
    assert len(answer.json()["answers"]) == 9


def test_a_box_says_which_person_of_a_picture_is_meant(client):
    both = image(RED, (64, 64))
    both.paste(BLUE, (32, 0, 64, 64))
    assert people(search(client, encoded(both), boxes=[[32, 0, 32, 64]], k=1)) == [(3, 1)]
    assert people(search(client, encoded(both), boxes=[[0, 0, 32, 64]], k=1)) == [(1, 1)]


def test_a_picture_is_turned_upright_before_it_is_cut(client):
    lying = image(RED, (64, 32))
    lying.paste(GREEN, (0, 16, 64, 32))
    exif = lying.getexif()
    exif[0x0112] = 6  # turned by 90 degrees to the right, the green half comes to the left
    data = encoded(lying, "JPEG", exif=exif, quality=95)
    assert people(search(client, data, boxes=[[0, 0, 16, 64]], k=1))[0][0] == 2
    assert people(search(client, data, boxes=[[16, 0, 16, 64]], k=1))[0][0] == 1


def test_several_pictures_are_one_query(client):
    assert {pid for pid, _ in people(search(client, png(RED), png((190, 30, 20)), k=3))} == {1}


def test_filters_hold(client):
    hour = {"since": "2026-01-01T10:00:00Z", "until": "2026-01-01T11:00:00+00:00"}
    assert people(search(client, png(), filters={"cameras": [2]}, k=1)) == [(1, 2)]
    assert people(search(client, png(), filters={"not_cameras": [1, 2]}, k=1)) == [(1, 3)]
    assert people(search(client, png(), filters=hour)) == [(1, 2), (2, 2), (3, 2)]
    assert people(search(client, png(), filters={"labels": {"upper": "blue"}}, k=1))[0][0] == 3
    assert people(search(client, png(), filters={"pids": [2]}, k=1))[0][0] == 2
    assert people(search(client, png(), not_camera=1, k=1)) == [(1, 2)]


def test_an_answer_says_what_was_searched_and_that_nothing_is_calibrated(client):
    told = search(client, png(), filters={"cameras": [1, 2]}).json()
    assert told["gallery_size"] == 6
    assert (told["calibrated"], told["nobody_below"], told["probably_nobody"]) == (False, None, None)
    first = told["answers"][0]
    assert first["probability"] is None
    assert first["similarity"] == pytest.approx(1, abs=0.01)
    assert (first["time"], first["labels"], first["path"]) == ("2026-01-01T09:00:01Z", {"upper": "red"}, "red_c1.png")
    assert client.get(first["thumbnail"]).content.startswith(b"\xff\xd8\xff")


def test_a_search_by_record_leaves_out_itself_and_its_track(client):
    client.gallery.add([record((195, 20, 20), camid=1, trackid=1, path="same track")])
    own = next(one.id for one in client.gallery.records() if one.path == "red_c1.png")
    answer = client.post("/api/v1/search/records", json={"ids": [own], "k": 2})
    assert people(answer) == [(1, 2), (1, 3)]
    elsewhere = client.post("/api/v1/search/records", json={"ids": [own], "k": 9, "other_cameras_only": True})
    assert {camid for _, camid in people(elsewhere)} == {2, 3}


def test_expansion_and_reranking_keep_the_person_first(client):
    for how in ({"expand": 2}, {"rerank": True}, {"expand": 2, "rerank": True}, {"way": "exact"}):
        assert people(search(client, png(GREEN), k=3, **how))[0][0] == 2


class Half:
    """A calibration by which everything below 0.9 is nobody."""

    model, rates = MODEL, (0.01, 0.1)

    def probability(self, similarity, *, cameras=None):
        return (similarity + 1) / 2

    def top1(self, similarity, *, size):
        return similarity / 2

    def nobody_below(self, rate, *, size):
        return 1 - rate

    def nobody_misses(self, rate, *, size):
        return None if rate < 0.01 else 0.4

    def measured(self, rate, *, size):
        return rate >= 0.01


def test_a_calibrated_answer_says_whether_it_is_nobody():
    with served(calibration=Half(), rate=0.1) as client:
        seen = search(client, png()).json()
        absent = search(client, png((200, 200, 20)), rate=0.001).json()
    assert (seen["nobody_below"], seen["probably_nobody"], seen["calibrated"]) == (0.9, False, True)
    assert (absent["nobody_below"], absent["probably_nobody"]) == (0.999, True)
    assert (seen["nobody_misses"], absent["nobody_misses"]) == (0.4, None)
    assert (seen["nobody_measured"], absent["nobody_measured"]) == (True, False)
    assert seen["answers"][0]["probability"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("filters", [{"pids": [99999]}, {"since": "2030-01-01T00:00:00Z"}])
def test_where_no_record_passes_the_filters_nobody_was_looked_for_and_none_is_said_to_be_absent(filters):
    with served(calibration=Half()) as client:
        told = search(client, png(), filters=filters).json()
    assert (told["answers"], told["gallery_size"], told["calibrated"]) == ([], 0, True)
    assert (told["probably_nobody"], told["nobody_below"], told["top1"]) == (None, None, None)


def test_a_rate_that_the_calibration_cannot_tell_is_refused_at_the_start():
    class Narrow(Half):
        def nobody_below(self, rate, *, size):
            if rate > 0.5:
                raise ValueError(f"rate is {rate}; give up to 0.5.")
            return 1 - rate

    with pytest.raises(ValueError, match=r"rate is 0\.9"), served(calibration=Narrow(), rate=0.9):
        pass


WRONG = [
    ({"k": 0}, "asked.k"),
    ({"k": 10**9}, "asked.k"),
    ({"k": 10**400}, "asked"),
    ({"k": "5"}, "asked.k"),
    ({"k": True}, "asked.k"),
    ({"filters": {"cameras": [99]}}, "camera 99"),
    ({"filters": {"labels": {"upper": "rde"}}}, "label upper=rde; upper is blue, green, red"),
    ({"filters": {"labels": {"uper": "red"}}}, "label uper=red; labels are upper"),
    ({"filters": {"cameras": []}}, "cameras"),
    ({"filters": {"cameras": [-1]}}, "cameras"),
    ({"filters": {"cameras": [2**31]}}, "cameras"),
    ({"filters": {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}}, "time range"),
    ({"filters": {"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}}, "time range"),
    ({"filters": {"since": "yesterday"}}, "2026-01-01T08:00:00Z"),
    ({"filters": {"since": 5}}, "2026-01-01T08:00:00Z"),
    ({"filters": {"labels": {"gender": "f"}}}, "never"),
    ({"filters": {"labels": {"Age": "young"}}}, "never"),
    ({"filters": {"labels": {"upper": "a\0b"}}}, "labels"),
    ({"filters": {"labels": {"upper": ""}}}, "labels"),
    ({"filters": {"pids": [0]}}, "pids"),
    ({"filters": {"colour": "red"}}, "colour"),
    ({"way": "quick"}, "way"),
    ({"expand": -1}, "expand"),
    ({"expand": 10**6}, "expand"),
    ({"rate": 0}, "rate"),
    ({"rate": 1}, "rate"),
    ({"boxes": []}, "boxes"),
    ({"boxes": [None, None]}, "2 boxes for 1"),
    ({"boxes": [[0, 0, 10]]}, "boxes"),
    ({"boxes": [[0, 0, 0, 10]]}, "outside"),
    ({"boxes": [[1000, 0, 10, 10]]}, "outside"),
    ({"boxes": [[1e308, 1e308, 1e308, 1e308]]}, "box"),
    ({"not_camera": -1}, "not_camera"),
    ({"unknown": 1}, "unknown"),
]


@pytest.mark.parametrize(("asked", "told"), WRONG, ids=lambda one: str(one)[:40])
def test_what_is_asked_wrongly_is_told(client, asked, told):
    answer = search(client, png(), **asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    "text", ["{", "null", "[]", "5", '{"rate": NaN}', '{"rate": Infinity}', '"\\ud800"', '{"\\ud800": 1}', "\0"]
)
def test_what_is_no_json_object_is_refused(client, text):
    answer = client.post("/api/v1/search", files=[("pictures", ("a", png()))], data={"asked": text})
    assert answer.status_code == 422


@pytest.mark.parametrize("ids", [[], ["x"], ["0" * 31], ["A" * 32], ["0" * 32] * 9, "0" * 32, None, [5]])
def test_ids_that_are_none_are_refused(client, ids):
    assert client.post("/api/v1/search/records", json={"ids": ids}).status_code == 422


def test_an_unknown_record_is_not_found(client):
    answer = client.post("/api/v1/search/records", json={"ids": ["0" * 32]})
    assert answer.status_code == 404
    assert "0" * 32 in answer.json()["detail"]
