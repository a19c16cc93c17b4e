import os

import pytest

from passerby.datasets.folder import crops
from passerby.images import ENDINGS
from passerby.types import UNKNOWN, Crop


def tree(root, *files):
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_a_folders_pictures_are_taken_at_any_depth_in_sorted_order(tmp_path):
    names = ["b.jpg", "a/2.png", "a/10.JPEG", "a/b/c/1.webp", "z.bmp", "0002_c1s1_000451_03.jpg"]
    found = crops(tree(tmp_path, *names, "notes.txt", ".hidden/x.jpg", "._b.jpg"))
    assert [crop.path for crop in found] == sorted(tmp_path / name for name in names)
    assert {(crop.pid, crop.camid) for crop in found} == {(UNKNOWN, None)}


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_picture_is_taken_alone(tmp_path, ending):
    tree(tmp_path, f"a{ending}", "b.jpg")
    assert crops(tmp_path / f"a{ending}") == (Crop(tmp_path / f"a{ending}", UNKNOWN),)


def test_a_table_is_taken_in_its_order_whatever_the_split(tmp_path):
    tree(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "list.csv").write_text("path,pid,camid,split\nb.jpg,3,1,gallery\na.jpg,-2,,train\n")
    assert crops(tmp_path / "list.csv") == (Crop(tmp_path / "b.jpg", 3, 1), Crop(tmp_path / "a.jpg", UNKNOWN))


def test_a_link_that_leads_back_ends(tmp_path):
    tree(tmp_path, "a/1.jpg")
    os.symlink(tmp_path, tmp_path / "a" / "back")
    assert len(crops(tmp_path)) == 1


def test_what_holds_no_picture_is_refused(tmp_path):
    tree(tmp_path, "notes.txt", "empty/x.md")
    with pytest.raises(ValueError, match=r"No picture in .*; files that end in \.jpg"):
        crops(tmp_path)
    with pytest.raises(ValueError, match=r"notes\.txt is no picture; give a folder"):
        crops(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError, match=r"Nothing at .*none"):
        crops(tmp_path / "none")


def test_pictures_that_cannot_be_read_are_not_passed_over(tmp_path):
    with pytest.raises(ValueError, match=r"a\.gif cannot be read; accepted are \.jpg"):
        crops(tree(tmp_path, "a.gif", "b.jpg"))


def test_pictures_that_cannot_be_read_are_told_all_at_once(tmp_path):
    tree(tmp_path, *(f"{name}/{number}.tif" for name in "ab" for number in range(3)), "0.heic", "ok.jpg")
    with pytest.raises(
        ValueError, match=r"0\.heic, .*0\.tif, .*2\.tif, .*b/0\.tif and 2 more cannot .* move them away"
    ):
        crops(tmp_path)
