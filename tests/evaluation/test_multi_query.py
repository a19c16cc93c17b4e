from pathlib import Path

import pytest

from passerby.evaluation.multi_query import multi_query
from passerby.types import Crop


def crop(name, pid, camid=None):
    return Crop(Path(name), pid, camid)


BOXES = (crop("a", 1, 1), crop("b", 1, 2), crop("c", 2, 1), crop("d", 1, 1), crop("e", 0, 1), crop("f", -1, 1))


def test_the_boxes_of_a_query_are_its_persons_in_its_camera():
    queries = (crop("x", 2, 1), crop("y", 1, 1), crop("z", 1, 2), crop("x", 1, 1))
    assert multi_query(queries, BOXES) == [[2], [0, 3], [1], [0, 3]]


def test_without_cameras_all_boxes_of_the_person_without_one_are_taken():
    assert multi_query((crop("x", 1),), (crop("a", 1), crop("b", 1, 2), crop("c", 1))) == [[0, 2]]


def test_no_boxes_at_all_are_refused():
    with pytest.raises(ValueError, match=r"There are no further pictures.*gt_bbox.*or judge single queries"):
        multi_query((crop("x", 1, 1),), ())


@pytest.mark.parametrize("query", [crop("x", 3, 1), crop("x", 2, 2), crop("x", 1)])
def test_a_query_without_a_box_is_refused(query):
    with pytest.raises(ValueError, match=r"1 of 2 queries have no further picture of their person and camera \(x\)"):
        multi_query((crop("y", 1, 1), query), BOXES)
