"""The annotations of Person Search."""

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from passerby.datasets._matlab import Table, Value
from passerby.datasets._matlab_rows import rows

Box = tuple[float, float, float, float]
"""x, y, w, h in pixels."""


class Place(NamedTuple):
    """A box in a scene."""

    scene: str
    box: Box


class Search(NamedTuple):
    """A query: its person, its box, the boxes of the same person in its gallery, and the gallery's scenes by number."""

    person: str
    query: Place
    shown: list[Place]
    gallery: npt.NDArray[np.int32]


class Searches(NamedTuple):
    """Queries in the order of the file, and the scenes of their galleries: name to number."""

    rows: list[Search]
    scenes: dict[str, int]


def trained(file: Path) -> dict[str, list[Place]]:
    """People of `Train.mat` in its order: name to boxes, as they stand there.

    Raises:
        ValueError: if the file cannot be read, a person stands there twice or has no box.
    """
    people: dict[str, list[Place]] = {}
    for number, row in enumerate(rows(file, "Train"), start=1):
        where = f"{file}, person {number}"
        person = _text(where, row, "idname")
        scenes, boxes = _columns(where, row, "scene", "imname", "idlocate")
        places = [_place(where, scene, box) for scene, box in zip(scenes, boxes, strict=True)]
        if not places or person in people:
            raise ValueError(f"{where}: {person} {'stands there twice' if places else 'has no box'}{_AGAIN}")
        people[person] = places
    if not people:
        raise ValueError(f"{file} has no people{_AGAIN}")
    return people


def searches(file: Path) -> Searches:
    """Queries of a file such as `TestG100.mat`.

    Raises:
        ValueError: if the file cannot be read, or a query has no name, no box or no scene to search in.
    """
    found: list[Search] = []
    numbers: dict[str, int] = {}
    for number, row in enumerate(rows(file, file.stem), start=1):
        where = f"{file}, query {number}"
        query = row.get("Query")
        if not isinstance(query, dict):
            raise ValueError(f"{where} has no Query{_AGAIN}")
        place = _place(where, query.get("imname"), query.get("idlocate"))
        scenes, boxes = _columns(where, row, "Gallery", "imname", "idlocate")
        gallery, shown = array("i"), []
        for scene, box in zip(scenes, boxes, strict=True):
            gallery.append(numbers.setdefault(_scene(where, scene), len(numbers)))
            if not isinstance(box, np.ndarray) or box.size:  # no box where the scene does not show the person
                shown.append(_place(where, scene, box))
        if not gallery:
            raise ValueError(f"{where} has an empty gallery{_AGAIN}")
        found.append(Search(_text(where, query, "idname"), place, shown, np.array(gallery, np.int32)))
    if not found:
        raise ValueError(f"{file} has no queries{_AGAIN}")
    return Searches(found, numbers)


def boxes(file: Path, wanted: Mapping[str, object]) -> dict[str, list[Box]]:
    """Boxes of the wanted scenes in `Images.mat`, in its order, those without width or height with them.

    Raises:
        ValueError: if the file cannot be read, or a scene stands there twice or not at all.
    """
    found: dict[str, list[Box]] = {}
    for number, row in enumerate(rows(file, "Img"), start=1):
        where = f"{file}, image {number}"
        scene = _scene(where, row.get("imname"))
        if scene in found:
            raise ValueError(f"{where}: {scene} stands there twice{_AGAIN}")
        if scene in wanted:
            (column,) = _columns(where, row, "box", "idlocate")
            found[scene] = [_place(where, scene, box).box for box in column]
    missing = [scene for scene in wanted if scene not in found]
    if missing:
        raise ValueError(f"{file} lacks {len(missing)} scenes of the galleries ({missing[0]}){_AGAIN}")
    return found


_AGAIN = "; unpack the annotations again."


def _columns(where: str, row: Mapping[str, Value], field: str, *names: str) -> Iterator[list[Value]]:
    value = row.get(field)
    if isinstance(value, np.ndarray) and not value.size:  # MATLAB's [], where a struct array is empty
        return iter([[] for _ in names])
    columns = {name: [one] for name, one in value.items()} if isinstance(value, dict) else None
    columns = value.columns if isinstance(value, Table) else columns
    if columns is None or not set(names) <= set(columns):
        raise ValueError(f"{where} has no {field} with {' and '.join(names)}{_AGAIN}")
    return iter([columns[name] for name in names])


def _text(where: str, row: Mapping[str, Value], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where} has no {field}{_AGAIN}")
    return value


def _scene(where: str, scene: Value | None) -> str:
    if not isinstance(scene, str) or not scene or "/" in scene or "\0" in scene:
        raise ValueError(f"{where}: imname is not the name of a picture{_AGAIN}")
    return scene


def _place(where: str, scene: Value | None, box: Value | None) -> Place:
    if not isinstance(box, np.ndarray) or box.size != 4 or box.dtype.kind not in "iuf" or not np.isfinite(box).all():
        raise ValueError(f"{where}: a box in {scene} is not x, y, w, h{_AGAIN}")
    x, y, w, h = box.ravel().tolist()
    return Place(_scene(where, scene), (float(x), float(y), float(w), float(h)))
