from dataclasses import replace
from pathlib import Path

import pytest
import torch

from passerby.evaluation.leave_one_out import leave_one_out
from passerby.evaluation.score import score
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop, Embeddings, PersonSet


def crop(name, pid, camid=None, **more):
    return Crop(Path(name), pid, camid, **more)


PICTURES = (crop("a", 1), crop("b", 2), crop("c", 1), crop("d", DISTRACTOR), crop("e", JUNK), crop("f", 2))
FOLDER = PersonSet(name="own", version="v1", gallery=PICTURES)


def test_each_named_crop_is_searched_for_among_all():
    made = leave_one_out(FOLDER)
    assert made.query == (PICTURES[0], PICTURES[1], PICTURES[2], PICTURES[5])
    assert made.gallery == PICTURES
    assert (made.name, made.version) == ("own", "v1")


def test_queries_and_gallery_are_one_and_each_picture_stands_there_once():
    data = PersonSet(name="x", query=PICTURES[:2], gallery=(crop("z", 5), *PICTURES))
    assert leave_one_out(data).gallery == (*PICTURES[:2], crop("z", 5), *PICTURES[2:])


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (crop("a", 2, 1), "as person 1 in camera 1 and as person 2 in camera 1"),
        (crop("a", 1, 2), "as person 1 in camera 1 and as person 1 in camera 2"),
        (crop("a", 1), "as person 1 in camera 1 and as person 1 in camera None"),
        (crop("a", JUNK, 1), "as person 1 in camera 1 and as person -1 in camera 1"),
    ],
)
@pytest.mark.parametrize("queries", [0, 1, 2])
def test_a_picture_of_two_people_or_cameras_is_refused(other, told, queries):
    crops = (crop("b", 1, 2), crop("a", 1, 1), crop("c", 2, 2), other)
    data = PersonSet(name="own", query=crops[:queries], gallery=crops[queries:])
    with pytest.raises(ValueError, match=f"^a stands in own {told}; leave one of the two out"):
        leave_one_out(data)


def test_boxes_of_one_scene_are_different_pictures():
    boxes = tuple(crop("scene", pid, box=(left, 0, 5, 9)) for pid, left in ((1, 0), (2, 10), (1, 20)))
    assert leave_one_out(PersonSet(name="x", gallery=boxes)).query == boxes


def test_crops_of_training_are_taken_only_where_there_are_no_others_and_the_version_says_so():
    assert leave_one_out(replace(FOLDER, train=(crop("t", 9),))).gallery == PICTURES
    only = PersonSet(name="x", version="v1", train=(crop("t", 9), crop("u", 9)))
    made = leave_one_out(only)
    assert (made.query, made.gallery, made.version) == (only.train, only.train, "v1 train")
    assert leave_one_out(replace(only, version="")).version == "train"


def test_nothing_else_of_the_set_is_left_and_the_set_itself_is_unchanged():
    data = replace(FOLDER, train=(crop("t", 9),), multi_query=(crop("m", 1),), distractors=(crop("n", DISTRACTOR),))
    made = leave_one_out(data)
    assert (made.train, made.multi_query, made.distractors) == ((), (), ())
    assert (data.query, len(data.train), len(data.multi_query), len(data.distractors)) == ((), 1, 1, 1)


def test_crops_that_stand_in_both_sides_are_one_object_so_that_they_are_embedded_once():
    made = leave_one_out(FOLDER)
    assert {id(crop) for crop in made.query} <= {id(crop) for crop in made.gallery}


def test_a_crop_never_answers_itself():
    made = leave_one_out(PersonSet(name="x", gallery=(crop("a", 1), crop("b", 2), crop("c", 2))))
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
    found = score(Embeddings(vectors, made.query), Embeddings(vectors, made.gallery), cameras=False)
    assert found.first.tolist() == [0, 1, 2]


@pytest.mark.parametrize("pid", [DISTRACTOR, JUNK, UNKNOWN])
def test_a_set_of_nobody_is_refused(pid):
    with pytest.raises(ValueError, match="None of the 2 crops of x shows anybody by name; name people first"):
        leave_one_out(PersonSet(name="x", gallery=(crop("a", pid), crop("b", pid))))


def test_a_set_with_a_gallery_for_each_query_is_refused():
    data = PersonSet(name="x", query=PICTURES[:1], gallery=PICTURES, galleries={0: (1, 2)})
    with pytest.raises(ValueError, match="x has a gallery for each query; leave-one-out needs one gallery for all"):
        leave_one_out(data)
