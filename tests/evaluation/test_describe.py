from pathlib import Path

from passerby.evaluation.describe import Counts, describe
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop, PersonSet


def crops(*pairs):
    return tuple(Crop(Path(f"{i}"), pid, camid) for i, (pid, camid) in enumerate(pairs))


def test_counts_of_a_split():
    gallery = crops((3, 2), (3, 1), (4, 1), (DISTRACTOR, None), (JUNK, 2), (UNKNOWN, None))
    found = describe(PersonSet(name="x", gallery=gallery, multi_query=crops((3, 1))))
    assert found.splits == (
        Counts("gallery", 6, 2, {1: 2, 2: 2, None: 2}, distractors=1, junk=1, unknown=1),
        Counts("multi_query", 1, 1, {1: 1}, distractors=0, junk=0, unknown=0),
    )
    assert list(found.splits[0].cameras) == [1, 2, None]
    assert (found.right, found.right_range, found.unanswered) == (None, None, None)


def test_right_answers_are_counted_with_cameras_where_all_are_known():
    queries = tuple(Crop(Path(f"q{i}"), pid, 1) for i, pid in enumerate((1, 2)))
    found = describe(PersonSet(name="x", query=queries, gallery=crops((1, 1), (1, 2), (1, 3), (DISTRACTOR, None))))
    assert (found.cameras, found.right, found.right_range, found.unanswered) == (True, 2, (0, 2), 1)
    found = describe(PersonSet(name="x", query=queries, gallery=crops((1, 1), (1, 2), (2, None))))
    assert (found.cameras, found.right, found.right_range, found.unanswered) == (False, 3, (1, 2), 0)
