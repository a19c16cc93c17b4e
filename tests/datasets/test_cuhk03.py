import os

import numpy as np
import pytest
import scipy.io

from linked import linked
from market_lists import protocol_data
from passerby.datasets import cuhk03
from passerby.datasets._matlab import matlab
from passerby.datasets.official import official
from passerby.evaluation.describe import describe
from passerby.evaluation.unanswered import sentences
from passerby.images import read
from passerby.types import Crop

FILES = ["1_001_1_01.png", "1_001_2_06.png", "2_001_1_01.png", "2_001_2_02.png", "2_001_2_03.png"]
CONFIG = {
    "filelist": np.array([[name] for name in FILES], dtype=object),
    "labels": np.array([[1], [1], [2], [2], [2]], np.uint16),
    "camId": np.array([[1], [2], [1], [2], [2]], np.uint8),
    "train_idx": np.array([[2], [1]], np.uint16),
    "query_idx": np.array([[3]], np.uint16),
    "gallery_idx": np.array([[4], [5]], np.uint16),
}


def tree(root, version="detected", files=FILES, **changes):
    """A configuration and empty pictures; the loader reads names only."""
    config = {name: value for name, value in {**CONFIG, **changes}.items() if value is not None}
    (root / f"images_{version}").mkdir(parents=True)
    scipy.io.savemat(root / f"cuhk03_new_protocol_config_{version}.mat", config)
    for name in files:
        (root / f"images_{version}" / name).touch()
    return root


@pytest.mark.parametrize(("version", "load"), [("detected", cuhk03.detected), ("labeled", cuhk03.labeled)])
def test_indices_count_from_1_and_keep_their_order(tmp_path, version, load):
    people = load(tree(tmp_path, version))
    folder = tmp_path / f"images_{version}"
    assert (people.name, people.version) == ("cuhk03", version)
    assert people.train == (Crop(folder / FILES[1], 1, 2), Crop(folder / FILES[0], 1, 1))
    assert people.query == (Crop(folder / FILES[2], 2, 1),)
    assert people.gallery == (Crop(folder / FILES[3], 2, 2), Crop(folder / FILES[4], 2, 2))


def test_without_a_word_the_detected_boxes_are_taken(tmp_path):
    assert cuhk03.load(tree(tmp_path)) == cuhk03.detected(tmp_path)


def test_the_sorted_folders_are_read_too(tmp_path):
    for name in ("bounding_box_train/0001_c1_1.png", "query/0002_c1_3.png", "bounding_box_test/0002_c2_4.png"):
        (tmp_path / "labeled" / name).parent.mkdir(parents=True)
        (tmp_path / "labeled" / name).touch()
    people = cuhk03.labeled(tmp_path)
    assert (people.version, people.query[0].pid, people.gallery[0].camid) == ("labeled", 2, 2)
    (tmp_path / "labeled" / "query" / "notes.png").touch()
    with pytest.raises(ValueError, match=r"notes\.png is not named as in CUHK03-NP"):
        cuhk03.labeled(tmp_path)


@pytest.mark.parametrize("place", cuhk03.ORIGINALS)
def test_the_original_file_alone_is_told_what_to_do_with(tmp_path, place):
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).touch()
    command = f"passerby data cuhk03.detected {tmp_path} --unpack"
    with pytest.raises(FileNotFoundError, match=f"only .*{place}; write its pictures there: {command}$"):
        cuhk03.detected(tmp_path)


CONFIG_FILE = "cuhk03_new_protocol_config_detected.mat"
V73 = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384) + b"\x89HDF\r\n\x1a\n"
BAD = {
    "no configuration": (
        lambda root: (root / CONFIG_FILE).unlink(),
        f"No {CONFIG_FILE} in .*; get CUHK03 from http.* so that .*{CONFIG_FILE} exists",
    ),
    "no images_detected": (
        lambda root: (root / "images_detected").rename(root / "elsewhere"),
        r"No images_detected in .*, and no cuhk-03\.mat to make it of; get that from http.*, put it there, and "
        "write its pictures: passerby data cuhk03.detected .*CUHK03 --unpack$",
    ),
    "images_detected one folder lower": (
        lambda root: ((root / "in").mkdir(), (root / "images_detected").rename(root / "in" / "images_detected")),
        "No images_detected in .*, but there is one in .*in: give that folder",
    ),
    "no folder": (
        lambda root: root.rename(root.with_name("elsewhere")),
        "CUHK03 is not a folder; give the folder that CUHK03 was unpacked into",
    ),
    "a file": (lambda root: (root.rename(root.with_name("elsewhere")), root.touch()), "CUHK03 is not a folder; give"),
    "an empty folder": (
        lambda root: (root.rename(root.with_name("elsewhere")), root.mkdir()),
        f"No {CONFIG_FILE} in .*; get CUHK03 from http",
    ),
    "the folder above": (
        lambda root: (root.rename(root.with_name("in")), root.mkdir(), root.with_name("in").rename(root / "in")),
        f"No {CONFIG_FILE} in .*, but there is one in .*in: give that folder",
    ),
    "a picture that is not there": (
        lambda root: (root / "images_detected" / FILES[-1]).unlink(),
        r"1 of 5 .* are not there \(2_001_2_03\.png\); put a whole cuhk-03\.mat into .*: passerby",
    ),
    "no picture": (
        lambda root: [file.unlink() for file in (root / "images_detected").iterdir()],
        r"5 of 5 pictures in .* are not there",
    ),
    "a configuration of version 7.3": (
        lambda root: (root / CONFIG_FILE).write_bytes(V73),
        rf"{CONFIG_FILE} is a MATLAB file of version 7\.3 \(HDF5\); .*save it with -v7",
    ),
    "a configuration that is cut off": (
        lambda root: (root / CONFIG_FILE).write_bytes((root / CONFIG_FILE).read_bytes()[:-20]),
        f"{CONFIG_FILE} cannot be read as a MATLAB file",
    ),
    "sorted folders without a split": (
        lambda root: ((root / CONFIG_FILE).unlink(), (root / "detected").mkdir()),
        "No bounding_box_train in .*detected; get CUHK03 from http",
    ),
}


