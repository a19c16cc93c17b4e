import os
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import scipy.io

import market_lists
from linked import linked
from passerby.datasets import market1501
from passerby.datasets.official import official
from passerby.evaluation.describe import describe
from passerby.evaluation.unanswered import sentences
from passerby.images import read
from passerby.types import Crop

NAMES = {
    "bounding_box_train": ["0002_c1s1_000451_03.jpg", "0007_c3s3_077419_03.jpg"],
    "query": ["0001_c1s1_001051_00.jpg"],
    "bounding_box_test": ["0001_c2s1_000301_01.jpg", "-1_c1s1_000401_03.jpg", "0000_c3s1_104242_04.jpg"],
}


def tree(root, names):
    """Empty files; the loader reads names only."""
    for folder, files in names.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in files:
            (root / folder / name).touch()
    return root


def with_file(root, folder, name):
    return tree(root, {**NAMES, folder: [*NAMES.get(folder, []), name]})


def test_names_become_crops_in_sorted_order(tmp_path):
    people = market1501.load(tree(tmp_path, NAMES))
    assert people.name == "market1501"
    assert people.train[0] == Crop(tmp_path / "bounding_box_train" / "0002_c1s1_000451_03.jpg", 2, 1, 1_000_451.0)
    assert people.train[1].time == 3_077_419.0
    assert [(crop.pid, crop.camid) for crop in people.gallery] == [(-1, 1), (0, 3), (1, 2)]
    assert people.multi_query == ()
    assert people.attributes == {}


def test_hand_drawn_boxes_are_the_multi_query(tmp_path):
    tree(tmp_path, {**NAMES, "gt_bbox": ["0001_c1s1_001051_00.jpg", "0002_c1s1_001051_00.jpg"]})
    assert [crop.pid for crop in market1501.load(tmp_path).multi_query] == [1, 2]


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "._0002_c1s1_000451_03.jpg"])
def test_what_file_managers_leave_is_passed_over(tmp_path, name):
    assert len(market1501.load(with_file(tmp_path, "query", name)).query) == 1


@pytest.mark.parametrize(
    "name", ["0003_c12s1_000001_00.jpg", "12345_c1s10_000001_123.jpg", "0003_c1s1_000001_00.jpg.jpg"]
)
def test_more_cameras_people_and_a_doubled_ending_are_read(tmp_path, name):
    crop = market1501.load(with_file(tmp_path, "bounding_box_test", name)).gallery[-1]
    assert (crop.path.name, crop.pid, crop.camid) == (
        name,
        int(name.split("_")[0]),
        int(name.split("_c")[1].split("s")[0]),
    )


@pytest.mark.parametrize(
    "name",
    [
        "0002_c1_f000451.jpg",
        "0002_c1s1_000451_03.png",
        "0002_c1s1_000451_03.JPG",
        "0002_c1s1_00451_03.jpg",
        "002_c1s1_000451_03.jpg",
        "-2_c1s1_000451_03.jpg",
        "-01_c1s1_000451_03.jpg",
        "0002_c1s1_000451_03 (1).jpg",
        " 0002_c1s1_000451_03.jpg",
        "0002_cs1_000451_03.jpg",
        "٠٠٠٢_c1s1_000451_03.jpg",
        "0002_c1s1_000451_03.jpg\n",
        "README.txt",
    ],
)
@pytest.mark.parametrize("folder", ["bounding_box_train", "gt_bbox"])
def test_a_name_that_does_not_parse_is_refused(tmp_path, folder, name):
    with pytest.raises(
        ValueError, match=r"is not named as in Market-1501: .* such as 0002_c1s1_000451_03\.jpg"
    ) as caught:
        market1501.load(with_file(tmp_path, folder, name))
    assert str(tmp_path / folder / name) in str(caught.value)


def moved(name):
    return lambda root: (root / name).rename(root.with_name("elsewhere"))


def written(name, data):
    return lambda root: (root / name).write_bytes(data)


def emptied(folder):
    return lambda root: [file.unlink() for file in (root / folder).iterdir()]


def filed(folder):
    def change(root):
        emptied(folder)(root)
        (root / folder).rmdir()
        (root / folder).touch()

    return change


