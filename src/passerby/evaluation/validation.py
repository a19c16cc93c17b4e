"""People cut from the training set, to choose settings by without a look at the test people."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from passerby.types import Crop, PersonSet


def validation(data: PersonSet, people: int) -> PersonSet:
    """The training people as a data set of their own: some of them are searched for, the others are trained on.

    Who is held out depends on the pids alone: the first ones when people are sorted by the SHA-256 of their pid as
    text. So each training on a data set holds out the same people, and more of them hold out these and others.

    A held-out person's first crop of each camera, by its file's name, is a query, and the rest is in the gallery; crops
    of one tracklet stay together. A person seen by fewer than two cameras is in the gallery only. Where just one camera
    or none has more than one crop (or tracklet) of a person, the camera with the most of them, the first among equals,
    gives no query, so that each query finds its person in the gallery. Where a held-out crop has no camera, cameras do
    not count: each person's first crop is a query, if there is another.

    Args:
        data: its `train` and `attributes` are used; nothing of its test people is in the result.
        people: number of training people to hold out, 2 or more.

    Returns:
        A set whose `train` shows the others, in the order of `data`, and whose `query` and `gallery` show the held-out
        people, in the order of pid, camera, tracklet and file.

    Raises:
        ValueError: if people is below 2, fewer than 2 people would be left, or no held-out person can be a query.
    """
    by_person: dict[int, list[Crop]] = {}
    for crop in data.train:
        by_person.setdefault(crop.pid, []).append(crop)
    order = sorted(by_person, key=lambda pid: (hashlib.sha256(str(pid).encode()).digest(), pid))
    most = len(order) - 2
    if not 2 <= people <= most:
        offer = f"give 2 .. {most}" if most >= 2 else "4 people or more are needed: 2 to hold out, and 2 to train on"
        raise ValueError(f"{people} of the {len(order)} training people of {data.name} cannot be held out; {offer}.")
    query, gallery = _test(by_person, order[:people])
    if not query:
        # once there is a query, there is one with more people too
        least = bisect_left(range(most + 1), True, key=lambda n: bool(_test(by_person, order[:n])[0]))
        offer = f"hold out {least} .. {most}" if least <= most else "neither are those that could be held out with them"
        raise ValueError(
            f"None of the {people} held-out people of {data.name} is seen by two cameras (or, without cameras, in two "
            f"pictures), so that there is no query; {offer}."
        )
    held = {*order[:people]}
    told = f"validation on {people} of {len(order)} training people"
    return replace(
        data,
        version=f"{data.version}, {told}" if data.version else told,
        train=tuple(crop for crop in data.train if crop.pid not in held),
        query=query,
        gallery=gallery,
        multi_query=(),
        distractors=(),
        galleries=None,
    )


Unit = Sequence[Crop]
"""What is searched for or found as one: a crop, or the frames of a tracklet."""


def _test(by_person: dict[int, list[Crop]], held: Sequence[int]) -> tuple[tuple[Crop, ...], tuple[Crop, ...]]:
    """Query and gallery of the held-out people."""
    cameras = all(crop.camid is not None for pid in held for crop in by_person[pid])
    query: list[Crop] = []
    gallery: list[Crop] = []
    for pid in sorted(held):
        seen = _seen(by_person[pid])
        if not cameras:
            seen = {0: [unit for units in seen.values() for unit in units]}
        asking = _asking(seen) if cameras else {camera for camera in seen if len(seen[camera]) > 1}
        for camera, units in seen.items():
            for place, unit in enumerate(units):
                (query if camera in asking and place == 0 else gallery).extend(unit)
    return tuple(query), tuple(gallery)


def _asking(seen: dict[int, list[Unit]]) -> set[int]:
    """Cameras of a person whose first unit is a query."""
    if len(seen) < 2:
        return set()
    if sum(len(units) > 1 for units in seen.values()) > 1:
        return {*seen}
    return {*seen} - {max(seen, key=lambda camera: (len(seen[camera]), -camera))}


def _seen(crops: Sequence[Crop]) -> dict[int, list[Unit]]:
    """A person's units by camera, in an order that does not depend on that of the crops; no camera counts as -1."""
    units: dict[tuple[int, int, str], list[Crop]] = {}
    for crop in sorted(crops, key=_place):
        camid, trackid, path, box = _place(crop)
        units.setdefault((camid, trackid, f"{path} {box}" if trackid < 0 else ""), []).append(crop)
    seen: dict[int, list[Unit]] = {}
    for (camid, _, _), unit in units.items():
        seen.setdefault(camid, []).append(unit)
    return seen


def _place(crop: Crop) -> tuple[int, int, str, tuple[float, ...]]:
    return (
        -1 if crop.camid is None else crop.camid,
        -1 if crop.trackid is None else crop.trackid,
        crop.path.as_posix(),
        crop.box or (),
    )
