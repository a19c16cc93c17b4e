"""A file's name is the thing's name: `find(recipes, "demo")`."""

import importlib
import pkgutil
from types import ModuleType


def names(package: ModuleType) -> list[str]:
    """Names of the files of a package, sorted; files whose name starts with an underscore are left out."""
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))


def module(package: ModuleType, file: str) -> ModuleType:
    """The file called `file` in a package.

    Raises:
        ValueError: if there is none; the message lists what there is.
    """
    if file not in names(package):
        raise ValueError(f"Nothing in {package.__name__} is called {file!r}; there is {', '.join(names(package))}.")
    return importlib.import_module(f"{package.__name__}.{file}")


def find(package: ModuleType, name: str) -> object:
    """The thing called `name` in a package.

    Args:
        package: a folder of files, each named after the thing that it holds.
        name: `file` for the thing named like its file, or `file.thing` for another one in it.

    Raises:
        ValueError: if there is no such file, or no such thing in it; the message lists what there is.
    """
    file, _, thing = name.partition(".")
    home = module(package, file)
    wanted = thing or file
    if wanted.startswith("_") or not hasattr(home, wanted):
        raise ValueError(f"No {wanted!r} in {home.__name__}; give file or file.thing, with a thing defined there.")
    return getattr(home, wanted)
