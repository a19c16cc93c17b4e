import pytest

from passerby.datasets import _table, manifest
from passerby.datasets.folder import crops
from passerby.evaluation.answers import answers
from passerby.evaluation.leave_one_out import leave_one_out
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop


def tree(root, *files):
    """Empty files; the loader reads names only."""
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def table(root, text, *files, encoding="utf-8"):
    tree(root, *(files or ("a.jpg", "b.jpg", "c.jpg")))
    (root / "list.csv").write_text(text, encoding=encoding)
    return root / "list.csv"


def test_a_folder_for_each_person_is_training_material(tmp_path):
    people = manifest.load(tree(tmp_path, "bob/2.png", "bob/1.JPG", "Ann/x.jpeg", "cleo/1.webp"))
    assert [(crop.pid, str(crop.path.relative_to(tmp_path))) for crop in people.train] == [
        (1, "Ann/x.jpeg"),
        (2, "bob/1.JPG"),
        (2, "bob/2.png"),
        (3, "cleo/1.webp"),
    ]
    assert {crop.camid for crop in people.train} == {None}
    assert (people.name, people.query, people.gallery) == ("manifest", (), ())


def test_splits_share_the_numbers_of_their_people(tmp_path):
    tree(tmp_path, "train/ann/1.jpg", "query/dan/1.jpg", "gallery/cleo/1.jpg", "gallery/dan/2.jpg", "train/bob/1.jpg")
    people = manifest.load(tmp_path)
    assert [crop.pid for crop in people.train] == [1, 2]
    assert [crop.pid for crop in people.query] == [4]
    assert [(crop.pid, crop.path.parent.name) for crop in people.gallery] == [(3, "cleo"), (4, "dan")]


def test_some_splits_are_enough(tmp_path):
    people = manifest.load(tree(tmp_path, "query/a/1.jpg", "gallery/a/2.jpg"))
    assert (len(people.train), len(people.query), len(people.gallery)) == (0, 1, 1)


def test_hidden_names_and_other_files_are_passed_over(tmp_path):
    people = manifest.load(tree(tmp_path, "a/1.jpg", "a/._1.jpg", "a/notes.txt", ".git/x.jpg", "README.md"))
    assert len(people.train) == 1


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (("x.jpg",), r"x\.jpg lies outside of a person's folder"),
        (("a/1.jpg", "x.jpg"), r"x\.jpg lies outside of a person's folder"),
        (("train/x.jpg", "train/a/1.jpg"), r"x\.jpg lies outside of a person's folder"),
        (("a/b/1.jpg",), r"a/b lies one level too deep; put its pictures into .*a"),
        (("a/1.jpg", "b/x.txt"), "No picture in .*b; remove the folder"),
        (("README",), "No folder in .*; make one for each person"),
        (("train/a/1.jpg", "query/x.txt"), "No folder in .*query"),
        (("train/a/1.jpg", "ann/1.jpg"), r"holds train beside other folders \(ann\)"),
        (("-1/1.jpg", "0002/1.jpg"), "-1 is no person by its name"),
        (("0000/1.jpg", "0002/1.jpg"), "0000 is no person by its name"),
        (("train/a/1.jpg", "query/a/1.jpg"), r"manifest has 1 of its people in train and in .* \(pid 1\)"),
        (("a/1.tif",), r"1\.tif cannot be read; accepted are \.jpg"),
        (("a/1.jpg", "a/2.HEIC"), r"2\.HEIC cannot be read"),
    ],
)
def test_a_folder_that_is_not_in_that_form_is_refused(tmp_path, files, message):
    with pytest.raises(ValueError, match=message):
        manifest.load(tree(tmp_path, *files))


def test_nothing_and_what_is_neither_folder_nor_table_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Nothing at .*; give a folder with one folder for each person"):
        manifest.load(tmp_path / "none")
    with pytest.raises(ValueError, match=r"x\.txt is neither a folder nor a \.csv file"):
        manifest.load(tree(tmp_path, "x.txt") / "x.txt")


