from contextlib import nullcontext

import numpy as np
import pytest
from PIL import Image

from colour_run import colour_run
from command import passerby
from gallery.plain_gallery import PlainGallery
from numbered_frames import colours
from passerby import cli, run
from passerby.cli import gallery_arguments
from passerby.frames.encode import encode
from passerby.gallery import open_gallery as store

TRAINED = colour_run()


@pytest.fixture
def gallery(monkeypatch):
    held = PlainGallery(TRAINED.model_id, run.dimension(TRAINED))
    monkeypatch.setattr(run, "load", lambda folder: TRAINED)
    held.audit, opened = [], []

    class Kept:
        def note(self, who, what, *, details, answers):
            held.audit.append((what, answers, details, len(held.held)))

    monkeypatch.setattr(gallery_arguments, "opened_state", lambda url, state, *, make: nullcontext(Kept()))

    def open_again(url, *, model, dim):
        opened.append(url)
        held.closed = False
        return held

    monkeypatch.setattr(store, "open_gallery", open_again)
    yield held
    assert held.closed or not opened


@pytest.fixture
def index(capsys):
    return lambda *arguments: passerby(capsys, "index", "G", "RUN", *arguments)


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "door.mp4"
    encode(path, colours(10), fps=5)
    (tmp_path / "gt.txt").write_text("".join(f"{n},4,5,2,20,40,0.9\n" for n in range(1, 11)))
    return path


def test_a_video_with_boxes_is_indexed_and_told(index, gallery, film):
    asked = [film, "--boxes", "gt.txt", "--camera", 3, "--start", "2026-01-01T08:00:00Z", "--people",
             "--label", "season=winter"]  # fmt: skip
    code, out, _ = index(*asked)
    assert code == 0
    assert out == "1 record added, 0 replaced, 0 were there; the gallery holds 1.\n"
    (record,) = gallery.held.values()
    assert (record.camid, record.trackid, record.pid, dict(record.labels)) == (3, 4, 4, {"season": "winter"})
    assert 1767254400 <= record.time < 1767254402
    code, out, _ = index(*asked)
    assert (code, out) == (0, "0 records added, 0 replaced, 1 was there; the gallery holds 1.\n")


def test_several_sources_have_a_camera_and_a_start_each(index, gallery, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((40, 20, 3), ord(name), np.uint8)).save(tmp_path / name / "1.png")
    code, _, err = index(tmp_path / "a", tmp_path / "b", "--camera", 1, "--camera", 2)
    assert code == 0, err
    assert sorted(record.camid for record in gallery.held.values()) == [1, 2]


def test_the_audit_knows_of_it_before_and_tells_the_number_in_one_line_at_the_end(index, gallery, film):
    assert index(film, "--boxes", "gt.txt", "--label", "season:winter")[0] == 0
    (begun, _, details, before), (ended, answers, told, _) = gallery.audit
    assert (begun, before, ended, answers) == ("index begun", 0, "index", 1)
    assert details["sources"] == [str(film)]
    assert told == details | {"new": 1, "replaced": 0, "there": 0}
    assert details["labels"] == {"season": "winter"}


def test_what_the_audit_cannot_write_is_not_added(index, gallery, film, monkeypatch):
    class Full:
        def note(self, *_, **__):
            raise OSError("No space left")

    monkeypatch.setattr(gallery_arguments, "opened_state", lambda url, state, *, make: nullcontext(Full()))
    assert index(film, "--boxes", "gt.txt")[0] == 2
    assert not gallery.held


def test_a_gallery_in_milvus_needs_a_place_for_the_audit_before_it_is_made(capsys, film):
    assert cli.exit_code(["index", f"milvus:{film.parent / 'x.db'}", "RUN", str(film), "--boxes", "gt.txt"]) == 2
    assert "--state" in capsys.readouterr().err
    assert not (film.parent / "x.db").exists()


@pytest.mark.parametrize("place", ["passerby.run.load", "passerby.index.index"])
def test_ctrl_c_says_what_is_kept_and_how_to_go_on_also_while_it_loads(index, gallery, film, monkeypatch, place):
    def stopped(*given, so_far=None, **_):
        if so_far is not None:
            so_far.new = 7
        raise KeyboardInterrupt

    monkeypatch.setattr(place, stopped)
    code, out, err = index(film, "--boxes", "gt.txt")
    begun = place == "passerby.index.index"
    kept = "7 records were added and kept" if begun else "nothing was added"
    assert (code, out) == (130, "")
    assert err == f"passerby: Interrupted; {kept}; run the same command again to go on.\n"
    assert [line[:2] for line in gallery.audit] == ([("index begun", 0), ("index", 7)] if begun else [])


