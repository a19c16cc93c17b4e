from dataclasses import replace
from pathlib import Path

import pytest

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


def test_distractors_of_their_own_are_a_split():
    found = describe(PersonSet(name="x", gallery=crops((3, 2)), distractors=crops((DISTRACTOR, 1), (DISTRACTOR, None))))
    assert [counts.split for counts in found.splits] == ["gallery", "distractors"]
    assert found.splits[1] == Counts("distractors", 2, 0, {1: 1, None: 1}, distractors=2, junk=0, unknown=0)


def frames(*tracks):
    """Crops of (trackid, pid, camid, frames)."""
    return tuple(
        Crop(Path(f"t{trackid}f{frame}"), pid, camid, trackid=trackid)
        for trackid, pid, camid, count in tracks
        for frame in range(count)
    )


def test_tracklets_are_what_is_searched_for_and_found():
    query = frames((0, 1, 1, 3), (1, 2, 1, 1))
    gallery = frames((0, 1, 1, 3), (5, 1, 2, 4), (6, 1, 2, 2), (7, JUNK, 2, 3), (8, DISTRACTOR, 1, 2), (9, 2, 1, 2))
    found = describe(PersonSet(name="x", query=query, gallery=gallery))
    assert [(counts.split, counts.pictures, counts.tracklets) for counts in found.splits] == [
        ("query", 4, 2),
        ("gallery", 16, 6),
    ]
    assert (found.queries, found.right, found.right_range, found.unanswered) == (2, 2, (0, 2), 1)


def test_pictures_of_which_some_are_in_no_tracklet_are_counted_as_pictures():
    query = frames((0, 1, 1, 3))
    found = describe(PersonSet(name="x", query=query, gallery=(*frames((5, 1, 2, 4)), Crop(Path("g"), 1, 2))))
    assert [counts.tracklets for counts in found.splits] == [1, None]
    assert (found.queries, found.right, found.right_range) == (3, 15, (5, 5))


def test_right_answers_are_those_of_each_querys_own_gallery():
    query = tuple(Crop(Path(f"q{i}"), pid, 1) for i, pid in enumerate((1, 1, 2)))
    gallery = crops((1, 2), (1, 3), (2, 1), (2, 2), (DISTRACTOR, 2))
    data = PersonSet(name="x", query=query, gallery=gallery, galleries={0: (0, 1), 1: (0, 4), 2: (2, 4)})
    found = describe(data)
    assert (found.queries, found.right, found.right_range, found.unanswered) == (3, 3, (0, 2), 1)
    with pytest.raises(ValueError, match="The gallery of query 1 is empty"):
        describe(replace(data, galleries={0: (0,), 1: (), 2: (0,)}))


def test_right_answers_are_counted_with_cameras_where_all_are_known():
    queries = tuple(Crop(Path(f"q{i}"), pid, 1) for i, pid in enumerate((1, 2)))
    found = describe(PersonSet(name="x", query=queries, gallery=crops((1, 1), (1, 2), (1, 3), (DISTRACTOR, None))))
    assert (found.cameras, found.right, found.right_range, found.unanswered) == (True, 2, (0, 2), 1)
    found = describe(PersonSet(name="x", query=queries, gallery=crops((1, 1), (1, 2), (2, None))))
    assert (found.cameras, found.right, found.right_range, found.unanswered) == (False, 3, (1, 2), 0)
