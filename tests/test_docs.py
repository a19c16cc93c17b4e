"""The pages say what is so: code runs, commands exist, docstrings name the arguments there are."""

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer

from gallery.made_records import MODEL, made_records
from passerby import cli
from passerby.gallery.open_gallery import open_gallery

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCE = sorted((ROOT / "src" / "passerby").rglob("*.py"))


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_python_in_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shared = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL):
        exec(compile(block, name(page), "exec"), shared)


def test_the_loop_of_the_page_on_scale_moves_every_record(tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "scale.md").read_text(), flags=re.DOTALL)
    shared = {}
    exec(compile(block, "docs/scale.md", "exec"), shared)
    records = made_records(1200, dim=32, thumbnails=True)
    old = open_gallery(str(tmp_path / "old"), model=MODEL, dim=32)
    old.add(records)
    shared["move"](str(tmp_path / "old"), str(tmp_path / "new"))
    shared["move"](str(tmp_path / "old"), str(tmp_path / "new"))
    new = open_gallery(str(tmp_path / "new"))
    for one, other in zip(old.records(thumbnails=True), new.records(thumbnails=True), strict=True):
        assert (one.id, one.labels, one.time, one.path) == (other.id, other.labels, other.time, other.path)
        assert one.thumbnail == other.thumbnail
        assert (one.embedding == other.embedding).all()
    assert new.count() == len(records)
    old.close()
    new.close()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_command_in_a_page_exists_with_its_options(page):
    commands = typer.main.get_command(cli.app).commands
    for line in re.findall(r"^(?: {4}|\$ )passerby (.+)$", page.read_text(), flags=re.MULTILINE):
        words = shlex.split(line, comments=True)
        known = {option for parameter in commands[words[0]].params for option in parameter.opts}
        for word in words[1:]:
            assert not word.startswith("-") or word in known, f"{words[0]} has no {word}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_in_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def described():
    for file in SOURCE:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and "Args:" in (ast.get_docstring(node) or ""):
                yield pytest.param(node, id=f"{name(file)}:{node.name}")


def taken(node):
    if isinstance(node, ast.ClassDef):
        for child in node.body:
            if isinstance(child, ast.FunctionDef) and child.name == "__init__":
                return taken(child)
        return [child.target.id for child in node.body if isinstance(child, ast.AnnAssign)]
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [argument.arg for argument in every if argument is not None and argument.arg not in ("self", "cls")]


@pytest.mark.parametrize("node", list(described()))
def test_a_docstring_names_the_arguments_there_are_in_their_order(node):
    text = ast.get_docstring(node).split("Args:\n", 1)[1]
    section = re.split(r"^\S", text, maxsplit=1, flags=re.MULTILINE)[0]
    named = re.findall(r"^ {4}([\w*]+(?:, [\w*]+)*):", section, flags=re.MULTILINE)
    assert ", ".join(named).split(", ") == taken(node)
