"""MARS: 1,261 people in tracklets, 6 cameras (Zheng et al., MARS: A Video Benchmark for Large-Scale Person ...)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from passerby.datasets._listed import indices, integers, lines, paths_in, without_collection
from passerby.datasets._matlab import matlab
from passerby.datasets._unpacked import unpacked
from passerby.types import DISTRACTOR, JUNK, Crop, PersonSet

TITLE = "MARS"
"""What messages call it."""
SOURCE = (
    "http://zheng-lab.cecs.anu.edu.au/Project/project_mars.html (frames) and "
    "https://github.com/liangzheng06/MARS-evaluation (info)"
)
"""Where it can be had."""
QUERIES_REMOVED = "queries removed"
"""What the version of `queries_removed` is called."""

_FRAMES = {"train": (509_914, 625), "query": (114_493, 626)}
OFFICIAL: Mapping[str, Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"": {**_FRAMES, "gallery": (681_089, 634)}, QUERIES_REMOVED: {**_FRAMES, "gallery": (566_596, 620)}}
)
"""Version to split to pictures (frames) and people of the whole set."""
TRACKLETS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "": {"train": 8_298, "query": 1_980, "gallery": 12_180},
        QUERIES_REMOVED: {"train": 8_298, "query": 1_980, "gallery": 10_200},
    }
)
"""Version to split to tracklets of the whole set."""

_NAME = re.compile(r"(\d{4}|00-1)C\d{1,4}T\d{4,9}F\d{3,9}\.jpg", re.ASCII)
_PARTS = (
    "bbox_train",
    "bbox_test",
    "info/train_name.txt",
    "info/test_name.txt",
    "info/tracks_train_info.mat",
    "info/tracks_test_info.mat",
    "info/query_IDX.mat",
)


class _Track(NamedTuple):
    first: int
    last: int
    pid: int
    camid: int


def load(root: Path) -> PersonSet:
    """MARS, each frame a crop, in the official protocol. Nothing is dropped.

    Frames of one tracklet share a `trackid`, the tracklet's row in its `tracks_*_info.mat`, from 0; the numbers of
    training and test tracklets are independent. `time` is the frame's number within its tracklet (F001 is 1). A pid of
    -1 (`00-1C1T0001F001.jpg`) is junk, 0000 a distractor. The tracklets of `query_IDX.mat` are the queries, in its
    order, and stay in the gallery too. The lists hold 1.2 million frames; crops in query and gallery are shared.

    Args:
        root: the folder that holds `bbox_train`, `bbox_test` and `info`.

    Raises:
        FileNotFoundError: if one of them, a file in `info`, or a frame that a list names is missing.
        ValueError: if a file cannot be read, tracklets do not take all frames of the list one after another, a frame's
            name does not parse, stands there twice or tells another person or camera than its tracklet, an index is
            out of range, or a person stands in train and test.
    """
    return _load(Path(root), "")


def queries_removed(root: Path) -> PersonSet:
    """MARS without the queries' own tracklets in the gallery, as some papers judge it; the rest as in `load`.

    In the real set 10,200 tracklets stay, and 140 of the 1,980 queries have no right answer among them.
    """
    return _load(Path(root), QUERIES_REMOVED)


VARIANTS: Mapping[str, Callable[[Path], PersonSet]] = MappingProxyType({"queries_removed": queries_removed})
"""Other ways to read it, by name."""


def _load(root: Path, version: str) -> PersonSet:
    unpacked(root, _PARTS, title=TITLE, source=SOURCE)
    with without_collection():
        train, test = _tracklets(root, "train"), _tracklets(root, "test")
    file = root / "info" / "query_IDX.mat"
    queries = indices(file, "query_IDX", matlab(file).get("query_IDX"), len(test))
    out = set(queries) if version == QUERIES_REMOVED else set()
    return PersonSet(
        name="mars",
        version=version,
        train=tuple(crop for tracklet in train for crop in tracklet),
        query=tuple(crop for index in queries for crop in test[index]),
        gallery=tuple(crop for index, tracklet in enumerate(test) if index not in out for crop in tracklet),
    )


def _tracklets(root: Path, part: str) -> list[list[Crop]]:
    folder, listed = root / f"bbox_{part}", root / "info" / f"{part}_name.txt"
    names = []
    for name in lines(listed):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{listed}: {name[:80]!r} is not named as in MARS: pidC<camera>T<tracklet>F<frame>.jpg.")
        names.append(name)
    tracks = list(_tracks(root / "info" / f"tracks_{part}_info.mat", f"track_{part}_info", len(names)))
    wanted: dict[str, list[str]] = {}
    for name in names:
        wanted.setdefault(name[:4], []).append(name)
    paths = paths_in(folder, wanted, listed=str(listed), title=TITLE)
    return [list(_crops(paths, listed, names, track, trackid)) for trackid, track in enumerate(tracks)]


def _tracks(file: Path, name: str, frames: int) -> Iterator[_Track]:
    table = matlab(file).get(name)
    if not isinstance(table, np.ndarray) or table.shape[1:] != (4,):
        raise ValueError(f"{file} has no {name} with first frame, last frame, person, camera; download it again.")
    numbers, end = integers(file, name, table), 0
    for row in zip(*(numbers[column * len(table) :][: len(table)] for column in range(4)), strict=True):
        track = _Track(*row)
        if track.first != end + 1 or track.last < track.first:
            raise ValueError(
                f"{file}: a tracklet has the frames {track.first} .. {track.last} after frame {end}; frames count from "
                "1, and each tracklet starts after the one before."
            )
        if track.pid < JUNK:
            raise ValueError(f"{file}: a tracklet has the pid {track.pid}; {JUNK} is junk, {DISTRACTOR} a distractor.")
        end = track.last
        yield track
    if end != frames:
        raise ValueError(
            f"{file}: tracklets hold {end} frames and the list of names {frames}; use files of one release."
        )


def _crops(
    paths: Mapping[str, Mapping[str, Path]], listed: Path, names: Sequence[str], track: _Track, trackid: int
) -> Iterator[Crop]:
    start = f"{'00-1' if track.pid == JUNK else f'{track.pid:04d}'}C{track.camid}T"
    for name in names[track.first - 1 : track.last]:
        if not name.startswith(start):
            raise ValueError(
                f"{listed}: {name} stands in tracklet {trackid + 1}, which shows person {track.pid} in camera "
                f"{track.camid}; use files of one release."
            )
        yield Crop(paths[start[:4]][name], track.pid, track.camid, float(name[name.index("F") + 1 : -4]), trackid)
