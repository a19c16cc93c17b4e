import os

import pytest

from passerby.datasets import _listed, msmt17
from passerby.types import Crop

LINES = {
    "list_train.txt": ["0000/0000_045_12_0303morning_0006_2.jpg 0", "0002/0002_000_01_0303noon_0006_2_ex.jpg 2"],
    "list_val.txt": ["0000/0000_013_04_0303morning_0020_2.jpg 0"],
    "list_query.txt": ["0000/0000_000_01_0303morning_0015_0.jpg 0"],
    "list_gallery.txt": ["0000/0000_008_02_0303morning_0019_2.jpg 0", "0001/0001_008_15_0303afternoon_0019_2.jpg 1"],
}


def tree(root, version="V1", lines=LINES, pictures=LINES):
    """Lists and empty pictures; the loader reads names only."""
    train, test = msmt17.FOLDERS[version]
    for folder in (train, test):
        (root / folder).mkdir(parents=True)
    for name, entries in lines.items():
        (root / name).write_text("\n".join([*entries, ""]))
    for name, entries in pictures.items():
        for entry in entries:
            file = root / (train if name in ("list_train.txt", "list_val.txt") else test) / entry.split()[0]
            file.parent.mkdir(exist_ok=True)
            file.touch()
    return root


def with_lines(**changes):
    return {name: changes.get(name[5:-4], entries) for name, entries in LINES.items()}


def test_test_people_are_numbered_after_training_people(tmp_path):
    people = msmt17.load(tree(tmp_path))
    assert people.train == (
        Crop(tmp_path / "train" / "0000" / "0000_045_12_0303morning_0006_2.jpg", 1, 12),
        Crop(tmp_path / "train" / "0002" / "0002_000_01_0303noon_0006_2_ex.jpg", 3, 1),
        Crop(tmp_path / "train" / "0000" / "0000_013_04_0303morning_0020_2.jpg", 1, 4),
    )
    assert [(crop.pid, crop.camid) for crop in people.query] == [(4, 1)]
    assert [(crop.pid, crop.camid) for crop in people.gallery] == [(4, 2), (5, 15)]
    assert people.query[0].path == tmp_path / "test" / "0000" / "0000_000_01_0303morning_0015_0.jpg"


def test_training_without_val_is_a_variant_with_official_counts():
    assert msmt17.VARIANTS["train_only"] is msmt17.train_only
    assert set(msmt17.OFFICIAL) == {"V1", "V2", "V1 without val", "V2 without val"}


def from_1(line):
    person, rest = line[:4], line[4:]
    number = f"{int(person) + 1:04d}"
    return f"{number}{rest.rsplit(' ', 1)[0].replace(f'/{person}_', f'/{number}_')} {int(person) + 1}"


@pytest.mark.parametrize("name", LINES)
def test_labels_that_count_from_1_are_refused(tmp_path, name):
    lines = {**LINES, name: [f"{line[:-1]}{int(line[-1]) + 1}" for line in LINES[name]]}
    with pytest.raises(ValueError, match=rf"{name}, entry 1: .* and the same pid from 0"):
        msmt17.load(tree(tmp_path, lines=lines))


@pytest.mark.parametrize("name", LINES)
def test_a_list_that_counts_from_1_throughout_names_pictures_that_are_not_there(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=rf"{name} names are not there"):
        msmt17.load(tree(tmp_path, lines={**LINES, name: [from_1(line) for line in LINES[name]]}))


def test_a_set_that_counts_from_1_throughout_is_the_same_with_other_numbers(tmp_path):
    """Nothing tells it from a part of the set without person 0; who is who does not change."""
    lines = {name: [from_1(line) for line in entries] for name, entries in LINES.items()}
    people, usual = (
        msmt17.load(tree(tmp_path / name, lines=some, pictures=some)) for name, some in (("1", lines), ("0", LINES))
    )
    for split, more in (("train", 1), ("query", 2), ("gallery", 2)):
        assert [crop.pid for crop in getattr(people, split)] == [crop.pid + more for crop in getattr(usual, split)]


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_versions_are_told_apart_by_their_folders(tmp_path, version):
    assert msmt17.load(tree(tmp_path, version)).version == version


def test_training_without_val_keeps_the_numbers_and_says_so(tmp_path):
    people = msmt17.train_only(tree(tmp_path, lines=with_lines(val=["0007/0007_013_04_0303noon_0020_2.jpg 7"])))
    assert people.version == "V1 without val"
    assert [crop.pid for crop in people.train] == [1, 3]
    assert people.query[0].pid == 9