V73 = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384) + b"\x89HDF\r\n\x1a\n"
SITE = r"https://zheng-lab-anu\.github\.io/Project/project_reid\.html"
BAD = {
    **{
        f"no {folder}": (moved(folder), rf"No {folder} in .*; get Market-1501 from {SITE} .* so that .*{folder} exists")
        for folder in NAMES
    },
    "no folder": (lambda root: root.rename(root.with_name("elsewhere")), rf"is not a folder; give .* from {SITE}"),
    "a file": (
        lambda root: (root.rename(root.with_name("elsewhere")), root.touch()),
        "market is not a folder; give the folder that Market-1501 was unpacked into",
    ),
    "the folder above": (
        lambda root: (root.rename(root.with_name("set")), root.mkdir(), root.with_name("set").rename(root / "set")),
        "No bounding_box_train in .*, but there is one in .*set: give that folder",
    ),
    "an empty split": (emptied("query"), "query is empty; unpack Market-1501 again"),
    "a file for a split": (filed("query"), "query is a file; Market-1501 has a folder there"),
    "an empty gt_bbox": (lambda root: (root / "gt_bbox").mkdir(), "gt_bbox is empty; unpack Market-1501 again"),
    "empty distractors": (lambda root: (root / "distractors").mkdir(), "distractors is empty; unpack the distractors"),
    "a folder among the distractors": (
        lambda root: tree(root, {"distractors": ["a.jpg"], "distractors/more": ["b.jpg"]}),
        "more is no picture of a distractor",
    ),
    "a distractor that is no picture": (
        lambda root: tree(root, {"distractors": ["a.jpg", "readme.txt"]}),
        r"readme\.txt is no picture of a distractor, which end in \.jpg or \.png; move it away",
    ),
    "somebody in train and query": (
        lambda root: tree(root, {"bounding_box_train": ["0001_c1s1_000451_03.jpg"]}),
        r"market1501 has 1 of its people in train and in query or gallery \(pid 1\)",
    ),
    "somebody in train and gallery": (
        lambda root: tree(root, {"bounding_box_test": ["0002_c1s1_000451_09.jpg"]}),
        r"market1501 has 1 of its people in train and in query or gallery \(pid 2\)",
    ),
    "junk in train": (
        lambda root: tree(root, {"bounding_box_train": ["-1_c1s1_000451_03.jpg"]}),
        "in train of market1501 has pid -1",
    ),
    "a distractor in query": (
        lambda root: tree(root, {"query": ["0000_c1s1_000451_03.jpg"]}),
        "in query of market1501 has pid 0",
    ),
    "labels of version 7.3": (
        written("market_attribute.mat", V73),
        r"market_attribute\.mat is a MATLAB file of version 7\.3 \(HDF5\); .*save it with -v7",
    ),
    "labels that are cut off": (
        written("market_attribute.mat", b"MATLAB 5.0".ljust(124) + b"\0\1IM\x0e"),
        "cannot be read",
    ),
}


@pytest.mark.parametrize(("change", "reason"), BAD.values(), ids=BAD)
def test_a_set_with_a_mistake_is_refused(tmp_path, change, reason):
    root = tree(tmp_path / "market", NAMES)
    change(root)
    with pytest.raises((ValueError, FileNotFoundError), match=reason) as told:
        market1501.load(root)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("folder", ["distractors_500k", "distractors", "images"])
def test_further_pictures_of_nobody_are_read_whatever_their_names_are(tmp_path, folder):
    names = ["b_c12x.png", "a.JPG", "0000_c3s1_000001_00.jpg", "-1_c1s1_000451_03.jpg", "0007_cs_c2.jpg", "_.jpg"]
    people = market1501.load(tree(tmp_path, {**NAMES, folder: [*names, "Thumbs.db", "._a.jpg"]}))
    assert [(crop.path, crop.camid) for crop in people.distractors] == [
        (tmp_path / folder / "-1_c1s1_000451_03.jpg", 1),
        (tmp_path / folder / "0000_c3s1_000001_00.jpg", 3),
        (tmp_path / folder / "0007_cs_c2.jpg", 2),
        (tmp_path / folder / "_.jpg", None),
        (tmp_path / folder / "a.JPG", None),
        (tmp_path / folder / "b_c12x.png", 12),
    ]
    assert {crop.pid for crop in people.distractors} == {0}
    assert len(people.gallery) == len(NAMES["bounding_box_test"])


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"images": ["a.jpg", "notes.txt"]}, r"holds notes\.txt, which is no picture,"),
        ({"images": ["a.jpg"], "images/more": ["b.jpg"]}, "holds more, which is no picture,"),
        ({"images": ["a.jpg"], "images/more.jpg": ["b.jpg"]}, r"holds more\.jpg, which is no picture,"),
        ({"images": ["Thumbs.db"]}, "is empty"),
    ],
)
def test_a_folder_called_images_that_holds_something_else_is_left_alone_and_named(tmp_path, names, why):
    tree(tmp_path, NAMES | names)
    told = rf"{tmp_path}/images {why} and is not read as the distractors of Market-1501; if it is, call it distractors"
    with pytest.warns(UserWarning, match=told):
        people = market1501.load(tmp_path)
    assert people.distractors == ()
    assert len(people.gallery) == len(NAMES["bounding_box_test"])


def test_of_two_folders_of_distractors_the_first_is_read(tmp_path):
    tree(tmp_path, {**NAMES, "images": ["a.jpg"], "distractors": ["b.jpg"]})
    assert [crop.path.name for crop in market1501.load(tmp_path).distractors] == ["b.jpg"]


def labels(people, **columns):
    """One half of a label file: a row of codes for each attribute, in the order given, and the pids as text."""
    index = np.array([[f"{pid:04d}" for pid in people]], dtype=object)
    return {**{name: np.array([codes], np.uint8) for name, codes in columns.items()}, "image_index": index}


def label_file(root, train, test):
    scipy.io.savemat(
        root / market1501.LABELS, {"market_attribute": {"test": test, "train": train}}, do_compression=True
    )


