import json

import pytest

from passerby.frames import coco as module
from passerby.frames.coco import coco
from passerby.frames.frame import Box

PEOPLE = [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]


@pytest.fixture
def file(tmp_path):
    def write(told):
        path = tmp_path / "boxes.json"
        path.write_text(told if isinstance(told, str) else json.dumps(told))
        return path

    return write


def made(annotations, names=("a.jpg", "b.jpg"), **more):
    images = [{"id": place, "file_name": name} for place, name in enumerate(names)]
    return {"images": images, "annotations": annotations, "categories": PEOPLE, **more}


def test_boxes_belong_to_the_frames_of_their_images_names(file):
    told = made(
        [
            {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5},
            {"image_id": 0, "category_id": 1, "bbox": [5, 6, 7, 8]},
            {"image_id": 0, "category_id": 3, "bbox": [5, 6, 7, 8]},
            {"image_id": 0, "category_id": 1, "bbox": [5, 6, 7, 8], "iscrowd": 1},
        ]
    )
    found = coco(file(told), {"a.jpg": 10, "b.jpg": 20})
    assert found.at(10) == (Box(5, 6, 7, 8),)
    assert found.at(20) == (Box(1, 2, 3, 4, 0.5),)
    assert found.passed_over == 2


def test_a_track_is_an_id_and_digits_are_the_frame_of_a_video(file):
    told = made([{"image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4], "track_id": 9}], names=("x/frame_000012.png",))
    assert coco(file(told), {}).at(12) == (Box(1, 2, 3, 4, 1.0, 9),)


def test_a_track_of_minus_one_is_one_that_nobody_knows(file):
    told = made([{"image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4], "track_id": -1}])
    assert coco(file(told), {"a.jpg": 1}).at(1) == (Box(1, 2, 3, 4, 1.0, None),)


def test_images_that_are_no_frames_are_passed_over(file):
    boxes = [{"image_id": n, "category_id": 1, "bbox": [1, 2, 3, 4]} for n in (0, 1)]
    found = coco(file(made(boxes)), {"b.jpg": 1})
    assert len(found.frames) == found.passed_over == 1


BOX = {"image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("{", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ('{"images":' + "[" * 100_000, "not a JSON object"),
        ([BOX], "not a JSON object"),
        ({"images": [], "annotations": {}}, "no lists called annotations"),
        ({"images": [{"id": 0, "file_name": "a.jpg"}], "annotations": {}}, "no lists called annotations"),
        ({"annotations": [BOX]}, "no lists called images"),
        (made([{**BOX, "bbox": [1, 2, 3]}]), "annotation 0: an annotation has a bbox"),
        (made([{**BOX, "bbox": [1, 2, 3, "4"]}]), "bbox"),
        (made([{**BOX, "bbox": [1, 2, 3, True]}]), "bbox"),
        ('{"images":[{"id":0,"file_name":"a.jpg"}],"annotations":[{"image_id":0,"bbox":[1,2,NaN,4]}]}', "bbox"),
        (made([{**BOX, "bbox": [1, 2, 0, 4]}]), "above 0"),
        (made([{**BOX, "score": "high"}]), "score"),
        (made([{**BOX, "image_id": 7}]), "image_id '7'"),
        (made([{**BOX, "image_id": [0]}]), "no image"),
        (made([{**BOX, "track_id": "x"}]), "track"),
        (made([3]), "annotation 0"),
        (made([BOX], names=("c.jpg",)), "names none of the frames"),
        (made([BOX], categories=[{"id": 1, "name": "dog"}]), "categories dog"),
        (made([]), "no box"),
        ({"images": [3], "annotations": []}, "image 0"),
        (made([{**BOX, "category_id": [1]}]), "annotation 0: the category"),
        (made([BOX], categories=[{"id": {}, "name": "person"}]), "a category has an id"),
        (made([BOX], categories=[3]), "a category has an id"),
    ],
)
def test_a_bad_file_is_one_clear_error(file, told, words):
    with pytest.raises(ValueError, match=words):
        coco(file(told), {"a.jpg": 1, "b.jpg": 2})


def test_a_video_needs_numbers_in_the_names(file):
    with pytest.raises(ValueError, match="number of a frame"):
        coco(file(made([BOX])), {})


def test_a_file_that_is_too_large_is_refused_unread(file, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match="at most 10"):
        coco(file(made([BOX])), {})


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="COCO"):
        coco(tmp_path / "none.json", {})
