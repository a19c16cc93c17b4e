"""Person Search (CUHK-SYSU): 8,432 people in scenes (Xiao et al., Joint Detection and Identification Feature ...)."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

from passerby.datasets._galleries import Galleries
from passerby.datasets._listed import check_present
from passerby.datasets._person_search_files import Box, Place, Search, boxes, searches, trained
from passerby.datasets._unpacked import unpacked
from passerby.types import DISTRACTOR, Crop, PersonSet

TITLE = "Person Search (CUHK-SYSU)"
"""What messages call it."""
SOURCE = "http://www.ee.cuhk.edu.hk/~xgwang/PS/dataset.html (by e-mail)"
"""Where it can be had."""
SIZES = (50, 100, 500, 1000, 2000, 4000)
"""Scenes in the gallery of one query."""
OFFICIAL: Mapping[str, Mapping[str, tuple[int, int]]] = MappingProxyType(
    {f"gallery {size}": {"train": (15_088, 5_532), "query": (2_900, 2_900)} for size in SIZES}
)
"""Version to split to boxes and people of the whole set; nobody tells how many boxes the galleries hold."""

_SCENES = "Image/SSM"
_IMAGES = "annotation/Images.mat"
_LISTS = "annotation/test/train_test"


def load(root: Path, *, size: int = 100) -> PersonSet:
    """Person Search with given boxes: queries and the people of the galleries are boxes in scenes.

    Training crops are the boxes of `Train.mat`, as they stand there. Queries are those of `TestG<size>.mat`, in its
    order, each with a gallery of its own in `galleries`: all boxes of its scenes. `gallery` holds the boxes of all
    those scenes, in the order of `Images.mat`: the boxes that a list gives to a query's person have that pid, all
    others are distractors. A box that is given to two people stands there once for each. People are numbered in the
    order of the lists, training people first (1 .. 5532 in the real set). There are no cameras.

    Differs: published results are for a detector's boxes or for given ones; these are the given ones.

    Args:
        root: the folder that holds `annotation` and `Image`.
        size: scenes in the gallery of one query, one of SIZES.

    Raises:
        FileNotFoundError: if a file, a folder or a scene is missing.
        ValueError: if the size is none of SIZES, a file cannot be read, a person has no box or stands in train and
            test, a scene of a gallery is not in `Images.mat`, or a query's gallery is empty.

    Warns:
        UserWarning: if `Images.mat` holds boxes without width or height, which are left out, or twice in one scene,
            where they count once, or lacks boxes of queries' people, which are added; if a scene stands twice in one
            gallery, where it counts once; or if a gallery has fewer or more scenes than `size`.
    """
    root = Path(root)
    if size not in SIZES:
        raise ValueError(f"size is {size}; give one of {', '.join(map(str, SIZES))}.")
    lists = (f"{_LISTS}/Train.mat", f"{_LISTS}/TestG{size}.mat")
    unpacked(root, (_SCENES, _IMAGES, *lists), title=TITLE, source=SOURCE)
    train_file, test_file = (root / file for file in lists)
    people, (found, scenes) = trained(train_file), searches(test_file)
    pids = {person: pid for pid, person in enumerate(people, start=1)}
    for search in found:
        if search.person in people:
            raise ValueError(f"{test_file}: {search.person} is a training person too; use files of one release.")
        pids.setdefault(search.person, len(pids) + 1)
    train = [(place, pids[person]) for person, places in people.items() for place in places]
    query = [(search.query, pids[search.person]) for search in found]
    folder = root / _SCENES
    for listed, names in (
        (train_file, [place.scene for place, _ in train]),
        (test_file, [place.scene for place, _ in query] + list(scenes)),
    ):
        check_present(folder, names, listed=str(listed), title=TITLE)
    named = query + [(place, pids[search.person]) for search in found for place in search.shown]
    filled = _filled(root / _IMAGES, boxes(root / _IMAGES, scenes), named)
    gallery: list[Crop] = []
    spans = [range(0)] * len(scenes)
    for scene, there in filled.items():
        first = len(gallery)
        gallery += [Crop(folder / scene, pid, box=box) for box, some in there.items() for pid in some or [DISTRACTOR]]
        spans[scenes[scene]] = range(first, len(gallery))
    return PersonSet(
        name="person_search",
        version=f"gallery {size}",
        train=tuple(Crop(folder / place.scene, pid, box=place.box) for place, pid in train),
        query=tuple(Crop(folder / place.scene, pid, box=place.box) for place, pid in query),
        gallery=tuple(gallery),
        galleries=_galleries(test_file, found, spans, size),
    )


VARIANTS: Mapping[str, Callable[[Path], PersonSet]] = MappingProxyType(
    {f"gallery_{size}": partial(load, size=size) for size in SIZES}
)
"""Sizes of gallery, by name."""


def _filled(
    file: Path, scenes: Mapping[str, Sequence[Box]], named: Sequence[tuple[Place, int]]
) -> dict[str, dict[Box, list[int]]]:
    """Scene to box to the people that it is given to."""
    people: dict[str, dict[Box, list[int]]] = {
        scene: {box: [] for box in there if box[2] > 0 and box[3] > 0} for scene, there in scenes.items()
    }
    empty = sum(not (box[2] > 0 and box[3] > 0) for there in scenes.values() for box in there)
    twice = sum(map(len, scenes.values())) - empty - sum(map(len, people.values()))
    added = 0
    for place, pid in named:
        if place.scene not in people:
            continue  # the scene of a query, in nobody's gallery
        added += place.box not in people[place.scene]
        given = people[place.scene].setdefault(place.box, [])
        given += [pid] * (pid not in given)
    if empty:
        warnings.warn(f"{file}: {empty} boxes of the galleries have no width or height and are left out.", stacklevel=3)
    if twice:
        warnings.warn(f"{file}: {twice} boxes stand twice in one scene; they count once.", stacklevel=3)
    if added:
        warnings.warn(f"{file} lacks {added} boxes of queries' people; they are added to the galleries.", stacklevel=3)
    return people


def _galleries(file: Path, found: Sequence[Search], spans: Sequence[range], size: int) -> Galleries:
    other = [number for number, search in enumerate(found, start=1) if len(search.gallery) != size]
    if other:
        first = f"query {other[0]} in {len(found[other[0] - 1].gallery)}"
        told = f"{len(other)} of {len(found)} queries are not searched in {size} scenes ({first})"
        warnings.warn(f"{file}: {told}; the official lists give {size} to each.", stacklevel=3)
    once = [search.gallery[np.sort(np.unique(search.gallery, return_index=True)[1])] for search in found]
    twice = sum(len(search.gallery) - len(scenes) for search, scenes in zip(found, once, strict=True))
    if twice:
        warnings.warn(f"{file}: {twice} scenes stand twice in one gallery; they count once.", stacklevel=3)
    for number, scenes in enumerate(once, start=1):
        if not any(spans[scene] for scene in scenes.tolist()):
            raise ValueError(
                f"{file}, query {number}: no scene of its gallery has a box; unpack the annotations again."
            )
    return Galleries(once, spans)
