import pytest

from passerby.frames import boxes as held
from passerby.frames.frame import Box
from passerby.frames.mot import mot


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "boxes.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_lines_are_boxes_by_frame_whatever_their_order(file):
    found = mot(file("3,1,10,20,5,8,0.5\n1,2,1.5,2,3,4,1\n\n3,2,0,0,1,1,1,-1,-1,-1\n"))
    assert found.at(1) == (Box(1.5, 2, 3, 4, 1, 2),)
    assert found.at(2) == ()
    assert found.at(3) == (Box(10, 20, 5, 8, 0.5, 1), Box(0, 0, 1, 1, 1, 2))
    assert found.last == 3


def test_an_id_of_minus_one_is_nobody_known(file):
    found = mot(file("1,-1,10,20,5,8,0.5,-1,-1,-1\n"))
    assert found.ids is None
    assert found.at(1)[0].id is None


def test_spaces_a_byte_order_mark_and_windows_lines_are_read(file):
    assert len(mot(file(b"\xef\xbb\xbf1 2 3 4 5 6\r\n2 2 3 4 5 6\r\n")).frames) == 2


def test_what_is_not_to_be_looked_at_is_passed_over_and_counted(file):
    found = mot(file("1,1,0,0,5,5,1,1,1.0\n1,2,0,0,5,5,0,1,1.0\n1,3,0,0,5,5,1,8,1.0\n1,4,0,0,5,5,1,7,0.2\n"))
    assert [box.id for box in found.at(1)] == [1, 4]
    assert found.passed_over == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no box"),
        ("1,1,0,0,5,5,0,1,1\n", "no box"),
        ("1,2,3\n", "line 1: 3 numbers"),
        ("1,1,0,0,5,5,1\n2,1,nan,0,5,5,1\n", "line 2: box"),
        ("1,1,0,0,inf,5,1\n", "line 1: box"),
        ("1,1,0,0,5,5,nan\n", "line 1: box"),
        ("1,1,0,0,1e300,5,1\n", "line 1: box"),
        ("1,1,0,0,0,5,1\n", "width and height are 0 and 5"),
        ("1,1,0,0,5,-5,1\n", "width and height are 5 and -5"),
        ("0,1,0,0,5,5,1\n", "frame is 0"),
        ("-3,1,0,0,5,5,1\n", "frame is -3"),
        ("1.5,1,0,0,5,5,1\n", "whole numbers"),
        ("nan,1,0,0,5,5,1\n", "not all numbers"),
        ("inf,1,0,0,5,5,1\n", "not all numbers"),
        ("1e30,1,0,0,5,5,1\n", "frame is"),
        ("1,-7,0,0,5,5,1\n", "id is -7"),
        ("1,one,0,0,5,5,1\n", "not all numbers"),
        ("1,1,0,0,5,5,1\n1,1,3,3,5,5,1\n", "id 1 has two boxes in frame 1"),
        ("1,1,0,0,5,5,1\n1,-1,3,3,5,5,1\n", "line 2: some boxes have an id"),
        ("1," * 500, "line 1: more than 400 characters"),
        (b"\xff\xfe\x00\x00", "is no text"),
    ],
)
def test_a_bad_file_is_one_clear_error(file, text, words):
    with pytest.raises(ValueError, match=words):
        mot(file(text))


def test_more_boxes_than_fit_are_refused(file, monkeypatch):
    monkeypatch.setattr(held, "MOST", 2)
    with pytest.raises(ValueError, match="line 3: more than 2 boxes"):
        mot(file("".join(f"{n},1,0,0,5,5,1\n" for n in range(1, 5))))


def test_a_crowd_in_one_frame_is_refused(file):
    text = "".join(f"7,{n},0,0,5,5,1\n" for n in range(1001))
    with pytest.raises(ValueError, match="1,001 boxes in frame 7"):
        mot(file(text))


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="box file"):
        mot(tmp_path / "none.txt")
