import pytest
from PIL import Image

from gallery.made_records import MODEL, made_records, unit
from gallery.plain_gallery import PlainGallery
from passerby.datasets.manifest import load
from passerby.gallery.record import Record
from passerby.gallery.where import Where
from passerby.serve.ledger import Marked
from passerby.serve.manifest import manifest
from passerby.serve.marks import forget, forget_all, forget_deleted, mark, marks, unmark

IDS = [f"{number:032x}" for number in range(2000)]


def told(state, case=None):
    return [(one.case, one.record, one.right, one.who) for one in marks(state.database, case)]


def test_marks_come_back_case_by_case_the_latest_last(state):
    mark(state.database, "b", IDS[1], right=True, who="anna")
    mark(state.database, "a", IDS[2], right=False, who="bert")
    mark(state.database, "b", IDS[0], right=False, who="bert")
    assert told(state) == [("a", IDS[2], False, "bert"), ("b", IDS[1], True, "anna"), ("b", IDS[0], False, "bert")]
    assert told(state, "b") == [("b", IDS[1], True, "anna"), ("b", IDS[0], False, "bert")]
    assert told(state, "c") == []


def test_a_mark_takes_the_place_of_the_one_before(state):
    first = mark(state.database, "a", IDS[0], right=True, who="anna")
    second = mark(state.database, "a", IDS[0], right=False, who="bert")
    assert told(state) == [("a", IDS[0], False, "bert")]
    assert second.time > first.time


def test_a_mark_is_taken_away_in_its_case_alone(state):
    for case in "ab":
        mark(state.database, case, IDS[0], right=True, who="anna")
    assert unmark(state.database, "a", IDS[0])
    assert not unmark(state.database, "a", IDS[0])
    assert told(state) == [("b", IDS[0], True, "anna")]


@pytest.mark.parametrize("case", ["", "a\nb", "\0", "a" * 101, "\x1b[31m"])
def test_a_case_whose_name_does_not_print_is_refused(state, case):
    with pytest.raises(ValueError, match=r"^The case is called "):
        mark(state.database, case, IDS[0], right=True, who="anna")


@pytest.mark.parametrize("record", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 31 + "\0"])
def test_what_is_no_id_is_refused(state, record):
    with pytest.raises(ValueError, match=r"^The record is "):
        mark(state.database, "case", record, right=True, who="anna")


def test_the_marks_of_deleted_records_are_forgotten_and_no_others(state, monkeypatch):
    monkeypatch.setattr("passerby.serve.marks.AT_ONCE", 7)
    gallery = PlainGallery(MODEL, 8)
    records = made_records(40, dim=8)
    gallery.add(records)
    for row, record in enumerate(records):
        for case in ("a", "b") if row % 2 else ("a",):
            mark(state.database, case, record.id, right=bool(row % 3), who="anna")
    assert forget_deleted(state.database, gallery) == 0
    gallery.delete(Where(ids=tuple(record.id for record in records[:10])))
    assert forget_deleted(state.database, gallery) == 15
    left = {(record.id) for record in records[10:]}
    assert {one.record for one in marks(state.database)} == left
    assert len(marks(state.database)) == 45


def test_marks_of_some_records_or_of_all_can_be_forgotten(state):
    for record in IDS[:5]:
        mark(state.database, "a", record, right=True, who="anna")
    assert forget(state.database, []) == 0
    assert forget(state.database, IDS[3:9]) == 2
    assert [one.record for one in marks(state.database)] == IDS[:3]
    forget_all(state.database)
    assert marks(state.database) == []


def gallery_of(paths, **known):
    """Records whose pictures have these paths."""
    gallery = PlainGallery(MODEL, 4)
    records = [
        Record(embedding=unit([1, row, 0, 0]), path=path, camid=row % 3 if row else None, time=1e9 + row / 8, **known)
        for row, path in enumerate(paths)
    ]
    gallery.add(records)
    return gallery, records


def right(case, record, *, is_right=True):
    return Marked(case, record.id, is_right, "anna", 0.0)


NASTY = (
    *("plain.jpg", "folder/with space.jpg", "a,b.jpg", 'quo"te.jpg', "new\nline.jpg", "réd.jpg", "鞋.jpg"),
    *("=1+1.jpg", "+1.jpg", "-1.jpg", "@SUM(A1).jpg", "=cmd|' /C calc'!A0.jpg", "%41.jpg", "'.jpg", ";.jpg"),
)


