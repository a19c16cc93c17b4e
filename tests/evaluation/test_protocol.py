from pathlib import Path

import numpy as np
import pytest

from passerby.evaluation.answers import answers
from passerby.evaluation.protocol import check, inside, protocol
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop


def crop(name, pid, camid=None, **more):
    return Crop(Path(name), pid, camid, **more)


QUERY = crop("q", 5, 1)


@pytest.mark.parametrize(
    ("other", "with_cameras", "without"),
    [
        (crop("a", 5, 2), "match", "match"),
        (crop("a", 5, 1), "junk", "match"),
        (crop("a", 6, 1), "wrong", "wrong"),
        (crop("a", 6, 2), "wrong", "wrong"),
        (crop("a", DISTRACTOR, 1), "wrong", "wrong"),
        (crop("a", DISTRACTOR), "wrong", "wrong"),
        (crop("a", JUNK, 2), "junk", "junk"),
        (crop("a", JUNK), "junk", "junk"),
        (crop("q", 5, 1), "junk", "junk"),
        (crop("q", 5, 2), "junk", "junk"),
        (crop("q", 5, 2, box=(0, 0, 5, 5)), "match", "match"),
    ],
)
def test_what_a_crop_is_for_a_query(other, with_cameras, without):
    for cameras, expected in ((True, with_cameras), (False, without)):
        match, junk = protocol([QUERY], [other], cameras=cameras)(slice(0, 1))
        assert (bool(match), bool(junk)) == (expected == "match", expected == "junk")


def test_blocks_are_rows_of_the_whole():
    queries = [crop(f"q{i}", 1 + i % 3, i % 2) for i in range(7)]
    gallery = [crop(f"g{i}", i % 5 - 1, i % 3) for i in range(20)]
    relevance = protocol(queries, gallery)
    whole = relevance(slice(0, 7))
    for part in (slice(0, 3), slice(3, 7), slice(6, 7), slice(2, 2), slice(None)):
        assert relevance(part).match.equal(whole.match[part])
        assert relevance(part).junk.equal(whole.junk[part])
    assert not (whole.match & whole.junk).any()


TWINS = [
    crop("a", 5, 2),
    crop("a", 6, 2),
    crop("a", DISTRACTOR, 2),
    crop("a", 5, 1),
    crop("b", 5, 1),
    crop("b", 6, 1),
    crop("c", 6, 3),
    crop("c", 7, 3),
    crop("a", 6, 2, box=(0, 0, 5, 5)),
]


@pytest.mark.parametrize(
    ("cameras", "match", "junk"), [(True, [0], [1, 2, 3, 4]), (False, [0, 3, 4], [1, 2, 5])], ids=["cameras", "none"]
)
def test_the_picture_of_a_right_answer_is_no_wrong_one_under_another_name(cameras, match, junk):
    found = protocol([QUERY], TWINS, cameras=cameras)(slice(0, 1))
    for side, expected in ((found.match, match), (found.junk, junk)):
        assert side[0].nonzero().flatten().tolist() == expected


FIVE = [
    crop("a", 5, 2),
    crop("b", 5, 1),
    crop("c", 6, 1),
    crop("d", JUNK, 2),
    crop("e", 5, 3),
]


@pytest.mark.parametrize(
    ("own", "match", "junk"),
    [
        ([0, 1, 2, 3, 4], "a e", "b d"),
        ([4, 2, 0], "a e", "b d"),
        ([0], "a", "b c d e"),
        ([2], "", "a b d e"),
        ([3], "", "a b c d e"),
        ([4, 4, 2], "e", "a b d"),
    ],
)
@pytest.mark.parametrize("kind", [tuple, list, np.array])
def test_what_is_outside_of_a_querys_own_gallery_is_removed(own, match, junk, kind):
    found = protocol([QUERY], FIVE, galleries={0: kind(own)})(slice(0, 1))
    for side, expected in ((found.match, match), (found.junk, junk)):
        assert " ".join(crop.path.name for crop, there in zip(FIVE, side[0].tolist(), strict=True) if there) == expected


def test_blocks_know_which_querys_gallery_is_whose():
    queries = [crop(f"q{i}", 5, 1) for i in range(6)]
    relevance = protocol(queries, FIVE, galleries={5 - i: (i % 5, 2) for i in range(6)})
    whole = relevance(slice(0, 6))
    assert not whole.junk.equal(whole.junk.flip(0))
    for part in (slice(0, 2), slice(2, 6), slice(5, 6), slice(-2, None), slice(None)):
        assert relevance(part).match.equal(whole.match[part])
        assert relevance(part).junk.equal(whole.junk[part])