def test_both_versions_in_one_folder_are_refused(tmp_path):
    tree(tmp_path, "V1")
    (tmp_path / "mask_test_v2").mkdir()
    with pytest.raises(ValueError, match="holds folders of V1 and V2; keep each version in a folder of its own"):
        msmt17.load(tmp_path)


@pytest.mark.parametrize("part", ["train", "test", *msmt17.LISTS])
def test_a_missing_part_is_named_with_where_to_get_it(tmp_path, part):
    tree(tmp_path / "MSMT17_V1")
    os.rename(tmp_path / "MSMT17_V1" / part, tmp_path / "MSMT17_V1" / "elsewhere")
    with pytest.raises(FileNotFoundError, match=f"No {part} in .*; get MSMT17 from http.* so that .*{part} exists"):
        msmt17.load(tmp_path / "MSMT17_V1")


def test_the_folder_above_is_told_where_to_look(tmp_path):
    tree(tmp_path / "MSMT17_V2", "V2")
    with pytest.raises(FileNotFoundError, match=r"there is one in .*MSMT17_V2: give that folder"):
        msmt17.load(tmp_path)


def test_where_both_versions_lie_below_both_are_named(tmp_path):
    for version in ("V1", "V2"):
        tree(tmp_path / f"MSMT17_{version}", version)
    told = rf"there is V1 in {tmp_path}/MSMT17_V1, V2 in {tmp_path}/MSMT17_V2: give one"
    with pytest.raises(FileNotFoundError, match=told):
        msmt17.load(tmp_path)


def test_missing_pictures_are_counted_over_all_folders(tmp_path):
    for file in (tree(tmp_path) / "train").rglob("*.jpg"):
        file.unlink()
    with pytest.raises(
        FileNotFoundError,
        match=r"1 of 1 pictures in .*train/0000 that .* \(0000_045.*\), and 2 of 2 in all 2 folders; un",
    ):
        msmt17.load(tmp_path)


def test_a_missing_picture_is_named(tmp_path):
    tree(tmp_path, lines=with_lines(gallery=[*LINES["list_gallery.txt"], "0001/0001_009_15_0303noon_0019_2.jpg 1"]))
    with pytest.raises(
        FileNotFoundError, match=r"1 of 2 .*list_gallery\.txt names .* \(0001_009_15_0303noon_0019_2\.jpg\)"
    ):
        msmt17.load(tmp_path)


def test_a_folder_that_is_missing_is_a_missing_picture(tmp_path):
    tree(tmp_path, lines=with_lines(query=["0005/0005_009_15_0303noon_0019_2.jpg 5"]))
    with pytest.raises(FileNotFoundError, match=r"1 of 1 pictures in .*0005 that .*list_query\.txt names"):
        msmt17.load(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "0000/0000_045_12_0303morning_0006_2.jpg 1",
        "0000/0001_045_12_0303morning_0006_2.jpg 0",
        "0000/0000_045_c12_0303morning_0006_2.jpg 0",
        "0000/0000_045_12.jpg 0",
        "0000/0000_045_12_0303morning_0006_2.png 0",
        "0000/0000_045_12_0303morning_0006_2.jpg",
        "0000/0000_045_12_0303morning_0006_2.jpg -1",
        "../0000/0000_045_12_0303morning_0006_2.jpg 0",
        "0000/0000_045_12_0303/morning_0006_2.jpg 0",
        "x" * 500,
    ],
)
def test_a_line_that_does_not_parse_is_refused(tmp_path, line):
    tree(tmp_path, lines=with_lines(train=[LINES["list_train.txt"][0], line]))
    with pytest.raises(ValueError, match=r"list_train\.txt, entry 2: .{,90} is not pid/pid_<picture>_<camera>_"):
        msmt17.load(tmp_path)


@pytest.mark.parametrize("name", ["val", "train", "query"])
def test_a_picture_that_stands_twice_is_refused(tmp_path, name):
    entries = LINES["list_train.txt"][:1] if name == "val" else LINES[f"list_{name}.txt"][:1] * 2
    tree(tmp_path, lines=with_lines(**{name: entries}))
    with pytest.raises(ValueError, match=rf"list_{name}\.txt: 0000/.* stands twice in list_"):
        msmt17.load(tmp_path)


def test_a_list_that_is_empty_or_no_text_or_too_long_is_refused(tmp_path, monkeypatch):
    tree(tmp_path)
    for data, reason in ((b"\n \n", "is empty"), (b"\xff\xfe0", "is not text in UTF-8")):
        (tmp_path / "list_query.txt").write_bytes(data)
        with pytest.raises(ValueError, match=rf"list_query\.txt {reason}"):
            msmt17.load(tmp_path)
    monkeypatch.setattr(_listed, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match=r"list_train\.txt has \d+ bytes; at most 10 are read"):
        msmt17.load(tmp_path)
