"""Nobody is in a gallery twice without a word."""

import numpy as np
import pytest
from PIL import Image

from colour_run import colour_run
from gallery.plain_gallery import PlainGallery
from numbered_frames import colours
from passerby import indexed_otherwise as module
from passerby import run
from passerby.frames.encode import encode
from passerby.frames.source import Source
from passerby.frames.way import Way
from passerby.gallery.record import Record
from passerby.index import index
from passerby.synth.one_thread import one_thread

TRAINED = colour_run()
START = 1767225600.0


@pytest.fixture(autouse=True)
def _one_thread():
    with one_thread():
        yield


@pytest.fixture
def gallery():
    return PlainGallery(TRAINED.model_id, run.dimension(TRAINED))


@pytest.fixture
def market(tmp_path):
    folder = tmp_path / "market"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(1, 6):
        pixels = generator.integers(0, 255, (64, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"000{number}_c1s1_00000{number}_00.jpg")
    return folder


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "door.mp4"
    encode(path, colours(10), fps=5)
    (tmp_path / "gt.txt").write_text("".join(f"{n},{n % 2 + 1},5,2,20,40,1\n" for n in range(1, 11)))
    return path


def add(gallery, path, **said):
    boxes = path.parent / "gt.txt" if path.suffix == ".mp4" else None
    told = index(gallery, TRAINED, [Source(path=path, boxes=boxes, **said)])
    return told, [line for line in told.remarks if "twice" in line]


def test_pictures_that_are_there_with_a_time_are_refused_without_one_and_nothing_is_added(gallery, market):
    add(gallery, market, start=START)
    said = r"market: 5 of its records are in the gallery with a time \(such as of camera 1, 2026-01-01T11:06:40Z\) and"
    with pytest.raises(ValueError, match=said):
        add(gallery, market)
    assert len(gallery.held) == 5


def test_crops_in_a_folder_that_can_have_no_time_are_told_where_one_of_them_had(gallery, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (32, 64), (80 * number, 90, 40)).save(folder / f"{number}.png")
    add(gallery, folder / "1.png", start=START)
    with pytest.raises(ValueError, match="give the --start"):
        add(gallery, folder / "1.png")
    told, (line,) = add(gallery, folder)
    assert told.new == 3
    assert "shop: 1 of its records was in the gallery with another time" in line


def test_a_video_that_is_there_with_a_time_is_refused_without_one(gallery, film):
    add(gallery, film, camid=1, start=START)
    before = len(gallery.held)
    with pytest.raises(ValueError, match="in the gallery with a time"):
        add(gallery, film, camid=1)
    assert len(gallery.held) == before > 1


def test_the_same_again_is_told_nothing(gallery, market, film):
    for path, said in ((market, {}), (film, {"camid": 2, "start": START})):
        first, twice = add(gallery, path, **said)
        again, also = add(gallery, path, **said)
        assert (again.new, again.there, twice, also) == (0, first.new, [], [])


@pytest.mark.parametrize(("then", "now"), [({}, {"start": START}), ({"start": START}, {"start": START + 3600})])
def test_another_time_is_told_once_and_not_again_when_it_is_done(gallery, market, then, now):
    add(gallery, market, **then)
    told, (line,) = add(gallery, market, **now)
    assert told.new == 5
    assert "5 of its records were in the gallery with another time or camera (such as of camera 1, " in line
    assert add(gallery, market, **now)[1] == []
    assert add(gallery, market, **then)[1] == []


def test_a_break_in_the_middle_counts_those_alone_that_come_a_second_time(gallery, market):
    add(gallery, market)
    add(gallery, market, start=START)
    gone = [id for id, record in gallery.held.items() if record.time is not None][:2]
    for id in gone:
        del gallery.held[id]
    told, (line,) = add(gallery, market, start=START)
    assert (told.new, told.there) == (2, 3)
    assert "2 of its records" in line


def test_another_camera_or_start_of_a_video_is_told(gallery, film):
    add(gallery, film, camid=1, start=START)
    assert "another time or camera" in add(gallery, film, camid=2, start=START)[1][0]
    assert "another time or camera" in add(gallery, film, camid=1, start=START + 86400)[1][0]
    assert add(gallery, film, camid=1, start=START + 86400)[1] == []


def test_other_options_of_the_same_video_are_no_other_time(gallery, film):
    add(gallery, film, camid=1)
    told = index(gallery, TRAINED, [Source(path=film, boxes=film.parent / "gt.txt", camid=1)], way=Way(each=True))
    assert told.new
    assert not [line for line in told.remarks if "twice" in line]


def test_other_folders_with_the_same_names_are_other_pictures(gallery, market):
    add(gallery, market, start=START)
    other = market.parent / "market2"
    market.rename(other)
    assert add(gallery, other)[1] == []


def test_a_folder_spelled_otherwise_adds_nothing(gallery, market, film):
    (market.parent / "link").symlink_to(market)
    add(gallery, market)
    for path in (market / ".." / "market", market.parent / "link"):
        told, twice = add(gallery, path)
        assert (told.new, told.there, twice) == (0, 5, [])
    add(gallery, film, camid=1)
    deeper = film.parent / "market" / ".." / film.name
    assert add(gallery, deeper, camid=1)[0].new == 0
    assert not [record for record in gallery.records() if ".." in record.path or "link" in record.path]


def test_of_a_large_gallery_a_sample_is_looked_at_and_the_number_is_a_least_one(gallery, market, monkeypatch):
    monkeypatch.setattr(module, "LOOK", 3)
    add(gallery, market)
    (line,) = add(gallery, market, start=START)[1]
    assert "at least 3 of its records" in line


def test_a_time_in_milliseconds_of_an_older_gallery_is_shown_as_it_is(gallery, market):
    path = str(next(market.iterdir()).resolve())
    vector = np.eye(1, run.dimension(TRAINED), dtype=np.float32)[0]
    old = Record(embedding=vector, camid=1, time=START * 1000, path=path)
    gallery.held[old.id] = old
    assert "such as of camera 1, 1767225600000)" in add(gallery, market, start=START)[1][0]
