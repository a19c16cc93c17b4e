import sys

import pytest

from passerby.names import find, names


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "zoo_of_names"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "zebra.py").write_text("zebra = 'stripes'\nmarket = 'replaced'\n_hidden = 1\n")
    (folder / "ape.py").write_text("raise RuntimeError('imported')\n")
    (folder / "_private.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield __import__("zoo_of_names")
    for module in [name for name in sys.modules if name.startswith("zoo_of_names")]:
        del sys.modules[module]


def test_names_are_sorted_and_importing_them_is_not_needed(package):
    assert names(package) == ["ape", "zebra"]


def test_a_thing_is_found_by_its_file_or_by_its_name_in_it(package):
    assert find(package, "zebra") == "stripes"
    assert find(package, "zebra.market") == "replaced"


@pytest.mark.parametrize("name", ["lion", "", "_private", "..zebra", "os"])
def test_an_unknown_name_lists_what_there_is(package, name):
    with pytest.raises(ValueError, match="ape, zebra"):
        find(package, name)


@pytest.mark.parametrize("name", ["zebra.lion", "zebra._hidden", "zebra.__name__", "zebra.market.upper"])
def test_an_unknown_or_private_thing_in_a_file_is_refused(package, name):
    with pytest.raises(ValueError, match=r"in zoo_of_names\.zebra; give file or file\.thing"):
        find(package, name)
