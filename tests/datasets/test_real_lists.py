"""MSMT17 and MARS with all their real names, and each count of their lists; MSMT17 in a tree of tiny JPEGs."""

import os
import shutil
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from market_lists import protocol_data
from passerby.datasets import mars, msmt17
from passerby.datasets._matlab import matlab
from passerby.datasets.official import official
from passerby.evaluation.answers import answers
from passerby.evaluation.describe import describe
from passerby.evaluation.tracklets import heads
from passerby.images import read

LINKS = 20_000
"""Names that one file gets; ext4 allows 65,000."""


def fill(root, folder_and_names):
    """Many names of few files: (folder, names) pairs below root, each name a JPEG of 4 x 8 pixels."""
    made, picture = 0, ""
    for folder, names in folder_and_names:
        place = root / folder
        place.mkdir(parents=True)
        for name in names:
            if made % LINKS == 0:
                picture = f"{root}/{made}.jpg"
                Image.new("RGB", (4, 8), (90, 60, made // LINKS)).save(picture)
            os.link(picture, f"{place}/{name}")
            made += 1
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that is gone afterwards: pytest would keep three of them, of many names each."""
    root = tmp_path_factory.mktemp("real")
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def msmt17_root(place):
    source, root = protocol_data("msmt17"), place / "MSMT17_V1"
    root.mkdir()
    files = []
    for name in msmt17.LISTS:
        shutil.copyfile(source / name, root / name)
        folder = "train" if name in ("list_train.txt", "list_val.txt") else "test"
        files += [f"{folder}/{line.split()[0]}".rsplit("/", 1) for line in (root / name).read_text().splitlines()]
    by_folder = groupby(sorted(files), key=lambda file: file[0])
    assert fill(root, ((folder, [name for _, name in some]) for folder, some in by_folder)) == 126_441
    return root


@pytest.fixture(scope="module")
def msmt17_people(msmt17_root):
    return msmt17.load(msmt17_root)


def test_msmt17_has_the_official_counts(msmt17_people):
    people, found = msmt17_people, describe(msmt17_people)
    assert {counts.split: (counts.pictures, counts.people) for counts in found.splits} == msmt17.OFFICIAL["V1"]
    assert [(counts.split, counts.pictures, counts.people) for counts in found.splits] == [
        ("train", 32_621, 1_041),
        ("query", 11_659, 3_060),
        ("gallery", 82_161, 3_060),
    ]
    assert all(set(counts.cameras) == set(range(1, 16)) for counts in found.splits)
    assert (found.right, found.right_range, found.unanswered) == (339_216, (1, 160), 0)
    assert round(found.right / len(people.query), 4) == 29.0948
    assert {crop.pid for crop in people.train} == set(range(1, 1_042))
    assert {crop.pid for crop in people.gallery} == {crop.pid for crop in people.query} == set(range(1_042, 4_102))
    assert len({crop.path for crop in people.query + people.gallery}) == 93_820
    assert read(people.train[0].path).size == read(people.gallery[-1].path).size == (4, 8)
    assert official(people) == "yes"


def test_msmt17_without_val_differs_in_training_alone(msmt17_people, msmt17_root):
    people, without = msmt17_people, msmt17.train_only(msmt17_root)
    assert (len(without.train), len({crop.pid for crop in without.train})) == (30_248, 1_041)
    assert len(people.train) - len(without.train) == 2_373
    assert without.train == people.train[:30_248]
    assert (without.query, without.gallery) == (people.query, people.gallery)
    assert official(without) == "yes"


def test_msmt17_with_masked_faces_is_told_apart_and_has_the_same_counts(msmt17_root):
    for old, new in zip(msmt17.FOLDERS["V1"], msmt17.FOLDERS["V2"], strict=True):
        os.rename(msmt17_root / old, msmt17_root / new)
    try:
        people = msmt17.load(msmt17_root)
        assert (people.version, official(people), describe(people).right) == ("V2", "yes", 339_216)
    finally:
        for old, new in zip(msmt17.FOLDERS["V1"], msmt17.FOLDERS["V2"], strict=True):
            os.rename(msmt17_root / new, msmt17_root / old)


def frames(tracks):
    """Names as the official lists have them, made of the tracklets: the lists of names themselves are not at hand."""
    names, seen = [], {}
    for first, last, pid, camid in tracks:
        seen[pid] = seen.get(pid, 0) + 1
        start = f"{'00-1' if pid == -1 else f'{pid:04d}'}C{camid}T{seen[pid]:04d}F"
        names += [f"{start}{frame:03d}.jpg" for frame in range(1, last - first + 2)]
    return names


@pytest.fixture(scope="module")
def mars_root(place):
    source, root = protocol_data("mars"), place / "MARS"
    (root / "info").mkdir(parents=True)
    shutil.copyfile(source / "query_IDX.mat", root / "info" / "query_IDX.mat")
    inside = {}
    for part in ("train", "test"):
        file = f"tracks_{part}_info.mat"
        shutil.copyfile(source / file, root / "info" / file)
        names = frames(matlab(source / file)[f"track_{part}_info"].tolist())
        (root / "info" / f"{part}_name.txt").write_text("\n".join(names))
        by_folder = {folder: list(some) for folder, some in groupby(names, key=lambda name: name[:4])}
        fill(root / f"bbox_{part}", ((folder, some[:1]) for folder, some in by_folder.items()))
        inside |= {root / f"bbox_{part}" / folder: some for folder, some in by_folder.items()}
    assert sum(map(len, inside.values())) == 1_191_003
    listed = Path.iterdir

    def iterdir(folder):
        """All names of a folder, of whose frames only the first is there: to write a million takes half a minute."""
        if folder not in inside:
            return listed(folder)
        return map(Path, (f"{folder}/{name}" for name in inside[folder]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "iterdir", iterdir)
        yield root


@pytest.fixture(scope="module")
def tracklets_once():
    """MARS's loader, with the frames read once for all tests: they take some seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mars, "_tracklets", cache(mars._tracklets))
        yield


@pytest.mark.usefixtures("tracklets_once")
def test_mars_has_the_official_counts(mars_root):
    people = mars.load(mars_root)
    assert {split: (len(getattr(people, split)), named(getattr(people, split))) for split in mars.OFFICIAL[""]} == {
        "train": (509_914, 625),
        "query": (114_493, 626),
        "gallery": (681_089, 634),
    }
    query, gallery = heads(people.query), heads(people.gallery)
    assert {"train": len(heads(people.train)), "query": len(query), "gallery": len(gallery)} == mars.TRACKLETS[""]
    assert (len(query), len(gallery)) == (1_980, 12_180)
    assert [sum(crop.pid == pid for crop in gallery) for pid in (-1, 0)] == [870, 3_248]
    assert {crop.camid for crop in gallery} == {crop.camid for crop in people.train} == set(range(1, 7))
    right = answers(query, gallery)
    assert (int(right.sum()), int((right == 0).sum()), round(right.double().mean().item(), 4)) == (21_813, 0, 11.0167)
    there = {id(crop) for crop in people.gallery}
    assert all(id(crop) in there for crop in people.query)
    assert read(people.gallery[0].path).size == (4, 8)
    assert official(people) == "yes"


@pytest.mark.usefixtures("tracklets_once")
def test_mars_without_the_queries_tracklets_has_the_counts_of_that_variant(mars_root):
    people = mars.queries_removed(mars_root)
    query, gallery = heads(people.query), heads(people.gallery)
    assert {"train": 8_298, "query": len(query), "gallery": len(gallery)} == mars.TRACKLETS["queries removed"]
    assert len(gallery) == 10_200
    right = answers(query, gallery)
    assert (int(right.sum()), int((right == 0).sum()), int((right > 0).sum())) == (16_761, 140, 1_840)
    assert (len(people.gallery), named(people.gallery)) == (566_596, 620)
    assert official(people) == "yes"


@pytest.mark.usefixtures("tracklets_once")
def test_mars_with_its_queries_counted_from_0_is_not_the_official_set(mars_root):
    """No query is the first tracklet, so that a list counted from 0 holds no 0: only the counts tell."""
    file = mars_root / "info" / "query_IDX.mat"
    whole = file.read_bytes()
    numbers = matlab(file)["query_IDX"].astype(int)
    assert numbers.min() == 4_130
    try:
        scipy.io.savemat(file, {"query_IDX": (numbers - 1).astype(np.uint16)})
        assert official(mars.load(mars_root)).startswith("no: query has ")
    finally:
        file.write_bytes(whole)


def named(crops):
    return len({crop.pid for crop in crops if crop.pid > 0})
