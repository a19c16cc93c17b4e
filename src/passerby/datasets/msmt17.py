"""MSMT17: 4,101 people, 15 cameras (Wei et al., Person Transfer GAN to Bridge Domain Gap for Person ...)."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from passerby.datasets._listed import check_present, lines
from passerby.datasets._unpacked import unpacked
from passerby.types import Crop, PersonSet

TITLE = "MSMT17"
"""What messages call it."""
SOURCE = "https://www.pkuvmc.com/dataset.html (by e-mail, with a signed agreement)"
"""Where it can be had."""
FOLDERS = {"V1": ("train", "test"), "V2": ("mask_train_v2", "mask_test_v2")}
"""Version to the folders of training and test pictures; in V2 faces are masked."""
LISTS = ("list_train.txt", "list_val.txt", "list_query.txt", "list_gallery.txt")
"""Lists of `pid/picture.jpg pid`, pids from 0."""
TRAIN_ONLY = "without val"
"""What the version of `train_only` ends with."""

_TEST = {"query": (11_659, 3_060), "gallery": (82_161, 3_060)}
OFFICIAL: Mapping[str, Mapping[str, tuple[int, int]]] = MappingProxyType(
    {version: {"train": (32_621, 1_041), **_TEST} for version in FOLDERS}
    | {f"{version} {TRAIN_ONLY}": {"train": (30_248, 1_041), **_TEST} for version in FOLDERS}
)
"""Version to split to pictures and people of the whole set."""

_LINE = re.compile(r"(?P<file>(?P<pid>\d{4})/(?P=pid)_\d+_(?P<camid>\d{2})_\w+\.jpg)\s+(?P<label>\d{1,9})", re.ASCII)


def load(root: Path) -> PersonSet:
    """MSMT17, trained on `list_train.txt` and `list_val.txt` together, as most papers do. Nothing is dropped.

    A line such as `0000/0000_045_12_0303morning_0006_2.jpg 0` gives camera 12, the third number. The lists count people
    from 0, and training and test people each on their own; here a training pid is that number + 1, and a test pid that
    number + 1 + the number of training people (1,041 in the real set), so that no two people share one: training
    people are 1 .. 1041 and test people 1042 .. 4101. `version` is V1 or V2, told by the folders' names; pictures that
    no list names are not part of the set.

    Args:
        root: the folder that holds the lists, and the folders of one version in FOLDERS.

    Raises:
        FileNotFoundError: if a folder, a list, or a picture that a list names is missing; where the versions lie in
            folders below, the message names them.
        ValueError: if the folders of both versions are there, a line cannot be read or its two pids differ, or a
            picture stands twice in train and val, in query, or in gallery.
    """
    return _load(Path(root), ("list_train.txt", "list_val.txt"), "")


def train_only(root: Path) -> PersonSet:
    """MSMT17, trained on `list_train.txt` alone (30,248 pictures); pids and the rest as in `load`."""
    return _load(Path(root), ("list_train.txt",), f" {TRAIN_ONLY}")


VARIANTS: Mapping[str, Callable[[Path], PersonSet]] = MappingProxyType({"train_only": train_only})
"""Other ways to read it, by name."""


def _load(root: Path, training: Sequence[str], ending: str) -> PersonSet:
    version = _version(root)
    train, test = (root / folder for folder in FOLDERS[version])
    unpacked(root, (*FOLDERS[version], *LISTS), title=TITLE, source=SOURCE)
    listed = {name: _read(root / name) for name in LISTS}
    people = 1 + max(pid for name in ("list_train.txt", "list_val.txt") for _, pid, _ in listed[name])
    return PersonSet(
        name="msmt17",
        version=version + ending,
        train=_crops(root, train, {name: listed[name] for name in training}, 1),
        query=_crops(root, test, {"list_query.txt": listed["list_query.txt"]}, 1 + people),
        gallery=_crops(root, test, {"list_gallery.txt": listed["list_gallery.txt"]}, 1 + people),
    )


def _version(root: Path) -> str:
    there = [version for version, folders in FOLDERS.items() if any((root / folder).is_dir() for folder in folders)]
    if len(there) > 1:
        raise ValueError(f"{root} holds folders of {' and '.join(there)}; keep each version in a folder of its own.")
    below = {version: sorted(root.glob(f"*/{train}")) for version, (train, _) in FOLDERS.items()}
    if not there and all(below.values()):
        found = ", ".join(f"{version} in {path.parent}" for version, paths in below.items() for path in paths)
        raise FileNotFoundError(f"{root} is not the folder of one version of {TITLE}; there is {found}: give one.")
    lower = [version for version, paths in below.items() if paths]
    return (there + lower + ["V1"])[0]  # what is not there, or lies deeper, is told in the words of that version


def _read(file: Path) -> list[tuple[str, int, int]]:
    rows = []
    for number, line in enumerate(lines(file), start=1):
        found = _LINE.fullmatch(line)
        if found is None or int(found["pid"]) != int(found["label"]):
            raise ValueError(
                f"{file}, entry {number}: {line[:80]!r} is not pid/pid_<picture>_<camera>_<time>.jpg and the same pid "
                "from 0, such as 0000/0000_045_12_0303morning_0006_2.jpg 0."
            )
        rows.append((found["file"], int(found["label"]), int(found["camid"])))
    return rows


def _crops(
    root: Path, folder: Path, listed: Mapping[str, Sequence[tuple[str, int, int]]], first: int
) -> tuple[Crop, ...]:
    seen: set[str] = set()
    for name, rows in listed.items():
        files = [file for file, _, _ in rows]
        check_present(folder, files, listed=str(root / name), title=TITLE)
        for file in files:
            if file in seen:
                raise ValueError(
                    f"{root / name}: {file} stands twice in {' and '.join(listed)}; a picture stands there once."
                )
            seen.add(file)
    return tuple(Crop(folder / file, first + pid, camid) for rows in listed.values() for file, pid, camid in rows)