@pytest.mark.parametrize(
    ("galleries", "message"),
    [
        ({}, r"There are galleries for 0 queries and 2 queries; give one for each, by the query's number from 0"),
        ({0: (1,)}, r"There are galleries for 1 queries and 2 queries"),
        ({1: (1,), 2: (1,)}, r"give one for each, by the query's number from 0"),
        ({0: (1,), 1: (1,), 2: (1,)}, r"There are galleries for 3 queries and 2 queries"),
        ({0: (1,), 1: ()}, r"The gallery of query 1 is empty; give each query one crop or more to search in"),
        ({0: (1,), 1: np.array([], dtype=np.int64)}, r"The gallery of query 1 is empty"),
        ({0: (1, 5), 1: (1,)}, r"The gallery of query 0 names crop 5; there are 5 crops, 0 \.\. 4"),
        ({0: (1,), 1: (4, -1)}, r"The gallery of query 1 names crop -1; there are 5 crops, 0 \.\. 4"),
    ],
)
def test_a_gallery_that_is_missing_or_empty_or_points_outside_is_refused(galleries, message):
    with pytest.raises(ValueError, match=message):
        protocol([QUERY, QUERY], FIVE, galleries=galleries)(slice(0, 2))


@pytest.mark.parametrize(
    "own",
    [[0.9], [1.0], np.array([0.0, 2.0]), [True, False], np.array([False, True]), ["1"], [None], [2**70], [[0, 1]]],
    ids=repr,
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda galleries: inside(galleries, 1, 5),
        lambda galleries: protocol([QUERY, QUERY], FIVE, galleries=galleries)(slice(0, 2)),
        lambda galleries: answers([QUERY, QUERY], FIVE, galleries=galleries),
    ],
    ids=["inside", "protocol", "answers"],
)
def test_a_gallery_of_anything_but_whole_numbers_is_refused(own, ask):
    with pytest.raises(ValueError, match=r"^The gallery of query 1 holds \S+; give a list of whole numbers, from 0"):
        ask({0: (0,), 1: own})


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint64])
def test_whole_numbers_of_any_size_are_indices(kind):
    found = inside({0: np.array([4, 0, 2], dtype=kind)}, 0, 5)
    assert (found.tolist(), found.dtype) == ([4, 0, 2], np.int64)


def test_galleries_are_not_changed_by_looking_into_them():
    own = np.array([4, 0, 2])
    own.setflags(write=False)
    assert inside({0: own}, 0, 5).tolist() == [4, 0, 2]
    protocol([QUERY], FIVE, galleries={0: own})(slice(0, 1))
    assert own.tolist() == [4, 0, 2]


@pytest.mark.parametrize("pid", [DISTRACTOR, JUNK, UNKNOWN])
def test_a_query_of_nobody_is_refused(pid):
    with pytest.raises(ValueError, match=rf"1 of 2 queries show nobody by name \(pid {pid}: q2\)"):
        check([QUERY, crop("q2", pid, 1)], [QUERY])


def test_a_gallery_with_unnamed_people_is_refused():
    with pytest.raises(ValueError, match=r"1 of 2 gallery crops show a person whom nobody has named \(a\)"):
        check([QUERY], [QUERY, crop("a", UNKNOWN, 1)], cameras=False)


def test_a_protocol_with_cameras_needs_those_of_all_people():
    with pytest.raises(ValueError, match=r"1 of 1 queries have no camera .*cameras=False"):
        check([crop("q", 5)], [QUERY])
    with pytest.raises(ValueError, match="1 of 3 gallery crops have no camera"):
        check([QUERY], [QUERY, crop("a", 6), crop("b", JUNK)])
    check([crop("q", 5)], [crop("a", 6)], cameras=False)
    check([QUERY], [crop("b", JUNK), crop("c", DISTRACTOR)])


@pytest.mark.parametrize(("queries", "gallery"), [([], [QUERY]), ([QUERY], []), ([], [])])
def test_there_is_a_query_and_a_gallery(queries, gallery):
    with pytest.raises(ValueError, match="give at least one of each"):
        protocol(queries, gallery)
