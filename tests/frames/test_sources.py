import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from passerby.frames.crops import camera_of, crops
from passerby.frames.moment import moment
from passerby.frames.opened import opened
from passerby.frames.source import Source
from passerby.frames.taken import taken
from passerby.frames.video_list import is_video_list, video_list


@pytest.fixture
def picture(tmp_path):
    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 32)).save(path)
        return tmp_path

    return make


def test_folders_called_after_cameras_say_the_camera(picture):
    found = crops(picture("c1/a.jpg", "cam_2/deep/b.jpg", "Camera-3/c.jpg", "other/d.jpg", "e.jpg"))
    assert {crop.path.name[0]: crop.camid for crop in found.crops} == {"a": 1, "b": 2, "c": 3, "d": None, "e": None}
    assert crops(picture() / "c1").crops[0].camid == 1


def test_names_of_market_say_person_camera_and_frame(picture):
    found = crops(picture("0002_c3s1_000451_03.jpg", "-1_c1s2_000001_01.jpg"))
    assert found.counted
    assert {(crop.pid, crop.camid, crop.time) for crop in found.crops} == {(2, 3, 1_000_451.0), (-1, 1, 2_000_001.0)}


def test_one_other_name_takes_nothing_from_those_named_as_in_market(picture, tmp_path):
    found = crops(picture("0002_c3s1_000451_03.jpg", "x.jpg", "c9/y.jpg"))
    assert [(crop.pid, crop.camid, crop.time) for crop in found.crops] == [
        (2, 3, 1_000_451.0), (-2, 9, None), (-2, None, None)
    ]  # fmt: skip
    assert [path.name for path in found.unnamed] == ["y.jpg", "x.jpg"]
    (job,) = opened(Source(path=tmp_path, start=0.0), detect=False)
    (remark,) = job.remarks()
    assert "2 of 3 names are not as in Market-1501 (such as y.jpg)" in remark


def test_a_folder_without_a_name_of_market_is_told_nothing_about_names(picture, tmp_path):
    (job,) = opened(Source(path=picture("a.jpg", "b.jpg")), detect=False)
    assert job.remarks() == []


def test_a_video_is_of_the_camera_that_it_or_its_folder_is_called_after(tmp_path):
    assert camera_of(tmp_path / "cam12.mp4") == 12
    assert camera_of(tmp_path / "c3" / "video.mp4") == 3
    assert camera_of(tmp_path / "entrance.mp4") is None


def test_a_table_of_videos_is_read(tmp_path):
    file = tmp_path / "cameras.csv"
    file.write_text("video, camid,start,boxes,fps\na.mp4,3,2026-01-01T08:00:00Z,gt.txt,\nb,,,,12.5\n")
    assert is_video_list(file)
    first, second = video_list(file)
    assert first == Source(path=tmp_path / "a.mp4", camid=3, start=1767254400.0, boxes=tmp_path / "gt.txt")
    assert second == Source(path=tmp_path / "b", fps=12.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("video,who\na,b\n", "columns"),
        ("video,video\na,b\n", "columns"),
        ("video,camid\na\n", "line 2: 1 cells under 2"),
        ("video,camid\na,x\n", "line 2: camid"),
        ("video,start\na,yesterday\n", "line 2: 'yesterday' is no time"),
        ("video,start\na,2026-01-01T08:00:00\n", "which clock"),
        ("video,fps\na,0\n", "line 2: fps is 0"),
        ("video,fps\na,nan\n", "line 2: fps is nan"),
        ("video\na\na\n", "twice"),
        ("video\n", "no video"),
        ("video\n,\n", "line 2"),
    ],
)
def test_a_bad_table_is_one_clear_error(tmp_path, text, words):
    file = tmp_path / "cameras.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=words):
        video_list(file)


def test_times_need_a_clock():
    assert moment("1970-01-01T01:00:00+01:00") == 0
    for text in ("2026-01-01T08:00:00", "08:00", "", "now"):
        with pytest.raises(ValueError, match=r"clock|no time"):
            moment(text)


def test_somebody_has_to_say_where_people_are(film):
    with pytest.raises(ValueError, match="Where are the people"):
        opened(Source(path=film()), detect=False)


def test_boxes_lie_beside_a_video_and_must_not_be_of_a_longer_one(film, tmp_path, monkeypatch):
    path = film(count=5)
    (tmp_path / "det.txt").write_text("5,-1,1,1,20,40,1\n")
    monkeypatch.chdir("/")
    (job,) = opened(Source(path=path, boxes=Path("det.txt")), detect=False)
    assert job.boxes is not None
    assert job.boxes.last == job.count == 5
    (tmp_path / "det.txt").write_text("6,-1,1,1,20,40,1\n")
    with pytest.raises(ValueError, match=r"up to frame 6, and .* has 5 frames"):
        opened(Source(path=path, boxes=Path("det.txt")), detect=False)


