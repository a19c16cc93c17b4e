import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from passerby.evaluation.answers import answers
from passerby.evaluation.validation import validation
from passerby.types import Crop, PersonSet

ROOT = Path("train")


def crop(pid, camid, n, trackid=None):
    return Crop(ROOT / f"{pid:04d}_c{camid}_{n:03d}.jpg", pid, camid, trackid=trackid)


def people(*shots, **other):
    """Person 1, 2, ...: each a string of cameras, `112` for two crops of camera 1 and one of camera 2; `x` for none."""
    train = tuple(
        crop(pid, None if camera == "x" else int(camera), n)
        for pid, cameras in enumerate(shots, 1)
        for n, camera in enumerate(cameras)
    )
    return PersonSet(name="set", train=train, **other)


def order(pids):
    return sorted(pids, key=lambda pid: hashlib.sha256(str(pid).encode()).hexdigest())


@st.composite
def sets(draw, cameras=(1, 2, 3)):
    """Training crops in any order, some in tracklets, and a number of people that may be held out."""
    crops = []
    for pid in draw(st.lists(st.integers(1, 99), min_size=4, max_size=9, unique=True)):
        for n, camid in enumerate(draw(st.lists(st.sampled_from(cameras), min_size=1, max_size=6))):
            frames = draw(st.integers(1, 3))
            trackid = draw(st.sampled_from([None, 100 * pid + n])) if frames == 1 else 100 * pid + n
            crops += [crop(pid, camid, 10 * n + frame, trackid) for frame in range(frames)]
    shuffled = draw(st.permutations(crops))
    count = len({one.pid for one in crops})
    return PersonSet(name="set", train=tuple(shuffled)), draw(st.integers(2, count - 2))


def cut(data, count):
    """The cut, where there is a query at all."""
    try:
        return validation(data, count)
    except ValueError as error:
        assume("there is no query" not in str(error))
        raise


@given(sets())
def test_each_training_crop_is_trained_on_or_held_out_with_all_of_its_person(given_):
    data, count = given_
    found = cut(data, count)
    assert Counter([*found.train, *found.query, *found.gallery]) == Counter(data.train)
    left, held = ({one.pid for one in part} for part in (found.train, found.query + found.gallery))
    assert not left & held
    assert len(held) == count
    assert found.train == tuple(one for one in data.train if one.pid in left)


@given(sets())
def test_who_is_held_out_is_told_by_the_pids_alone_and_more_people_hold_out_these_and_others(given_):
    data, count = given_
    found = cut(data, count)
    assert {one.pid for one in found.query + found.gallery} == {*order({one.pid for one in data.train})[:count]}


@given(sets(), st.randoms())
def test_the_order_of_the_crops_changes_nothing(given_, random):
    data, count = given_
    found = cut(data, count)
    other = list(data.train)
    random.shuffle(other)
    again = validation(replace(data, train=tuple(other)), count)
    assert (again.query, again.gallery) == (found.query, found.gallery)
    assert {*again.train} == {*found.train}


@given(sets((None, 1, 2, 3)))
def test_each_query_has_an_answer(given_):
    data, count = given_
    found = cut(data, count)
    cameras = all(one.camid is not None for one in found.query + found.gallery)
    assert (answers(found.query, found.gallery, cameras=cameras) > 0).all()


@given(sets())
def test_there_are_as_many_queries_as_there_can_be(given_):
    """Counted over all ways to choose, for each held-out person, the cameras that give a query."""
    data, count = given_
    found = cut(data, count)
    for pid in {one.pid for one in found.query + found.gallery}:
        units = {}
        for one in data.train:
            if one.pid == pid:
                units.setdefault(one.camid, set()).add(one.trackid if one.trackid is not None else one.path)
        cameras = sorted(units)
        most = 0
        for chosen in range(2 ** len(cameras)):
            asking = {camid for n, camid in enumerate(cameras) if chosen >> n & 1}
            left = {camid for camid in cameras if len(units[camid]) > (camid in asking)}
            if all(left - {camid} for camid in asking):
                most = max(most, len(asking))
        queries = {(one.camid, one.trackid or one.path) for one in found.query if one.pid == pid}
        assert len(queries) == most


@given(sets())
def test_a_tracklet_is_never_torn(given_):
    data, count = given_
    found = cut(data, count)
    both = {one.trackid for one in found.query} & {one.trackid for one in found.gallery}
    assert not both - {None}


def names(crops):
    return [f"{one.path.stem[5:]}" for one in crops]


