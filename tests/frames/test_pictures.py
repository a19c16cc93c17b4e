import numpy as np
import pytest
from PIL import Image

from passerby.frames.pictures import pictures


@pytest.fixture
def folder(tmp_path):
    def make(*names, inside="frames"):
        place = tmp_path / inside
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(place / name)
        return tmp_path / inside.split("/")[0]

    return make


def numbers(footage, every=1):
    told = []
    return [(f.number, f.seconds, f.path.name) for f in footage.frames(every, told.append)], told


def test_names_that_are_numbers_number_the_frames(folder):
    found, _ = numbers(pictures(folder("000002.jpg", "000010.jpg", "000001.jpg"), fps=2))
    assert found == [(1, 0.0, "000001.jpg"), (2, 0.5, "000002.jpg"), (10, 4.5, "000010.jpg")]


def test_numbers_from_nought_become_numbers_from_one(folder):
    assert [n for n, _, _ in numbers(pictures(folder("0.png", "1.png")))[0]] == [1, 2]


def test_other_names_are_counted_and_without_a_rate_no_frame_has_a_second(folder):
    footage = pictures(folder("b.png", "a.png", ".hidden.png"))
    assert numbers(footage)[0] == [(1, None, "a.png"), (2, None, "b.png")]
    assert not footage.timed


def test_a_sequence_of_motchallenge_is_read(folder):
    footage = pictures(folder("000001.jpg", inside="seq/img1"))
    assert footage.names == {"000001.jpg": 1}


def test_a_frame_that_cannot_be_read_is_told_and_passed_over(folder):
    place = folder("000001.jpg", "000003.jpg")
    (place / "000002.jpg").write_bytes(b"no")
    found, told = numbers(pictures(place))
    assert [n for n, _, _ in found] == [1, 3]
    assert len(told) == 1
    assert "000002.jpg" in told[0]


def test_bad_folders_are_clear_errors(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="No folder"):
        pictures(tmp_path / "none")
    with pytest.raises(ValueError, match="No picture"):
        pictures(folder(inside="empty"))
    with pytest.raises(ValueError, match="one number"):
        pictures(folder("1.jpg", "01.jpg", inside="twice"))