@pytest.mark.parametrize(("change", "reason"), BAD.values(), ids=BAD)
def test_a_set_with_a_mistake_is_refused(tmp_path, change, reason):
    root = tree(tmp_path / "CUHK03")
    change(root)
    with pytest.raises((ValueError, FileNotFoundError), match=reason) as told:
        cuhk03.load(root)
    assert "\n" not in str(told.value)


def column(*numbers):
    return np.array(numbers, np.int32)[:, None]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"train_idx": column(0, 1)}, r"train_idx holds 0; indices count from 1 to 5; was it saved counting from 0\?"),
        ({"gallery_idx": column(4, 6)}, "gallery_idx holds 6; indices count from 1 to 5"),
        ({"gallery_idx": column(4, -1)}, "gallery_idx holds -1"),
        ({"query_idx": column(3, 3)}, "query_idx holds 3 twice"),
        ({"query_idx": np.array([[2.5]])}, "has no query_idx of whole numbers"),
        ({"query_idx": np.array([[np.inf]])}, "has no query_idx of whole numbers"),
        ({"query_idx": None}, "has no query_idx of whole numbers"),
        ({"query_idx": "three"}, "has no query_idx of whole numbers"),
        ({"gallery_idx": column(4)}, r"1 of 5 pictures stand in no split \(2_001_2_03\.png\)"),
        ({"labels": column(1, 1, 2, 2)}, "have 5, 4 and 5 entries"),
        ({"labels": column(1, 1, 0, 0, 0)}, r"2_001_1_01\.png has the label 0; labels are 1 or more"),
        ({"labels": column(1, 3, 2, 2, 2)}, r"1_001_2_06\.png has the label 3; labels .* one for each person"),
        (
            {"labels": column(1, 1, 1, 1, 1)},
            r"2_001_1_01\.png has the label 1; .* each person has a label of its own",
        ),
        ({"labels": None}, "has no labels of whole numbers"),
        ({"camId": column(1, 1, 1, 2, 2)}, r"'1_001_2_06\.png' of camera 1 is not named pair_person_camera_picture"),
        ({"filelist": None}, "has no filelist"),
        ({"filelist": np.array([[7], *FILES[1:]], dtype=object)}, "is not named|cannot be read"),
        (
            {"filelist": np.array([["../1_001_1_01.png"], *([name] for name in FILES[1:])], dtype=object)},
            "is not named",
        ),
        (
            {"train_idx": column(1), "gallery_idx": column(2, 4, 5)},
            r"cuhk03 has 1 of its people in train and in query or gallery \(pid 1\)",
        ),
    ],
)
def test_a_configuration_with_a_mistake_is_refused(tmp_path, changes, reason):
    with pytest.raises(ValueError, match=reason):
        cuhk03.load(tree(tmp_path, **changes))


@pytest.mark.parametrize(("version", "load"), [("detected", cuhk03.detected), ("labeled", cuhk03.labeled)])
def test_the_real_lists_give_the_official_counts(tmp_path, version, load):
    config = protocol_data("cuhk03_np") / f"cuhk03_new_protocol_config_{version}.mat"
    os.symlink(config, tmp_path / config.name)
    content = matlab(config)
    linked(tmp_path, [f"images_{version}/{name}" for name in content["filelist"]], ".png")
    people = load(tmp_path)
    assert official(people) == "yes"
    assert read(people.query[0].path).size == (8, 16)
    found = describe(people)
    assert {counts.split: (counts.pictures, counts.people) for counts in found.splits} == cuhk03.OFFICIAL[version]
    assert all(set(counts.cameras) == {1, 2} for counts in found.splits)
    right = {"detected": 5_332, "labeled": 5_328}[version]
    assert (found.right, found.right_range, found.unanswered) == (right, (1, 4), 0)
    mean = {"detected": "3.8086", "labeled": "3.8057"}[version]
    assert sentences(people)[0] == f"{right} right answers for 1400 queries, {mean} for each query (1 .. 4)."
    assert [crop.path.name for crop in people.query] == [
        content["filelist"][index - 1] for index in content["query_idx"].ravel()
    ]
    assert max(crop.pid for crop in people.train + people.query) == 1_467