def test_a_start_of_a_folder_of_frames_needs_a_rate(picture, tmp_path):
    folder = picture("000001.jpg")
    with pytest.raises(ValueError, match="--fps"):
        opened(Source(path=folder, start=0.0), detect=True)
    (job,) = opened(Source(path=folder, start=0.0, fps=5), detect=True)
    assert job.content.timed


@pytest.mark.parametrize("names", [["c1/a.jpg", "c1/b.jpg"], ["c9/a.jpg", "c1/b.jpg"], ["0002_c1s1_000451_03.jpg"]])
def test_a_camera_that_folders_or_names_contradict_is_refused(picture, names):
    with pytest.raises(ValueError, match=r"--camera is 9, and . of . pictures are of camera 1 by .*leave --camera out"):
        opened(Source(path=picture(*names), camid=9), detect=False)


def test_a_camera_that_rows_contradict_is_refused_and_empty_cells_are_filled(picture, tmp_path):
    picture("a.jpg", "b.jpg")
    file = tmp_path / "list.csv"
    file.write_text("path,pid,camid\na.jpg,1,2\nb.jpg,1,\n")
    with pytest.raises(ValueError, match="--camera is 9, and 1 of 2 pictures are of camera 2"):
        opened(Source(path=file, camid=9), detect=False)
    assert opened(Source(path=file, camid=2), detect=False)[0].count == 2


def test_a_camera_that_agrees_or_that_nothing_contradicts_is_taken(picture):
    assert opened(Source(path=picture("c1/a.jpg", "other/b.jpg"), camid=1), detect=False)[0].count == 2
    assert opened(Source(path=picture("c1/a.jpg") / "other", camid=7), detect=False)[0].count == 1


def test_junk_of_another_camera_contradicts_nothing(picture):
    folder = picture("-1_c2s1_000001_01.jpg", "0002_c1s1_000451_03.jpg")
    assert opened(Source(path=folder, camid=1), detect=False)[0].count == 2


def test_a_start_for_pictures_without_times_is_refused(picture, tmp_path):
    with pytest.raises(ValueError, match=r"have no times that count from it; leave --start out, or list them"):
        opened(Source(path=picture("c1/a.jpg"), start=0.0), detect=False)
    file = tmp_path / "list.csv"
    file.write_text("path,pid\nc1/a.jpg,1\n")
    with pytest.raises(ValueError, match="have no times"):
        opened(Source(path=file, start=0.0), detect=False)


def test_a_start_for_times_that_count_from_1970_already_is_refused(picture, tmp_path):
    picture("a.jpg")
    file = tmp_path / "list.csv"
    file.write_text("path,pid,time\na.jpg,1,1767225600\n")
    with pytest.raises(ValueError, match="up to 1767225600, are seconds since 1970 already"):
        opened(Source(path=file, start=1767225600.0), detect=False)
    file.write_text("path,pid,time\na.jpg,1,86400\n")
    assert opened(Source(path=file, start=1767225600.0), detect=False)


def test_one_picture_was_taken_at_its_start(picture):
    (job,) = opened(Source(path=picture("a.jpg") / "a.jpg", start=1767225600.0, fps=5), detect=False)
    assert taken(job.content.crops[0], job.source, counted=job.content.counted) == 1767225600.0
    (job,) = opened(Source(path=job.source.path), detect=False)
    assert taken(job.content.crops[0], job.source, counted=job.content.counted) is None


def test_a_start_in_milliseconds_is_refused():
    with pytest.raises(ValueError, match="not milliseconds"):
        Source(path=Path("a.mp4"), start=1767225600000.0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems take no such names")
def test_names_that_are_no_utf_8_are_refused_all_at_once(picture):
    folder = picture("a.jpg")
    for number in range(7):
        os.rename(picture("x.jpg") / "x.jpg", os.fsencode(folder) + b"/\xff%d.jpg" % number)
    with pytest.raises(ValueError, match=r"udcff0\.jpg'.*udcff4\.jpg' and 2 more are no UTF-8; rename them") as error:
        opened(Source(path=folder), detect=False)
    assert str(error.value).isprintable()
    with pytest.raises(ValueError, match=r"and 2 more are no UTF-8"):
        opened(Source(path=folder), detect=True)


def test_pictures_of_people_take_no_boxes(picture, tmp_path):
    folder = picture("a.jpg")
    with pytest.raises(ValueError, match="leave --boxes out"):
        opened(Source(path=folder / "a.jpg", boxes=tmp_path / "x.txt"), detect=False)
    with pytest.raises(FileNotFoundError, match="Nothing at"):
        opened(Source(path=tmp_path / "none"), detect=False)
