from collections import Counter
from dataclasses import fields

import pytest
from numpy.random import default_rng

from passerby.synth.chance import choose
from passerby.synth.crowd import crowd
from passerby.synth.figures import PARTS
from passerby.synth.labels import LOWER, UPPER
from passerby.synth.palette import COLOURS, palette
from passerby.synth.people import people
from passerby.synth.wardrobe import Wardrobe


@pytest.fixture(scope="module")
def many():
    return people(600, seed=4)


@pytest.fixture(scope="module")
def worlds():
    """People of many worlds: in a single one a common outfit moves a share by some percent."""
    return [person for seed in range(40) for person in people(30, seed=seed)]


def test_the_same_seed_gives_the_same_people_however_many_follow(many):
    assert people(20, seed=4) == many[:20]
    assert people(20, seed=5) != many[:20]


def test_no_two_people_are_alike_though_many_share_all_labels(many):
    shared = Counter(person.labels for person in many)
    assert max(shared.values()) > 10
    assert len({repr((person.body, person.wardrobe)) for person in many}) == len(many)
    assert sum(count for count in shared.values() if count > 1) > 0.4 * len(many)


@pytest.mark.parametrize(
    ("share", "least", "most"),
    [
        (lambda labels: labels.female, 0.36, 0.52),
        (lambda labels: labels.age == 2, 0.72, 0.88),
        (lambda labels: labels.long_hair, 0.26, 0.44),
        (lambda labels: labels.long_sleeves, 0.02, 0.11),
        (lambda labels: labels.short_lower, 0.55, 0.72),
        (lambda labels: labels.dress, 0.07, 0.20),
        (lambda labels: labels.hat, 0.005, 0.07),
        (lambda labels: labels.backpack, 0.19, 0.34),
        (lambda labels: labels.bag, 0.17, 0.33),
        (lambda labels: labels.handbag, 0.05, 0.17),
        (lambda labels: labels.upper == "white", 0.19, 0.36),
        (lambda labels: labels.lower == "black", 0.29, 0.47),
    ],
)
def test_labels_are_about_as_frequent_as_in_the_real_set(worlds, share, least, most):
    assert least < sum(share(person.labels) for person in worlds) / len(worlds) < most


def test_a_body_agrees_with_its_labels(many):
    for person in many:
        told, body = person.labels, person.body
        assert (body.pack_height > 0) == told.backpack
        assert (body.bag_height > 0) == told.bag
        assert (body.hand_height > 0) == told.handbag
        assert (body.hat > 0) == told.hat
        assert (body.skirt > 0) == told.dress
        assert (body.trouser == 0) == told.dress
        assert (body.boot > 0) == told.boots
        assert (body.mane + body.tail + body.bun > 0) == told.long_hair
        assert (body.sleeve > 1.5) == told.long_sleeves
        assert told.dress or (body.trouser > 1.5) != told.short_lower


def test_figures_and_wardrobes_name_the_same_parts(many):
    assert tuple(field.name for field in fields(Wardrobe)) == PARTS
    crew = crowd(many[:3])
    assert crew.cloths.shape[1:] == (3, len(PARTS))


def test_every_colour_that_labels_name_has_shades():
    assert {*UPPER, *LOWER} <= set(COLOURS)
    assert palette("red", default_rng(0)) != palette("red", default_rng(1))


def test_bad_arguments_are_refused(many):
    with pytest.raises(ValueError, match="give 0 or more"):
        people(-1, seed=0)
    with pytest.raises(ValueError, match="give 2 or more"):
        crowd(many[:1])
    with pytest.raises(ValueError, match="'mauve'"):
        palette("mauve", default_rng(0))
    with pytest.raises(ValueError, match="at least one above 0"):
        choose({"a": 0.0}, default_rng(0))


def test_choices_come_as_often_as_their_shares_say():
    generator = default_rng(0)
    counts = Counter(choose({"a": 3, "b": 1, "c": 0}, generator) for _ in range(2000))
    assert counts["c"] == 0
    assert 0.7 < counts["a"] / 2000 < 0.8
