import re
from pathlib import Path

import pytest

import people
from passerby import data_argument, datasets, names
from passerby.data_argument import load, named, split_of
from passerby.study import find
from passerby.types import Crop, PersonSet

VARIANTS = {
    "cuhk03": {"detected", "labeled"},
    "mars": {"queries_removed"},
    "msmt17": {"train_only"},
    "person_search": {f"gallery_{size}" for size in (50, 100, 500, 1000, 2000, 4000)},
}


def offered():
    return [name for name in names.names(datasets) if hasattr(names.module(datasets, name), "load")]


def test_each_variant_is_named_and_stands_beside_its_data_set():
    found = {name: set(getattr(names.module(datasets, name), "VARIANTS", ())) for name in offered()}
    assert {name: some for name, some in found.items() if some} == VARIANTS


@pytest.mark.parametrize(
    "name", [*VARIANTS, *(f"{name}.{one}" for name, some in VARIANTS.items() for one in sorted(some))]
)
def test_a_data_set_and_each_of_its_variants_may_stand_in_front_of_a_folder(name):
    assert named(f"{name}:some/folder") == (name, Path("some/folder"))
    assert named(f"{name}:with:colon") == (name, Path("with:colon"))


def test_a_name_loads_its_data_set_and_a_variant_its_own_way(tmp_path, monkeypatch):
    def read(version):
        return lambda root: PersonSet(name="mars", version=version, train=(Crop(root / "a.jpg", 1),))

    home = names.module(datasets, "mars")
    monkeypatch.setattr(home, "load", read("as it is"))
    monkeypatch.setattr(home, "VARIANTS", {"other": read("other")})
    assert load("mars", tmp_path).version == "as it is"
    assert load("mars.other", tmp_path).version == "other"
    assert named("mars.other:x")[0] == "mars.other"
    with pytest.raises(ValueError, match=r"names no data set .* mars, mars\.other, msmt17"):
        named("mars.queries_removed:x")


def test_what_a_loader_refuses_is_told(tmp_path):
    for name in ("cuhk03.labeled", "msmt17.train_only", "mars.queries_removed", "person_search.gallery_4000"):
        with pytest.raises(FileNotFoundError, match=r"get (CUHK03|MSMT17|MARS|Person Search)"):
            load(name, tmp_path)


@pytest.mark.parametrize(
    "name", ["none", "", "cuhk03.", ".labeled", "cuhk03.label", "market1501.labeled", "cuhk03.load", "mars.OFFICIAL"]
)
def test_what_is_no_data_set_is_told_all_that_are(tmp_path, name):
    everything = re.escape("cuhk03, cuhk03.detected, cuhk03.labeled, dukemtmc")
    with pytest.raises(ValueError, match=rf"No data set is called '{re.escape(name)}'; there is .*{everything}"):
        load(name, tmp_path)
    with pytest.raises(ValueError, match=rf"names no data set and is no folder; .* there is .*{everything}"):
        named(f"{name}:some")


def test_a_folder_is_a_folder_also_with_a_colon_in_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place in ("plain", "2024:spring", "cuhk03.label:x", "a/b:c", "in/market1501:x", "missing"):
        if place != "missing":
            Path(place).mkdir(parents=True)
        assert named(place) == (None, Path(place))
    assert named("no/such:folder") == (None, Path("no/such:folder"))


def test_a_data_sets_name_comes_before_a_folder_that_is_called_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cuhk03.labeled:x").mkdir()
    assert named("cuhk03.labeled:x") == ("cuhk03.labeled", Path("x"))
    assert named("./cuhk03.labeled:x") == (None, Path("cuhk03.labeled:x"))


def test_a_loader_that_gives_something_else_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(names.module(datasets, "mars"), "VARIANTS", {"broken": lambda root: 7})
    with pytest.raises(TypeError, match=r"mars\.broken gave <class 'int'>"):
        load("mars.broken", tmp_path)


def test_the_crops_of_one_split(tmp_path):
    people.market(tmp_path)
    assert len(split_of(f"market1501:{tmp_path}", "query")) == 3
    assert split_of(f"market1501:{tmp_path}", "multi_query") == ()
    for split in (None, "test", "name"):
        with pytest.raises(ValueError, match=f"--split is {split}; .* give one of train, query"):
            split_of(f"market1501:{tmp_path}", split)


def test_data_sets_for_a_study_are_called_by_their_folders(tmp_path):
    people.market(tmp_path / "one")
    people.market(tmp_path / "two", train=2)
    table = find("hybrid_attention.table_ix")
    found = data_argument.for_study(
        table, [f"market1501:{tmp_path / 'one'}", f"market1501:{tmp_path / 'two'}"], "small"
    )
    assert {name: len(one.train) for name, one in found.items()} == {"one": 9, "two": 6}
    with pytest.raises(ValueError, match="'one' is the name of two folders"):
        data_argument.for_study(table, [f"market1501:{tmp_path / 'one'}"] * 2, "small")
    with pytest.raises(ValueError, match="at paper scale say for which recipe"):
        data_argument.for_study(table, [f"market1501:{tmp_path / 'one'}"], "paper")
    found = data_argument.for_study(table, [f"market=market1501:{tmp_path / 'one'}"], "paper")
    assert list(found) == ["market"]
