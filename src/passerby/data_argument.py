"""Data sets as the command line names them: `market1501:DIR`, `cuhk03.labeled:DIR`."""

from collections.abc import Callable, Sequence
from os.path import realpath
from pathlib import Path

from passerby import datasets, names
from passerby.table import Table
from passerby.types import Crop, PersonSet


def named(spec: str) -> tuple[str | None, Path]:
    """`market1501:DIR` as name and folder, `cuhk03.labeled:DIR` too; a folder alone has no name.

    Raises:
        ValueError: if the name in front of the colon is no data set's, and there is no such folder.
    """
    name, colon, folder = spec.partition(":")
    if colon and name in _loaders():
        return name, Path(folder)
    if colon and "/" not in name and not Path(spec).exists():
        raise ValueError(f"{spec!r} names no data set and is no folder; in front of the colon, {_offer()}.")
    return None, Path(spec)


def load(name: str, folder: Path) -> PersonSet:
    """The data set of a name in a folder.

    Args:
        name: of a data set, or `name.variant` for one of its VARIANTS.
        folder: where it lies.

    Raises:
        ValueError: if there is no such data set or variant, or its loader refuses the folder.
    """
    loaders = _loaders()
    if name not in loaders:
        raise ValueError(f"No data set is called {name!r}; {_offer()}.")
    people = loaders[name](folder)
    if not isinstance(people, PersonSet):
        raise TypeError(f"{name} gave {type(people)}.")
    return people


def _offer() -> str:
    return f"there is {', '.join(_loaders())}"


def _loaders() -> dict[str, Callable[[Path], PersonSet]]:
    """Every name that a data set may be asked for by, each variant after its data set."""
    found: dict[str, Callable[[Path], PersonSet]] = {}
    for name in names.names(datasets):
        home = names.module(datasets, name)
        if hasattr(home, "load"):
            found[name] = home.load
            found |= {f"{name}.{variant}": read for variant, read in getattr(home, "VARIANTS", {}).items()}
    return found


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
    from passerby import run  # loads what trains, which the other functions do without

    found: dict[str, PersonSet] = {}
    for spec in specs:
        key, equals, source = spec.partition("=") if scale == "paper" else ("", "", spec)
        if scale == "paper" and not equals:
            raise ValueError(f"--data is {spec}; at paper scale say for which recipe, such as market={spec}.")
        name, folder = named(source)
        key = key or Path(realpath(folder)).name  # where links lead in a circle, the reader of the set will say so
        if key in found:
            why = "given twice" if equals else "the name of two folders; their runs would share one: rename a folder"
            raise ValueError(f"{key!r} is {why}.")
        found[key] = (
            load(name, folder) if name else run.recipe(f"{table.system}.{key if equals else 'small'}").data(folder)
        )
    return found
