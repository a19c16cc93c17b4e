"""Own pictures: a folder for each person, or a CSV file."""

from collections.abc import Mapping
from pathlib import Path

from passerby.datasets._pictures import pictures
from passerby.datasets._table import SPLITS, table
from passerby.types import Crop, PersonSet


def load(source: Path) -> PersonSet:
    """Own pictures as a data set. Nothing is dropped.

    Three forms are read:

    - A folder with one folder for each person. There is no split, so all of it is training material.
    - A folder with some of the folders train, query and gallery (and no others), each with one folder for each person.
      The same folder name is the same person everywhere, and no camera is known.
    - A CSV file in UTF-8 with a header and the columns path, pid and, where there are any, camid, time, trackid, split,
      in any order. Paths are relative to the file, or absolute, and may lead out of its folder; pid is 1 or more, 0 for
      a distractor, -1 for junk, -2 where nobody knows; an empty camid, time or trackid is one that is not known. Frames
      of one tracklet share a trackid. Without a column `split` all of it is training material.

    In folders the people are numbered 1, 2, ... in the order of their folders' names, over all splits together;
    a crop's `path.parent.name` is the name. Names that start with a dot, and files that are no pictures, are passed
    over.

    Raises:
        FileNotFoundError: if nothing is there, or a picture that the CSV file names is missing.
        ValueError: if a picture lies outside of a person's folder or deeper in it, a person's folder holds no picture
            or is called like a distractor or junk (0000, -1), train, query and gallery are mixed with people, the CSV
            file has unknown columns or a row that cannot be read, or a person stands in train and in query or gallery.
    """
    source = Path(source)
    if source.is_dir():
        splits = _from_folder(source)
    elif not source.exists():
        raise FileNotFoundError(f"Nothing at {source}; give a folder with one folder for each person, or a CSV file.")
    elif source.suffix.lower() == ".csv":
        splits = _from_table(source)
    else:
        raise ValueError(f"{source} is neither a folder nor a .csv file; give one of them.")
    return PersonSet(
        name="manifest",
        train=splits.get("train", ()),
        query=splits.get("query", ()),
        gallery=splits.get("gallery", ()),
    )


def _from_table(file: Path) -> Mapping[str, tuple[Crop, ...]]:
    rows = table(file)
    return {split: tuple(row.crop for row in rows if (row.split or "train") == split) for split in SPLITS}


def _from_folder(root: Path) -> Mapping[str, tuple[Crop, ...]]:
    names = {folder.name for folder in _folders(root)}
    parts = {split: root / split for split in SPLITS if split in names}
    if parts and names - set(SPLITS):
        raise ValueError(
            f"{root} holds {', '.join(sorted(parts))} beside other folders ({min(names - set(SPLITS))}); "
            "keep either splits or people in it."
        )
    parts = parts or {"train": root}
    people = {split: _people(folder) for split, folder in parts.items()}
    pids = {name: pid for pid, name in enumerate(sorted(set().union(*people.values())), start=1)}
    return {
        split: tuple(Crop(file, pids[name]) for name, files in found.items() for file in files)
        for split, found in people.items()
    }


def _people(folder: Path) -> Mapping[str, list[Path]]:
    stray = [path for path in pictures(folder) if path.parent == folder]
    if stray:
        raise ValueError(f"{stray[0]} lies outside of a person's folder; put it into one, or list it in a CSV file.")
    people = {person.name: pictures(person, deep=False) for person in _folders(folder)}
    if not people:
        raise ValueError(f"No folder in {folder}; make one for each person, with the pictures in it.")
    for name, files in people.items():
        if name == "-1" or set(name) == {"0"}:
            raise ValueError(f"{folder / name} is no person by its name; list junk and distractors in a CSV file.")
        if not files:
            raise ValueError(f"No picture in {folder / name}; remove the folder, or put pictures into it.")
    return people


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
