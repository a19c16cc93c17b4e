import re
import xml.etree.ElementTree as ElementTree

import pytest

from passerby.report.curves import curves
from passerby.report.growth import growth
from passerby.report.svg_file import svg_file
from result_sets import scores

DRAWN = {
    "curves": curves({"demo": scores()}),
    "growth": growth({"demo": {0: scores(), 9: scores(distractors_added=9)}}),
}


@pytest.mark.parametrize("element", DRAWN.values(), ids=DRAWN)
def test_a_file_stands_by_itself(element):
    text = svg_file(element)
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?>')
    assert "var(" not in text
    assert "inherit" not in text
    assert "font-family: sans-serif" in text
    assert set(re.findall(r'href="(.)', text)) == {"#"}


def test_light_and_dark_readers_see_ink_on_their_ground():
    light, dark = re.findall(r"svg \{ color: (#\w{6}); background: (#\w{6}) \}", svg_file(DRAWN["curves"]))
    assert light[0] < light[1]
    assert dark[0] > dark[1]


@pytest.mark.parametrize("name", ["font-family: inherit", "var(--line, #8885)", 'style="font-family: inherit"', ">"])
def test_names_are_left_as_they_are(name):
    root = ElementTree.fromstring(svg_file(curves({name: scores()})).encode())
    assert [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")][-1] == name
    assert root.get("aria-label") == f"CMC curves of {name}"


def test_what_is_no_element_is_refused():
    with pytest.raises(ValueError, match="is no SVG element"):
        svg_file("<html>")