@pytest.mark.parametrize(
    ("shots", "query", "gallery"),
    [
        ("1122", "c1_000 c2_002", "c1_001 c2_003"),  # as Market-1501: one query for each camera
        ("12", "c2_001", "c1_000"),  # both as queries would leave nothing to find
        ("122", "c1_000", "c2_001 c2_002"),
        ("1233", "c1_000 c2_001", "c3_002 c3_003"),
        ("123", "c2_001 c3_002", "c1_000"),
        ("2211", "c1_002 c2_000", "c1_003 c2_001"),
        ("111", "", "c1_000 c1_001 c1_002"),
        ("1", "", "c1_000"),
    ],
)
def test_the_first_crop_of_each_camera_is_a_query_unless_nothing_would_be_left_to_find(shots, query, gallery):
    first = order(range(1, 6))[:2]
    data = people(*("12" if pid == first[1] else shots for pid in range(1, 6)))
    found = validation(data, 2)
    own = [[one for one in part if one.pid == first[0]] for part in (found.query, found.gallery)]
    assert names(own[0]) == query.split()
    assert names(own[1]) == gallery.split()


def test_without_cameras_one_crop_of_each_person_is_the_query():
    found = validation(people("xxx", "xxx", "xxx", "xxx"), 2)
    assert [one.path.name[-7:] for one in found.query] == ["000.jpg"] * 2
    assert len(found.gallery) == 4
    first = order(range(1, 6))[:2]
    mixed = people(*("1x2" if pid == first[0] else "x" for pid in range(1, 6)))
    found = validation(mixed, 2)
    assert [one.pid for one in found.query] == [first[0]]
    assert len(found.gallery) == 3


def test_nothing_of_the_test_people_remains_and_the_version_tells():
    test = [crop(pid, camid, 0) for pid in (90, 91) for camid in (1, 2)]
    nobody = Crop(ROOT / "0000.jpg", 0, 1)
    labels = {pid: {"hat": 1} for pid in (1, 2, 3, 4, 90)}
    data = people(*["1122"] * 4, version="V1", query=(test[0],), gallery=(*test[1:], nobody), multi_query=(test[0],),
                  distractors=(nobody,), galleries={0: (0, 1)}, attributes=labels)  # fmt: skip
    found = validation(data, 2)
    assert {one.pid for one in found.train + found.query + found.gallery} == {1, 2, 3, 4}
    assert (found.multi_query, found.distractors, found.galleries) == ((), (), None)
    assert found.attributes == labels
    assert (found.name, found.version) == ("set", "V1, validation on 2 of 4 training people")
    assert validation(replace(data, version=""), 2).version == "validation on 2 of 4 training people"


def test_who_is_held_out_does_not_change_from_one_version_of_passerby_to_the_next():
    found = validation(people(*["12"] * 20), 5)
    assert sorted({one.pid for one in found.query + found.gallery}) == [8, 9, 10, 13, 17]


@pytest.mark.parametrize(
    ("shots", "count", "told"),
    [
        (["12"] * 6, 1, r"1 of the 6 training people of set cannot be held out; give 2 \.\. 4\."),
        (["12"] * 6, 0, r"give 2 \.\. 4\."),
        (["12"] * 6, -3, r"give 2 \.\. 4\."),
        (["12"] * 6, 5, r"5 of the 6 training people of set cannot be held out; give 2 \.\. 4\."),
        (["12"] * 3, 2, "4 people or more are needed: 2 to hold out, and 2 to train on"),
        (["12"] * 4, 3, r"give 2 \.\. 2\."),
        (["11"] * 6, 2, "None of the 2 held-out people of set is seen by two cameras .* neither are those"),
        (["x"] * 6, 2, "so that there is no query"),
    ],
)
def test_what_cannot_be_held_out_is_refused_and_what_can_be_is_told(shots, count, told):
    with pytest.raises(ValueError, match=told):
        validation(people(*shots), count)


def test_a_set_without_training_people_is_refused():
    with pytest.raises(ValueError, match="2 of the 0 training people of set"):
        validation(PersonSet(name="set", gallery=(crop(1, 1, 0),)), 2)


@settings(max_examples=30)
@given(st.integers(2, 9), st.integers(0, 11))
def test_where_the_first_people_give_no_query_the_least_number_that_does_is_told(count, place):
    pids = order(range(1, 13))
    data = people(*("12" if pid == pids[place] else "1" for pid in range(1, 13)))
    if place < count:
        assert len(validation(data, count).query) == 1
    else:
        offer = f"hold out {place + 1} .. 10" if place < 10 else "neither are those"
        with pytest.raises(ValueError, match=offer):
            validation(data, count)
