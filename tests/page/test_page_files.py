"""The page is plain files that ask nobody but their own server."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "src" / "passerby" / "serve" / "page"
FILES = sorted(PAGE.iterdir())
SCRIPTS = [file for file in FILES if file.suffix == ".js"]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(file):
    parser = Tags()
    parser.feed(file.read_text())
    return parser.found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_is_short_and_names_no_other_server(file):
    text = file.read_text()
    assert len(text.splitlines()) <= 250
    assert set(re.findall(r"https?://[^\s\"'`)]+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("file", [file for file in FILES if file.suffix == ".html"], ids=lambda file: file.name)
def test_html_has_no_script_or_style_of_its_own_and_its_files_are_there(file):
    for tag, attributes in tags(file):
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        if tag == "script":
            assert attributes["type"] == "module"
        named = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if named:
            assert (PAGE / named.removeprefix("static/")).is_file()


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_a_script_imports_what_is_there_and_makes_no_markup_of_text(file):
    text = file.read_text()
    for names, source in re.findall(r'^import \{ (.+?) \} from "\./(.+?)";$', text, re.M):
        exported = set(
            re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", (PAGE / source).read_text(), re.M)
        )
        assert set(names.split(", ")) <= exported
        rest = text.replace(f"import {{ {names} }}", "")
        assert [name for name in names.split(", ") if not re.search(rf"\b{name}\b", rest)] == []
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", 'setAttribute("style"')
    assert [word for word in forbidden if word in text] == []
    assert (
        f"export function {camel(file.stem)}" in text
        or f"export async function {camel(file.stem)}" in text
        or (file.stem in ("main", "api", "when", "say", "box_geometry", "drawn_icon"))
    )


def test_every_element_that_a_script_asks_for_is_in_the_page_or_made_by_a_script():
    there = {attributes["id"] for _, attributes in tags(PAGE / "index.html") if "id" in attributes}
    made = set()
    for file in SCRIPTS:
        made |= set(re.findall(r'\bid: "([\w-]+)"', file.read_text()))
        made |= set(re.findall(r'(?:choice|tick)\("([\w-]+)"', file.read_text()))
    for file in SCRIPTS:
        for name in re.findall(r'byId\("([\w-]+)"\)', file.read_text()):
            assert name in there | made, f"{file.name} asks for {name}"


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