def test_labels_are_read_by_name_because_their_order_differs(tmp_path):
    tree(tmp_path, NAMES)
    label_file(tmp_path, labels([2, 7], age=[1, 4], hat=[2, 1]), labels([1], hat=[2], age=[3]))
    attributes = market1501.load(tmp_path).attributes
    assert attributes == {1: {"age": 3, "hat": 2}, 2: {"age": 1, "hat": 2}, 7: {"age": 4, "hat": 1}}
    assert list(attributes) == [1, 2, 7]


def test_label_files_that_contradict_themselves_are_refused(tmp_path):
    tree(tmp_path, NAMES)
    for train, test, reason in (
        (labels([2], hat=[1]), labels([2], hat=[1]), "pid 2 stands there twice"),
        (labels([2, 7], hat=[1]), labels([1], hat=[1]), "hat is not 2 whole numbers"),
        (labels([2], hat=[1]), {"hat": 1}, "image_index"),
    ):
        label_file(tmp_path, train, test)
        with pytest.raises(ValueError, match=rf"market_attribute\.mat is not the label file .*{reason}"):
            market1501.load(tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + b"\0" * 600, b" " * 126 + b"IM" + b"\x0e\0\0\0\xff\xff\xff\x7f"]
)
def test_what_is_no_label_file_is_refused(tmp_path, data):
    tree(tmp_path, NAMES)
    (tmp_path / market1501.LABELS).write_bytes(data)
    with pytest.raises(ValueError, match=r"market_attribute\.mat (is not|cannot be read)"):
        market1501.load(tmp_path)


def test_a_label_file_that_would_blow_up_is_refused(tmp_path):
    tree(tmp_path, NAMES)
    packed = zlib.compress(b"\0" * (33 * 2**20))
    head = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM"
    (tmp_path / market1501.LABELS).write_bytes(head + np.array([15, len(packed)], "<u4").tobytes() + packed)
    with pytest.raises(ValueError, match="would grow to more than 33554432 bytes"):
        market1501.load(tmp_path)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Market-1501 with all its names, each on a small picture."""
    source = market_lists.protocol_data("market1501")
    names = [name for split in ("train", "query", "test") for name in market_lists.names(split)]
    root = linked(tmp_path_factory.mktemp("market1501"), names)
    os.symlink(source / market1501.LABELS, root / market1501.LABELS)
    return market1501.load(root)


def test_the_real_names_give_the_official_counts(real):
    train, query, gallery = describe(real).splits
    assert (train.pictures, train.people, train.cameras) == (
        12_936,
        751,
        {1: 2017, 2: 1709, 3: 2707, 4: 920, 5: 2338, 6: 3245},
    )
    assert (query.pictures, query.people, len(query.cameras)) == (3_368, 750, 6)
    assert (gallery.pictures, gallery.people, gallery.junk, gallery.distractors) == (19_732, 750, 3_819, 2_798)
    assert official(real) == "yes"
    assert sum(crop.pid > 0 for crop in real.gallery) == 13_115


def test_the_real_names_give_the_official_right_answers(real):
    found = describe(real)
    assert (found.right, found.right_range, found.unanswered) == (49_649, (1, 68), 0)
    assert sentences(real) == [
        "49649 right answers for 3368 queries, 14.7414 for each query (1 .. 68).",
        "Every query has a right answer.",
    ]


def test_the_real_pictures_can_be_read(real):
    assert {read(crop.path).size for crop in (real.train[0], real.query[-1], real.gallery[7_000])} == {(8, 16)}


def test_the_real_crops_stand_in_the_order_of_the_lists(real):
    for split, crops in (("train", real.train), ("query", real.query), ("test", real.gallery)):
        listed = market_lists.names(split)
        assert Counter(str(Path(*crop.path.parts[-2:])) for crop in crops) == Counter(listed)
        assert [crop.path.name for crop in crops] == sorted(Path(path).name for path in listed)


def test_the_real_labels_are_those_of_the_real_people(real):
    assert set(real.attributes) == {crop.pid for crop in real.train + real.query}
    assert {len(row) for row in real.attributes.values()} == {27}
    codes = {name: {row[name] for row in real.attributes.values()} for name in real.attributes[2]}
    assert codes.pop("age") == {1, 2, 3, 4}
    assert all(found <= {1, 2} for found in codes.values())


def test_the_real_labels_give_the_known_majorities(real):
    shown = [real.attributes[crop.pid] for crop in real.gallery if crop.pid > 0]
    known = {"gender": 0.559, "hair": 0.639, "age": 0.871, "up": 0.935, "down": 0.670, "clothes": 0.881, "hat": 0.971}
    for name, share in (known | {"backpack": 0.749, "bag": 0.757, "handbag": 0.905}).items():
        most = Counter(row[name] for row in shown).most_common(1)[0][1]
        assert most / len(shown) == pytest.approx(share, abs=5e-4)
    for part, without in (("up", 1149), ("down", 788)):
        flags = [name for name in shown[0] if name.startswith(part) and name != part]
        assert sum(all(row[name] == 1 for name in flags) for row in shown) == without