def test_a_table_with_every_column(tmp_path):
    text = "split,time,path,camid,trackid,pid\ntrain,1.5,a.jpg,0,0,7\nquery,,b.jpg,2,,8\ngallery,-3e2,c.jpg,,12180,0\n"
    people = manifest.load(table(tmp_path, text))
    assert people.train == (Crop(tmp_path / "a.jpg", 7, 0, 1.5, 0),)
    assert people.query == (Crop(tmp_path / "b.jpg", 8, 2),)
    assert people.gallery == (Crop(tmp_path / "c.jpg", DISTRACTOR, None, -300.0, 12_180),)
    assert [crop.trackid for crop in crops(tmp_path / "list.csv")] == [0, None, 12_180]


def test_a_table_with_the_least_is_training_material(tmp_path):
    people = manifest.load(table(tmp_path, "path,pid\na.jpg,2\nb.jpg,1\n"))
    assert [(crop.path.name, crop.pid, crop.camid) for crop in people.train] == [("a.jpg", 2, None), ("b.jpg", 1, None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets_tables_are_read(tmp_path, encoding, end):
    text = end.join(["path, pid", '"a, b.jpg", 1', "", "é.jpg,2", ""])
    people = manifest.load(table(tmp_path, text, "a, b.jpg", "é.jpg", encoding=encoding))
    assert [crop.path.name for crop in people.train] == ["a, b.jpg", "é.jpg"]


def test_paths_may_be_absolute_or_lead_out_of_the_folder(tmp_path):
    tree(tmp_path, "x.jpg", "in/y.jpg")
    file = table(tmp_path / "in" / "deep", f"path,pid\n../y.jpg,1\n../../x.jpg,1\n{tmp_path / 'x.jpg'},1\n")
    assert all(crop.path.is_file() for crop in manifest.load(file).train)


def test_junk_and_unknown_people_may_stand_in_a_gallery(tmp_path):
    people = manifest.load(table(tmp_path, "path,pid,split\na.jpg,-1,gallery\nb.jpg,-2,gallery\n"))
    assert [crop.pid for crop in people.gallery] == [JUNK, UNKNOWN]


def test_one_picture_may_stand_in_two_splits(tmp_path):
    people = manifest.load(table(tmp_path, "path,pid,split\na.jpg,1,query\na.jpg,1,gallery\n"))
    assert people.query == people.gallery


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns ; the first line names path, pid"),
        ("a.jpg,1\n", r"has the columns 'a\.jpg', '1'; the first line names path, pid"),
        ("path;pid\na.jpg;1\n", "has the columns 'path;pid'; .* with commas between"),
        ("path,pid,camera\na.jpg,1,2\n", "'camera'; the first line"),
        ("path,pid,pid\na.jpg,1,2\n", "each once"),
        ("path,camid\na.jpg,1\n", "has the columns 'path', 'camid'"),
        ("path,pid\n", "has a header and no row"),
        ("path,pid\na.jpg\n", "line 2: 1 cells under 2 columns"),
        ("path,pid\na.jpg,1\nb.jpg,1,3\n", "line 3: 3 cells under 2 columns"),
        ("path,pid\n,1\n", "line 2: path is ''"),
        ("path,pid\na.jpg,\n", "line 2: pid is empty; give -2"),
        ("path,pid\na.jpg,bob\n", r"line 2: pid is 'bob'; give -2 \(not known\)"),
        ("path,pid\na.jpg,1.0\n", "line 2: pid is '1.0'"),
        ("path,pid\na.jpg,-3\n", "line 2: pid is '-3'"),
        ("path,pid\na.jpg,1_0\n", "line 2: pid is '1_0'"),
        ("path,pid\na.jpg,٣\n", "line 2: pid is '٣'"),
        ("path,pid\na.jpg,99999999999999999999\n", "line 2: pid is '9999"),
        ("path,pid\na.jpg," + "9" * 5000 + "\n", "line 2: pid is '9999"),
        ("path,pid,camid\na.jpg,1,-1\n", "line 2: camid is '-1'; give a whole number of 0 or more, or nothing"),
        ("path,pid,trackid\na.jpg,1,-1\n", "line 2: trackid is '-1'; give a whole number of 0 or more, or nothing"),
        ("path,pid,trackid\na.jpg,1,2.0\n", "line 2: trackid is '2.0'"),
        ("path,pid,time\na.jpg,1,nan\n", "line 2: time is 'nan'; give a number, or nothing"),
        ("path,pid,time\na.jpg,1,noon\n", "line 2: time is 'noon'"),
        ("path,pid,time\na.jpg,1,1\nb.jpg,1,1767225600000\n", "line 3: time is 1767225600000, .*not milliseconds"),
        ("path,pid,time\na.jpg,1,-62135596801\n", "line 2: time is -62135596801, which is no time of the years"),
        ("path,pid,split\na.jpg,1,test\n", "line 2: split is 'test'; give one of train, query, gallery"),
        ("path,pid,split\na.jpg,1,\n", "line 2: split is ''"),
        ("path,pid\na.jpg,1\nb.jpg,2\na.jpg,1\n", r"line 4: .*a\.jpg stands on line 2 already"),
        ('path,pid\n"a.jpg,1\n', "is not a CSV file in UTF-8"),
        ("path,pid\n" + "x" * 200_000 + ",1\n", "is not a CSV file in UTF-8"),
        ("path,pid\na.jpg,1\nb.jpg,2" + "," * 300_000, "line 3: a row has more than 262144 characters"),
        ("path,pid\n" + '"x\n",' * 100_000, "line .*: a row has more than 262144 characters"),
        ("path," * 60_000 + "pid\n", "line 1: a row has more than 262144 characters"),
        ("path,pid\na\0.jpg,1\n", "line 2: path is|is not a CSV file"),
        ("path,pid\na.jpg,0\n", "in train of manifest has pid 0"),
        ("path,pid\na.jpg,-2\n", "in train of manifest has no person"),
        ("path,pid,split\na.jpg,0,query\n", "in query of manifest has pid 0"),
        (
            "path,pid,split\na.jpg,3,train\nb.jpg,3,gallery\n",
            r"manifest has 1 of its people in train and in query or gallery \(pid 3\)",
        ),
    ],
)
def test_a_table_with_a_mistake_names_its_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        manifest.load(table(tmp_path, text))


