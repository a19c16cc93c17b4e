from pathlib import Path

import pytest

from passerby.evaluation.protocol import check, protocol
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
