"""Data sets as the command line names them: `market1501:DIR`."""

from collections.abc import Sequence
from pathlib import Path

from passerby import datasets, names, run
from passerby.table import Table
from passerby.types import Crop, PersonSet


def named(spec: str) -> tuple[str | None, Path]:
    """`market1501:DIR` as name and folder; a folder alone has no name.

    Raises:
        ValueError: if the name in front of the colon is no data set's, and there is no such folder.
    """
    name, colon, folder = spec.partition(":")
    if colon and name in _data_sets():
        return name, Path(folder)
    if colon and "/" not in name and not Path(spec).exists():
        raise ValueError(f"{spec!r} names no data set and is no folder; in front of the colon, {_offer()}.")
    return None, Path(spec)


def _offer() -> str:
    return f"there is {', '.join(_data_sets())}"


def _data_sets() -> list[str]:
    return [name for name in names.names(datasets) if hasattr(names.module(datasets, name), "load")]


def load(name: str, folder: Path) -> PersonSet:
    """The data set of a name in a folder.

    Raises:
        ValueError: if there is no such data set, or its loader refuses the folder.
    """
    if name not in _data_sets():
        raise ValueError(f"No data set is called {name!r}; {_offer()}.")
    loaded = names.find(datasets, f"{name}.load")
    people = loaded(folder)  # type: ignore[operator]
    if not isinstance(people, PersonSet):
        raise TypeError(f"{name}.load gave {type(people)}.")
    return people


def split_of(source: str, split: str | None) -> tuple[Crop, ...]:
    """The crops of one split of `market1501:DIR`.

    Raises:
        ValueError: if split is none of train, query, gallery and multi_query.
    """
    splits = ("train", "query", "gallery", "multi_query")
    if split not in splits:
        raise ValueError(f"--split is {split}; {source} is a data set: give one of {', '.join(splits)}.")
    name, folder = named(source)
    crops: tuple[Crop, ...] = getattr(load(str(name), folder), split)
    return crops


def for_study(table: Table, specs: Sequence[str], scale: str) -> dict[str, PersonSet]:
    """Data sets by name, for `study`: at small scale the folder's name, at paper scale that of the recipe.

    Args:
        table: what is studied.
        specs: each `[NAME:]DIR`, at paper scale `RECIPE=[NAME:]DIR`.
        scale: `small` or `paper`.

    Raises:
        ValueError: if a recipe is missing at paper scale, or two sets have one name.
    """
    found: dict[str, PersonSet] = {}
    for spec in specs:
        key, equals, source = spec.partition("=") if scale == "paper" else ("", "", spec)
        if scale == "paper" and not equals:
            raise ValueError(f"--data is {spec}; at paper scale say for which recipe, such as market={spec}.")
        name, folder = named(source)
        key = key or folder.resolve().name
        if key in found:
            raise ValueError(f"Two data sets are called {key!r}; give each a name of its own.")
        found[key] = (
            load(name, folder) if name else run.recipe(f"{table.system}.{key if equals else 'small'}").data(folder)
        )
    return found