@pytest.mark.parametrize("path", ["none.jpg", "x" * 300 + ".jpg", "."])
def test_a_missing_picture_names_its_line(tmp_path, path):
    with pytest.raises(FileNotFoundError, match=r"list\.csv, line 3: no picture at"):
        manifest.load(table(tmp_path, f"path,pid\na.jpg,1\n{path},1\n"))


def test_a_table_in_another_encoding_is_refused(tmp_path):
    file = table(tmp_path, "path,pid\né.jpg,1\n", encoding="latin-1")
    with pytest.raises(ValueError, match="is not a CSV file in UTF-8"):
        manifest.load(file)


def test_a_table_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    file = table(tmp_path, "path,pid\na.jpg,1\n")
    monkeypatch.setattr(_table, "MAX_BYTES", file.stat().st_size)
    assert len(manifest.load(file).train) == 1
    monkeypatch.setattr(_table, "MAX_BYTES", file.stat().st_size - 1)
    with pytest.raises(ValueError, match=r"list\.csv has 17 bytes; at most 16 are read: give shorter paths"):
        manifest.load(file)


def test_a_row_may_be_as_long_as_it_is_allowed_whatever_came_before(tmp_path, monkeypatch):
    monkeypatch.setattr(_table, "MAX_ROW", 9)
    text = "path,pid\na.jpg, 1\n\n\n\n\n\n\n\n\n\nb.jpg, 2\n"
    assert len(manifest.load(table(tmp_path, text)).train) == 2
    with pytest.raises(ValueError, match="line 12: a row has more than 9 characters"):
        manifest.load(table(tmp_path, text.replace("b.jpg,", "b.jpg, ")))


def test_a_row_that_stands_twice_ends_the_reading(tmp_path):
    """A small file can name one picture millions of times; what follows its second row is not kept, nor looked at."""
    with pytest.raises(ValueError, match=r"line 3: .*a\.jpg stands on line 2 already"):
        manifest.load(table(tmp_path, "path,pid\n" + "a.jpg,1\n" * 1000 + "none.jpg,1\n"))


def test_people_without_splits_and_cameras_can_be_searched_for_among_each_other(tmp_path):
    people = leave_one_out(manifest.load(tree(tmp_path, "ann/1.jpg", "ann/2.jpg", "bob/1.jpg")))
    assert answers(people.query, people.gallery, cameras=False).tolist() == [1, 1, 0]
