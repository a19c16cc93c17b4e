"""The pictures that somebody searches by: whole, named, and what is left out told with its reason."""

import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from page.browsing import looking, pretending
from page.pretend_people import jpeg, person
from passerby.serve.limits import Limits

RED = jpeg(person("red", "black", wall=150))
QUERY = Path(__file__).parents[2] / "src" / "passerby" / "serve" / "page" / "query.js"
SIZE = """async (bytes) => {
  const { pictureSize } = await import("/static/picture_size.js");
  return pictureSize(new Blob([new Uint8Array(bytes)]));
}"""
NAMES = """async (names) => {
  const { fileName } = await import("/static/file_name.js");
  return names.map((name) => fileName(name).map((part) => part.outerHTML ?? part).join("")
    .replaceAll("<wbr>", "|").replace(/<[^>]*>/g, ""));
}"""
# of every line of a name: what stands on it
LINES = """(name) => {
  const lines = new Map();
  const walk = document.createTreeWalker(name, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    for (let i = 0; i < walk.currentNode.data.length; i += 1) {
      const range = document.createRange();
      range.setStart(walk.currentNode, i);
      range.setEnd(walk.currentNode, i + 1);
      const top = Math.round(range.getBoundingClientRect().top);
      lines.set(top, (lines.get(top) ?? "") + walk.currentNode.data[i]);
    }
  }
  return [...lines.values()];
}"""


@pytest.fixture
def pretended():
    with pretending() as served:
        yield served


def file(name, content=RED, kind="image/jpeg"):
    return {"name": name, "mimeType": kind, "buffer": content}


def png(width, height):
    """A PNG in black and white whose pixels are missing."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def encoded(mode="RGB", **how):
    data = io.BytesIO()
    Image.new(mode, (300, 200)).save(data, **how)
    return data.getvalue()


def test_a_picture_too_large_to_be_shown_is_called_that_and_not_damaged(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        page.set_input_files(
            "#choose", [file("huge.png", png(40_000, 40_000), "image/png"), file("cut.png", png(40, 40), "image/png")]
        )
        expect(page.locator(".trouble p")).to_have_text(
            "cut.png: left out, since it cannot be shown: damaged, or not what its name says. "
            "huge.png (40,000 by 40,000 pixels): left out, since it is too large; give a smaller copy."
        )
    assert int(re.search(r"LARGE = ([0-9_]+)", QUERY.read_text())[1]) == Limits().pixels


def test_a_size_is_read_from_the_header_of_every_format_and_of_nothing_else(browser, pretended):
    exif = Image.Exif()
    exif[270] = "x" * 60_000
    whole = [
        png(300, 200),
        encoded(format="JPEG"),
        encoded("L", format="JPEG", progressive=True, exif=exif.tobytes(), comment=b"\xff\xc0 no size"),
        encoded(format="WEBP"),
        encoded(format="WEBP", lossless=True),
        encoded("RGBA", format="WEBP", exif=exif.tobytes()),
    ]
    nothing = [
        b"",
        b"hello",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0\x00\x00" * 9,
        b"RIFF\0\0\0\0WEBPVP8 ",
        encoded(format="GIF"),
        RED[:9],
    ]
    with looking(browser, pretended.url) as page:
        assert [page.evaluate(SIZE, list(data)) for data in whole] == [[300, 200]] * len(whole)
        assert [page.evaluate(SIZE, list(data)) for data in nothing] == [None] * len(nothing)


def test_what_is_left_out_for_want_of_room_is_named_and_what_is_damaged_takes_no_room(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        page.set_input_files("#choose", [file(f"{i}.jpg") for i in range(7)])
        expect(page.locator(".picture")).to_have_count(7)
        page.set_input_files("#choose", [file("bad.jpg", b"hello"), file("last.jpg"), file("over.jpg")])
        expect(page.locator(".picture-name").last).to_have_text("last.jpg")
        expect(page.locator(".trouble p")).to_have_text(
            "bad.jpg: left out, since it cannot be shown: damaged, or not what its name says. "
            "over.jpg: left out, since a search takes up to 8 pictures."
        )
        page.set_input_files("#choose", [file("bad.jpg", b"hello")])
        expect(page.locator(".trouble p")).to_have_text(
            "bad.jpg: left out, since it cannot be shown: damaged, or not what its name says."
        )
        page.set_input_files("#choose", [file(f"more{i}.jpg") for i in range(30)])
        expect(page.locator(".trouble p")).to_have_text(
            "more0.jpg, more1.jpg, more2.jpg and 27 more: left out, since a search takes up to 8 pictures."
        )
        expect(page.locator(".picture")).to_have_count(8)


def test_a_picture_in_the_list_is_shown_whole(browser, pretended, expect):
    with looking(browser, pretended.url) as page:
        page.set_input_files("#choose", [file("red.jpg")])
        expect(page.locator(".picture .thumb")).to_have_css("object-fit", "contain")


def test_a_file_name_breaks_between_its_words_and_never_within_its_ending(browser, pretended, expect):
    names = ["0001_c1s1_000151_00.jpg", "a b-c.tar.jpeg", "plain", ".jpg", "", "x_.png", "no ending. of 5", "1.jpegxl"]
    with looking(browser, pretended.url, viewport={"width": 390, "height": 800}) as page:
        assert page.evaluate(NAMES, names) == [
            "0001_|c1s1_|000151_|00|.jpg", "a |b-|c.tar|.jpeg", "plain", "|.jpg", "", "x_||.png", "no |ending. |of |5",
            "1.jpegxl",
        ]  # fmt: skip
        given = ["0001_c1s1_000151_00_of_the_lobby_00.jpg", f"{'0123456789' * 4}.jpeg"]
        page.set_input_files("#choose", [file(name) for name in given])
        expect(page.locator(".picture-name")).to_have_text(given)
        for name, whole in zip(page.locator(".picture-name").all(), given, strict=True):
            lines = name.evaluate(LINES)
            assert "".join(lines) == whole
            assert len(lines) == 2
            assert lines[-1].endswith(whole[whole.rindex(".") :])
        assert page.locator(".picture-name").first.evaluate(LINES)[0].endswith("_")
