"""Uploads that are no pictures, or too much."""

import asyncio
import json
import struct
import time
import zlib

import pytest
from PIL import Image

from passerby.serve.limits import Limits
from passerby.serve.problem import Refused
from passerby.serve.upload import bounded
from serve.served import encoded, image, png, served

LIMITS = Limits(file=20_000, body=60_000, text=2_000, pixels=1_000_000, files=3)


@pytest.fixture(scope="module")
def client():
    with served(limits=LIMITS) as made:
        yield made


def search(client, *pictures, **options):
    files = [("pictures", ("a.png", data)) for data in pictures]
    return client.post("/api/v1/search", files=files, **options)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side):
    """A PNG whose header says side x side pixels; all of its data is a few bytes."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_picture_of_40000_by_40000_pixels_is_refused_by_its_header(client):
    started = time.process_time()
    answer = search(client, bomb(40_000))
    assert answer.status_code == 413
    assert "pixels" in answer.json()["detail"]
    assert time.process_time() - started < 2


def test_the_bound_of_pixels_is_sharp(client):
    assert search(client, encoded(image(size=(1000, 1000)))).status_code == 200
    assert search(client, encoded(image(size=(1000, 1001)))).status_code == 413


def noise():
    return Image.effect_noise((48, 48), 90).convert("RGB")


BROKEN = {
    "nothing": (b"", 415),
    "text": (b"hello", 415),
    "html": (b"<html><script>alert(1)</script>", 415),
    "gif": (encoded(image(), "GIF"), 415),
    "bmp": (encoded(image(), "BMP"), 415),
    "tiff": (encoded(image(), "TIFF"), 415),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", 415),
    "another riff": (b"RIFF\x10\0\0\0WAVEfmt ", 415),
    "signature alone": (b"\x89PNG\r\n\x1a\n", 422),
    "jpeg signature alone": (b"\xff\xd8\xff", 422),
    "half a png": (encoded(noise())[:700], 422),
    "half a jpeg": (encoded(noise(), "JPEG")[:700], 422),
    "half a webp": (encoded(noise(), "WEBP")[:200], 422),
    "no pixels": (bomb(0), 422),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_whole_picture_is_refused_by_its_content(client, name):
    data, status = BROKEN[name]
    files = [("pictures", ("good.png", png())), ("pictures", ("a.png", data, "image/png"))]
    answer = client.post("/api/v1/search", files=files)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith("Picture 2")


def test_a_file_that_is_too_long_is_refused(client):
    answer = search(client, png() + b"\0" * 20_000)
    assert answer.status_code == 413
    assert "20,000" in answer.json()["detail"]


def test_too_many_files_or_fields_are_refused(client):
    assert search(client, *[png()] * 3).status_code == 200
    assert search(client, *[png()] * 4).status_code == 400
    assert search(client, png(), data={str(number): "x" for number in range(9)}).status_code == 400
    assert search(client, png(), data={"asked": json.dumps({"x": "y" * 3_000})}).status_code == 400


def test_no_picture_is_refused(client):
    assert client.post("/api/v1/search", files=[("asked", (None, "{}"))]).status_code == 422
    assert client.post("/api/v1/search", data={"pictures": "text"}).status_code == 415
    assert client.post("/api/v1/search", files=[("pictures", (None, "text"))]).status_code == 422


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", "", "multipart"]
)
def test_another_content_type_is_refused(client, kind):
    answer = client.post("/api/v1/search", content=b"x", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert client.post("/api/v1/delete", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\ny\r\n--x--", b"\0" * 500]
)
def test_a_body_that_is_no_multipart_is_refused(client, body):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/v1/search", content=body, headers=kind).status_code in (400, 422)
    none = {"Content-Type": "multipart/form-data"}
    assert client.post("/api/v1/search", content=body, headers=none).status_code == 400


def test_a_charset_that_decodes_nothing_is_refused(client):
    body = b'--x\r\nContent-Disposition: form-data; name="asked"\r\n\r\n{}\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x; charset=undefined"}
    assert client.post("/api/v1/search", content=body, headers=kind).status_code == 400


def test_a_body_that_is_too_long_is_refused_with_and_without_its_length(client):
    whole = b"x" * 61_000
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/v1/search", content=whole, headers=kind).status_code == 413
    pieces = (whole[start : start + 1000] for start in range(0, len(whole), 1000))
    assert client.post("/api/v1/search", content=pieces, headers=kind).status_code == 413
    assert client.post("/api/v1/delete", json={"ids": ["0" * 32] * 100}).status_code == 413


def receiver(*messages, wait=0.0):
    waiting = iter(messages)

    async def receive():
        await asyncio.sleep(wait)
        return next(waiting)

    return receive


def piece(size, more=True):
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def refused(receive, **options):
    async def drain():
        bound = bounded(receive, **options)
        while (await bound()).get("more_body"):
            pass

    with pytest.raises(Refused) as error:
        asyncio.run(drain())
    return error.value


def test_a_long_body_is_stopped_at_the_bound_whatever_its_length_says():
    taken = receiver(*[piece(400)] * 3, piece(0, more=False))
    assert refused(taken, most=1_000, limits=LIMITS).status_code == 413
    lying = receiver(*[piece(400)] * 3, piece(0, more=False))
    assert refused(lying, most=1_000, limits=LIMITS, declared=10).status_code == 413
    honest = receiver(piece(10, more=False))
    error = refused(honest, most=1_000, limits=LIMITS, declared=10**12)
    assert (error.status_code, error.headers) == (413, {})  # the connection drops the rest, and goes on


def test_a_client_that_sends_nothing_is_given_up():
    never = receiver(piece(1), wait=5)
    assert refused(never, most=100, limits=Limits(piece=0.05)).status_code == 408


def test_a_client_that_sends_drop_by_drop_is_given_up():
    drops = receiver(*[piece(1)] * 3000, wait=0.01)
    started = time.monotonic()
    assert refused(drops, most=10_000, limits=Limits(piece=1, upload=0.1)).status_code == 408
    assert time.monotonic() - started < 20