@pytest.mark.parametrize("absolute", [False, True], ids=["relative paths", "absolute paths"])
def test_the_manifest_is_read_by_the_data_sets_loader_whatever_the_pictures_are_called(tmp_path, absolute):
    for name in NASTY:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 8)).save(tmp_path / name, "JPEG")
    paths = [str(tmp_path / name) if absolute else name for name in NASTY]
    gallery, records = gallery_of(paths)
    made = manifest(gallery, [right(f"case {row // 4}", record) for row, record in enumerate(records)])
    assert (made.rows, made.people, made.left_out) == (len(NASTY), 4, 0)
    (tmp_path / "marked.csv").write_text(made.text, encoding="utf-8", newline="")
    crops = load(tmp_path / "marked.csv").train
    assert sorted((str(crop.path), crop.pid, crop.camid, crop.time) for crop in crops) == sorted(
        (str(tmp_path / name), row // 4 + 1, row % 3 if row else None, 1e9 + row / 8) for row, name in enumerate(NASTY)
    )


def test_no_cell_begins_as_a_formula_does():
    gallery, records = gallery_of(NASTY)
    made = manifest(gallery, [right("case", record) for record in records])
    assert made.text.startswith("path,pid,camid,time\n")
    for cell in made.text.replace("\n", ",").split(","):
        assert not cell.strip('"').startswith(("=", "+", "-", "@", "\t", "\r"))


def test_what_was_marked_wrong_is_in_no_row():
    gallery, records = gallery_of(["a.jpg", "b.jpg"])
    made = manifest(gallery, [right("case", records[0]), right("case", records[1], is_right=False)])
    assert made.text == "path,pid,camid,time\na.jpg,1,,1000000000.0\n"


def test_cases_that_share_a_picture_are_one_person():
    gallery, records = gallery_of([f"{row}.jpg" for row in range(6)])
    pairs = (("c", 0), ("a", 1), ("d", 2), ("c", 3), ("a", 3), ("e", 4), ("b", 5), ("e", 2))  # c = a, d = e
    made = manifest(gallery, [right(case, records[row]) for case, row in pairs])
    pids = dict(line.split(",")[:2] for line in made.text.splitlines()[1:])
    assert pids == {"0.jpg": "1", "1.jpg": "1", "3.jpg": "1", "5.jpg": "2", "2.jpg": "3", "4.jpg": "3"}
    assert made.people == 3


def test_two_records_of_one_picture_are_one_row():
    gallery, records = gallery_of(["a.jpg", "./a.jpg", "b//c.jpg", "b/c.jpg"])
    made = manifest(gallery, [right("case", record) for record in records])
    assert sorted(line.split(",")[0] for line in made.text.splitlines()[1:]) == ["a.jpg", "b/c.jpg"]


def test_what_no_row_can_hold_is_left_out_and_counted():
    gallery, (one, two) = gallery_of(["a.jpg", " b.jpg"])
    boxed, upload = gallery_of(["frame.jpg"], box=(0, 0, 5, 9))[1][0], gallery_of([None])[1][0]
    gallery.add([boxed, upload])
    gone = Marked("case", IDS[0], True, "anna", 0.0)
    made = manifest(gallery, [*(right("case", record) for record in (one, two, boxed, upload)), gone])
    assert (made.rows, made.people, made.left_out) == (1, 1, 4)


def test_without_a_mark_there_is_a_header_alone():
    gallery, _ = gallery_of(["a.jpg"])
    made = manifest(gallery, [])
    assert (made.text, made.rows, made.people, made.left_out) == ("path,pid,camid,time\n", 0, 0, 0)


def test_many_marks_are_looked_up_in_parts(monkeypatch):
    monkeypatch.setattr("passerby.serve.manifest.AT_ONCE", 3)
    gallery, records = gallery_of([f"{row:02}.jpg" for row in range(20)])
    made = manifest(gallery, [right("case", record) for record in records])
    assert [line.split(",")[0] for line in made.text.splitlines()[1:]] == [f"{row:02}.jpg" for row in range(20)]
