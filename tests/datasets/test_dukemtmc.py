import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import scipy.io

import market_lists
from linked import linked
from passerby.datasets import dukemtmc, occluded_duke
from passerby.datasets.official import official
from passerby.evaluation.describe import describe
from passerby.evaluation.unanswered import sentences
from passerby.types import Crop

NAMES = {
    "bounding_box_train": ["0001_c2_f0046182.jpg", "0007_c3_f0077419.jpg"],
    "query": ["0005_c2_f0046985.jpg"],
    "bounding_box_test": ["0005_c5_f0051781.jpg", "0002_c1_f0044158.jpg"],
}


def tree(root, names):
    """Empty files; the loader reads names only."""
    for folder, files in names.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in files:
            (root / folder / name).touch()
    return root


def with_file(root, folder, name):
    return tree(root, {**NAMES, folder: [*NAMES[folder], name]})


def test_names_become_crops_in_sorted_order(tmp_path):
    people = dukemtmc.load(tree(tmp_path, NAMES))
    assert people.name == "dukemtmc"
    assert people.train[0] == Crop(tmp_path / "bounding_box_train" / "0001_c2_f0046182.jpg", 1, 2, 46_182.0)
    assert [(crop.pid, crop.camid) for crop in people.gallery] == [(2, 1), (5, 5)]
    assert (people.multi_query, people.attributes) == ((), {})


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "._0005_c2_f0046985.jpg"])
def test_what_file_managers_leave_is_passed_over(tmp_path, name):
    assert len(dukemtmc.load(with_file(tmp_path, "query", name)).query) == 1


def test_junk_and_distractors_would_be_marked(tmp_path):
    tree(tmp_path, {**NAMES, "bounding_box_test": ["-1_c1_f0000001.jpg", "0000_c1_f0000001.jpg"]})
    assert [crop.pid for crop in dukemtmc.load(tmp_path).gallery] == [-1, 0]


@pytest.mark.parametrize(
    "name",
    [
        "0002_c1s1_000451_03.jpg",
        "0002_c1_f0000451.png",
        "0002_c1_f0000451.JPG",
        "0002_c1_f0000451.jpg.jpg",
        "0002_c1_f000451.jpg",
        "002_c1_f0000451.jpg",
        "-2_c1_f0000451.jpg",
        "0002_c_f0000451.jpg",
        "0002_c1_0000451.jpg",
        "0002_c1_f0000451 (1).jpg",
        "٠٠٠٢_c1_f0000451.jpg",
        "0002_c1_f0000451.jpg\n",
        "README.txt",
    ],
)
def test_a_name_that_does_not_parse_is_refused(tmp_path, name):
    with pytest.raises(
        ValueError, match=r"is not named as in DukeMTMC-reID: .* such as 0001_c2_f0046182\.jpg"
    ) as caught:
        dukemtmc.load(with_file(tmp_path, "query", name))
    assert str(tmp_path / "query" / name) in str(caught.value)


def label_file(root, variable, train, test):
    halves = {}
    for part, people in (("train", train), ("test", test)):
        index = np.array([[f"{pid:04d}" for pid in people]], dtype=object)
        halves[part] = {"top": np.array([list(people.values())], np.uint8), "image_index": index}
    scipy.io.savemat(root / dukemtmc.LABELS, {variable: halves})


def test_labels_are_read_as_they_stand_there(tmp_path):
    label_file(tree(tmp_path, NAMES), "duke_attribute", {1: 0, 7: 2}, {2: 1, 5: 2})
    assert dukemtmc.load(tmp_path).attributes == {1: {"top": 0}, 2: {"top": 1}, 5: {"top": 2}, 7: {"top": 2}}


