from dataclasses import replace
from pathlib import Path

import pytest

from passerby import datasets, names
from passerby.datasets import market1501, mars
from passerby.datasets.official import OPTIONAL, SPLITS, differences, official
from passerby.types import DISTRACTOR, JUNK, Crop, PersonSet


def crops(pictures, people, first):
    return tuple(Crop(Path(f"{number}.jpg"), first + number % people) for number in range(pictures))


@pytest.fixture(scope="module")
def market():
    """Crops of nobody's, in the official counts."""
    wanted = market1501.OFFICIAL[""]
    nobody = (Crop(Path("nobody.jpg"), DISTRACTOR), Crop(Path("junk.jpg"), JUNK))
    shown = {split: crops(*wanted[split], first) for split, first in (("train", 1), ("query", 1001))}
    return PersonSet(name="market1501", **shown, gallery=crops(19_730, 750, 1001) + nobody)


def test_equal_counts_are_the_official_ones(market):
    assert (official(market), differences(market)) == ("yes", [])


def test_each_split_that_differs_is_told(market):
    other = replace(market, train=crops(10, 3, 1), gallery=market.gallery[:-1])
    told = [
        "train has 10 pictures of 3 people; the official set has 12,936 of 751",
        "gallery has 19,731 pictures of 750 people; the official set has 19,732 of 750",
    ]
    assert differences(other) == told
    assert official(other) == f"no: {told[0]}. {told[1]}."


def test_a_split_that_is_missing_is_told(market):
    assert (
        official(replace(market, query=()))
        == "no: query has 0 pictures of 0 people; the official set has 3,368 of 750."
    )


def test_pictures_for_several_queries_and_distractors_are_compared_only_where_they_are(market):
    some = replace(market, multi_query=crops(7, 2, 1), distractors=crops(5, 1, DISTRACTOR))
    assert differences(some) == [
        "multi_query has 7 pictures of 2 people; the official set has 25,259 of 1,501",
        "distractors has 5 pictures; the official set has 500,000",
    ]
    whole = replace(market, multi_query=crops(25_259, 1_501, 1), distractors=crops(1, 1, DISTRACTOR) * 500_000)
    assert official(whole) == "yes"


@pytest.mark.parametrize(
    "name", ["manifest", "folder", "synthetic", "official", "_matlab", "my own", "../market1501", ""]
)
def test_of_own_pictures_and_drawn_worlds_nothing_is_known(market, name):
    assert (official(replace(market, name=name)), differences(replace(market, name=name))) == ("not known", None)


def test_of_a_version_without_official_counts_nothing_is_known(market):
    assert official(replace(market, version="half of it")) == "not known"


def with_counts():
    return [name for name in names.names(datasets) if hasattr(names.module(datasets, name), "OFFICIAL")]


@pytest.mark.parametrize("name", with_counts())
def test_a_set_with_official_counts_says_where_to_ask_for_it(name):
    home = names.module(datasets, name)
    assert home.TITLE
    assert "https://" in home.SOURCE or "http://" in home.SOURCE
    for counts in home.OFFICIAL.values():
        assert set(counts) <= {"train", "query", "gallery", *OPTIONAL}
        assert {"train", "query"} <= set(counts)


def test_all_published_sets_have_official_counts():
    published = {"cuhk03", "dukemtmc", "market1501", "mars", "msmt17", "occluded_duke", "person_search"}
    assert set(with_counts()) == published


@pytest.fixture
def short_mars(monkeypatch):
    """A set of tracklets of two frames, as an official one whose gallery has more of them."""
    monkeypatch.setattr(mars, "OFFICIAL", {"": {"train": (4, 2), "query": (2, 1), "gallery": (4, 1)}})
    monkeypatch.setattr(mars, "TRACKLETS", {"": {"train": 2, "query": 1, "gallery": 1_980}})
    train, query, gallery = (
        tuple(replace(crop, trackid=number // 2) for number, crop in enumerate(crops(*counts)))
        for counts in ((4, 2, 1), (2, 1, 7), (4, 1, 7))
    )
    return PersonSet(name="mars", train=train, query=query, gallery=gallery)


def test_tracklets_are_compared_where_the_official_set_has_them(short_mars):
    told = ["gallery has 2 tracklets; the official set has 1,980"]
    assert differences(short_mars) == told
    assert differences(replace(short_mars, query=(short_mars.query[0], replace(short_mars.query[1], trackid=5)))) == [
        "query has 2 tracklets; the official set has 1",
        *told,
    ]
    assert differences(replace(short_mars, train=())) == [
        "train has 0 pictures of 0 people; the official set has 4 of 2",
        "train has 0 tracklets; the official set has 2",
        *told,
    ]


def test_only_the_splits_that_matter_are_compared(market, short_mars):
    partial = replace(market, train=(), multi_query=crops(7, 2, 1), distractors=crops(5, 1, DISTRACTOR))
    assert official(partial).count("the official set has") == 3
    assert official(partial, ("query", "gallery")) == "yes"
    assert differences(partial, ["distractors"]) == ["distractors has 5 pictures; the official set has 500,000"]
    assert official(replace(market, query=()), ("query", "gallery")).startswith("no: query has 0 pictures")
    assert differences(short_mars, {"train", "query"}) == []
    assert official(partial, SPLITS) == official(partial)


def test_of_splits_without_official_counts_nothing_is_known():
    boxes = PersonSet(name="person_search", version="gallery 100", query=crops(2_900, 2_900, 1))
    assert official(boxes, ("query", "gallery")) == "yes"
    assert official(boxes, ("gallery",)) == "not known"


def test_a_split_that_does_not_exist_is_refused(market):
    with pytest.raises(ValueError, match="'querry' is no split; give some of train, query, gallery, multi_query, dist"):
        official(market, ("querry", "gallery"))