@pytest.mark.parametrize("label", ["upper=red", "upper:red", " upper = red "])
def test_a_label_is_written_with_either_sign(index, gallery, film, label):
    assert index(film, "--boxes", "gt.txt", "--label", label)[0] == 0
    assert [dict(record.labels) for record in gallery.held.values()] == [{"upper": "red"}]


def test_a_label_that_what_is_there_does_not_get_is_told(index, gallery, film):
    asked = [film, "--boxes", "gt.txt", "--start", "2026-01-01T08:00:00Z", "--camera", "3"]
    assert index(*asked)[0] == 0
    code, _, err = index(*asked, "--label", "bag=yes")
    assert code == 0
    told = " ".join(err.split())
    assert "--label was not given to the 1 that was there without it; add --again to embed and label" in told
    assert index(*asked, "--label", "bag=yes", "--again")[0] == 0
    assert [dict(record.labels) for record in gallery.held.values()] == [{"bag": "yes"}]
    assert "--label" not in index(*asked, "--label", "bag=yes")[2]


def test_a_start_forgotten_the_second_time_is_refused_and_nothing_doubled(index, gallery, film):
    asked = [film, "--boxes", "gt.txt", "--camera", "3"]
    assert index(*asked, "--start", "2026-01-01T08:00:00Z")[0] == 0
    code, out, err = index(*asked)
    assert (code, out, len(gallery.held)) == (2, "", 1)
    assert "1 of its records is in the gallery with a time (such as of camera 3, 2026-01-01T08:00:0" in err
    assert "give the --start" in err


def test_a_camera_that_the_pictures_contradict_is_one_line_and_exit_code_2(index, gallery, tmp_path):
    (tmp_path / "c1").mkdir()
    Image.fromarray(np.full((40, 20, 3), 9, np.uint8)).save(tmp_path / "c1" / "a.png")
    code, out, err = index(tmp_path, "--camera", 9)
    assert (code, out, len(err.strip().splitlines()), gallery.held) == (2, "", 1, {})
    assert "--camera is 9, and 1 of 1 pictures are of camera 1 by their folders, names or rows" in err


def test_what_is_lacking_is_remarked(index, gallery, film):
    code, _, err = index(film, "--boxes", "gt.txt")
    assert code == 0
    assert "no --start is given, so its records have no time" in err.replace("\n", " ")
    assert "no --camera is given" in err.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["FILM"], "Where are the people"),
        (["FILM", "--detector", "yolo"], "No detector is called 'yolo'"),
        (["FILM", "--detector", "ssd300_vgg16", "--weights", "none.pt"], "No weights at none.pt"),
        (["FILM", "--weights", "w.pt"], "give --detector"),
        (["FILM", "--boxes", "gt.txt", "--detector", "hog"], "give one of them"),
        (["FILM", "--detector", "hog", "--every", "10"], "Nobody was found"),
        (["FILM", "--boxes", "none.txt"], "none.txt"),
        (["FILM", "--boxes", "gt.txt", "--start", "8 o'clock"], "is no time"),
        (["FILM", "--boxes", "gt.txt", "--start", "2026-01-01T08:00:00"], "which clock"),
        (["FILM", "--boxes", "gt.txt", "--camera", "-1"], "camera is -1"),
        (["FILM", "--boxes", "gt.txt", "--fps", "0"], "fps is 0"),
        (["FILM", "--boxes", "gt.txt", "--every", "0"], "every"),
        (["FILM", "--boxes", "gt.txt", "--label", "gender=f"], "clothing and carried things"),
        (["FILM", "--boxes", "gt.txt", "--label", "red"], "NAME=VALUE"),
        (["FILM", "FILM", "FILM", "--camera", "1", "--camera", "2"], "given 2 times for 3"),
        (["nothing.mp4", "--boxes", "gt.txt"], "Nothing at nothing.mp4"),
        (["FILM", "--camera", "1", "--camera", "2"], "given 2 times for 1 SOURCE;"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(index, gallery, film, monkeypatch, arguments, words):
    monkeypatch.chdir(film.parent)
    code, out, err = index(*(film if word == "FILM" else word for word in arguments))
    assert code == 2
    assert out == ""
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not gallery.held


def test_videos_are_drawn_by_synth(capsys, tmp_path):
    arguments = ["synth", str(tmp_path / "w"), "--videos", "--people", "2", "--cameras", "2", "--seconds", "1", "--fps"]
    assert cli.exit_code([*arguments, "1"]) == 0
    assert (tmp_path / "w" / "c2" / "video.mp4").stat().st_size > 1000
    assert cli.exit_code([*arguments, "1"]) == 2
    assert cli.exit_code(["synth", str(tmp_path / "x"), "--fps", "5"]) == 2
    assert "add --videos" in capsys.readouterr().err