BAD = {
    **{
        f"no {folder}": (
            lambda root, folder=folder: (root / folder).rename(root.with_name("elsewhere")),
            rf"(?=.*withdrew .* in 2019)(?=.*https://github\.com/)No {folder} in .*; get TITLE from .*{folder} exists",
        )
        for folder in NAMES
    },
    "no folder": (
        lambda root: root.rename(root.with_name("elsewhere")),
        "set is not a folder; give the folder that TITLE",
    ),
    "a file": (
        lambda root: (root.rename(root.with_name("elsewhere")), root.touch()),
        "set is not a folder; give the folder that TITLE was unpacked into",
    ),
    "the folder above": (
        lambda root: (root.rename(root.with_name("in")), root.mkdir(), root.with_name("in").rename(root / "in")),
        "No bounding_box_train in .*, but there is one in .*in: give that folder",
    ),
    "an empty split": (
        lambda root: [file.unlink() for file in (root / "query").iterdir()],
        "query is empty; unpack TITLE again",
    ),
    "a name of another set": (
        lambda root: tree(root, {"query": ["0002_c1s1_000451_03.jpg"]}),
        r"0002_c1s1_000451_03\.jpg is not named as in TITLE: .* such as 0001_c2_f0046182\.jpg",
    ),
    "somebody in train and query": (
        lambda root: tree(root, {"bounding_box_train": ["0005_c2_f0046182.jpg"]}),
        r"NAME has 1 of its people in train and in query or gallery \(pid 5\)",
    ),
    "somebody in train and gallery": (
        lambda root: tree(root, {"bounding_box_test": ["0007_c2_f0046182.jpg"]}),
        r"NAME has 1 of its people in train and in query or gallery \(pid 7\)",
    ),
    "labels of another set": (
        lambda root: label_file(root, "market_attribute", {1: 1, 7: 2}, {2: 1, 5: 2}),
        r"is not the label file of TITLE .*it has no duke_attribute",
    ),
    "labels of version 7.3": (
        lambda root: (root / dukemtmc.LABELS).write_bytes(
            b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384)
        ),
        r"duke_attribute\.mat is a MATLAB file of version 7\.3 \(HDF5\); .*save it with -v7",
    ),
    "labels that are cut off": (
        lambda root: (root / dukemtmc.LABELS).write_bytes(b"MATLAB 5.0".ljust(124) + b"\0\1IM\x0e"),
        r"duke_attribute\.mat cannot be read as a MATLAB file .*; download it again",
    ),
}


@pytest.mark.parametrize("data", [dukemtmc, occluded_duke], ids=lambda data: data.TITLE)
@pytest.mark.parametrize(("change", "reason"), BAD.values(), ids=BAD)
def test_a_set_with_a_mistake_is_refused(tmp_path, change, reason, data):
    root = tree(tmp_path / "set", NAMES)
    change(root)
    reason = reason.replace("TITLE", data.TITLE).replace("NAME", data.__name__.split(".")[-1])
    with pytest.raises((ValueError, FileNotFoundError), match=reason) as told:
        data.load(root)
    assert "\n" not in str(told.value)


def listed(split):
    with (market_lists.protocol_data("dukemtmc") / f"dukeMTMC_{split}.csv").open(newline="") as lines:
        return [path for _, path in csv.reader(lines)]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """DukeMTMC-reID with all its names, each on a small picture."""
    source = market_lists.protocol_data("dukemtmc")
    names = [name for split in ("train", "query", "test") for name in listed(split)]
    root = linked(tmp_path_factory.mktemp("dukemtmc"), names)
    os.symlink(source / dukemtmc.LABELS, root / dukemtmc.LABELS)
    return dukemtmc.load(root)


def test_the_real_names_give_the_official_counts(real):
    train, query, gallery = describe(real).splits
    cameras = dict(enumerate((2809, 3009, 1088, 1395, 1685, 3700, 1330, 1506), start=1))
    assert (train.pictures, train.people, train.cameras) == (16_522, 702, cameras)
    assert (query.pictures, query.people, len(query.cameras)) == (2_228, 702, 8)
    assert (gallery.pictures, gallery.people, gallery.junk, gallery.distractors) == (17_661, 1_110, 0, 0)
    assert official(real) == "yes"


def test_the_real_names_give_the_official_right_answers(real):
    found = describe(real)
    assert (found.right, found.right_range, found.unanswered) == (33_820, (1, 345), 0)
    assert sentences(real)[0] == "33820 right answers for 2228 queries, 15.1795 for each query (1 .. 345)."


def test_the_real_crops_stand_in_the_order_of_the_lists(real):
    for split, crops in (("train", real.train), ("query", real.query), ("test", real.gallery)):
        assert Counter(str(Path(*crop.path.parts[-2:])) for crop in crops) == Counter(listed(split))
        assert [crop.path.name for crop in crops] == sorted(Path(path).name for path in listed(split))


def test_the_real_labels_are_those_of_the_real_people(real):
    assert set(real.attributes) == {crop.pid for crop in real.train + real.gallery}
    assert {len(row) for row in real.attributes.values()} == {23}
    codes = {(pid, name) for pid, row in real.attributes.items() for name, code in row.items() if code not in (1, 2)}
    assert codes == {(370, "top"), (679, "top")}


def test_the_real_labels_give_the_known_majorities(real):
    shown = [real.attributes[crop.pid] for crop in real.gallery]
    known = {"gender": 0.617, "top": 0.878, "boots": 0.778, "hat": 0.752, "backpack": 0.546, "bag": 0.836}
    for name, share in (known | {"handbag": 0.936, "shoes": 0.884}).items():
        most = Counter(row[name] for row in shown).most_common(1)[0][1]
        assert most / len(shown) == pytest.approx(share, abs=5e-4), name
    for part, without in (("up", 282), ("down", 307)):
        assert sum(all(row[name] == 1 for name in row if name.startswith(part)) for row in shown) == without
