"""What calibration is made of, against definitions as plain loops: pairs, thresholds, galleries, reliability."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit

from passerby.calibration.drawn_galleries import best, highest, without
from passerby.calibration.evidence import FITS, isotonic
from passerby.calibration.false_matches import bounds, draws, rates, strangers, thresholds, told
from passerby.calibration.missed import missed, missed_pairs
from passerby.calibration.reliability import reliability
from passerby.calibration.sightings import sightings
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop, Embeddings


def made(people=12, each=5, cameras=3, *, spread=0.6, dim=16, seed=0, ties=False):
    random = np.random.default_rng(seed)
    centres = random.normal(size=(people, dim))
    pids = np.repeat(np.arange(people), each)
    vectors = centres[pids] + spread * random.normal(size=(len(pids), dim))
    if ties:
        vectors = np.sign(vectors)
    crops = tuple(Crop(Path(f"{row}.jpg"), int(pid) + 1, row % cameras) for row, pid in enumerate(pids))
    return Embeddings(torch.from_numpy(vectors).float(), crops)


@pytest.mark.parametrize("cameras", [True, False])
def test_pairs_are_those_of_the_loop(cameras):
    given = made()
    found = sightings(given, cameras=cameras)
    pairs = found.pairs()
    wanted = []
    for a in range(len(given.crops)):
        for b in range(a + 1, len(given.crops)):
            one, other = given.crops[a], given.crops[b]
            if cameras and one.pid == other.pid and one.camid == other.camid:
                continue
            cosine = torch.nn.functional.cosine_similarity(given.vectors[a], given.vectors[b], dim=0)
            wanted.append((one.pid == other.pid, one.pid - 1, other.pid - 1, float(cosine)))
    assert pairs.same.tolist() == [one[0] for one in wanted]
    assert pairs.people.T.tolist() == [[one[1], one[2]] for one in wanted]
    assert np.allclose(pairs.similarity, [one[3] for one in wanted], atol=1e-6)
    assert found.prior() == pytest.approx(pairs.same.mean())


def test_junk_distractors_and_a_picture_that_stands_twice_are_left_out():
    given = made(people=2, each=2)
    more = tuple(Crop(Path(f"x{pid}.jpg"), pid, 1) for pid in (JUNK, DISTRACTOR))
    crops = (*given.crops, *more, given.crops[0])
    assert len(sightings(Embeddings(torch.cat([given.vectors, given.vectors[:3]]), crops))) == 4


@pytest.mark.parametrize(
    ("crop", "message"), [(Crop(Path("a.jpg"), UNKNOWN, 1), "nobody has named"), (Crop(Path("a.jpg"), 1), "no camera")]
)
def test_a_crop_of_nobody_or_nowhere_is_refused(crop, message):
    with pytest.raises(ValueError, match=message):
        sightings(Embeddings(torch.ones(1, 2), (crop,)))


def test_a_zero_vector_is_refused():
    with pytest.raises(ValueError, match="is zero"):
        sightings(Embeddings(torch.zeros(1, 2), (Crop(Path("a.jpg"), 1, 1),)))


@pytest.mark.parametrize("most", [7, 12, 20, 40, 59, 60, 100])
def test_some_sightings_are_never_too_many_and_go_from_camera_to_camera(most):
    found = sightings(made())
    some = found.some(most)
    assert 2 <= len(some) <= most
    counts = np.bincount(some.people)
    if most >= 24:
        assert len(some.pids) == 12
    assert counts.max() - counts.min() <= 1
    for person in range(len(some.pids)):
        assert len(set(some.cameras[some.people == person].tolist())) == min(3, counts[person])


def test_folds_part_people_and_do_not_depend_on_who_else_is_there():
    found = sightings(made())
    halves = [{*found.pids[half].tolist()} for half in found.folds(2)]
    assert halves[0] | halves[1] == {*range(1, 13)}
    assert not halves[0] & halves[1]
    order = [int(found.pids[fold[0]]) for fold in found.folds(12)]
    fewer = found.of(range(6))
    assert [int(fewer.pids[fold[0]]) for fold in fewer.folds(6)] == [pid for pid in order if pid <= 6]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_thresholds_and_rates_are_those_of_the_loop_also_with_people_drawn_twice(seed, ties):
    found = sightings(made(people=6, each=3, seed=seed, ties=ties, dim=6))
    pairs = found.pairs()
    others = strangers(pairs, 6)
    for drawn in (None, *draws(6, 3, seed)):
        times = np.ones(6) if drawn is None else drawn
        listed = [
            (float(value), times[a] * times[b])
            for value, same, (a, b) in zip(pairs.similarity, pairs.same, pairs.people.T, strict=True)
            if not same
        ]
        total = sum(weight for _, weight in listed)
        for rate in (0.05, 0.2, 0.5):
            (least,) = thresholds(others, [rate], drawn)
            at = sum(weight for value, weight in listed if value >= least) / total
            assert at <= rate + 1e-12
            assert rates(others, [least], drawn) == [pytest.approx(at)]
            below = max(value for value, _ in listed if value < least)  # one step lower is too many
            assert sum(weight for value, weight in listed if value >= below) / total > rate


def test_the_rule_of_three_counts_pairs_of_people():
    assert told(26, 0.01)  # 325 pairs of people
    assert not told(24, 0.01)  # 276


def test_bounds_leave_out_what_is_no_number():
    assert bounds([math.nan, 1.0, 1.0]) == (1, 1)
    assert math.isnan(bounds([1.0]).low)


@pytest.mark.parametrize("ties", [False, True])
def test_the_best_answers_of_drawn_galleries_are_those_of_the_loop(ties):
    given = made(people=7, each=4, ties=ties, dim=5)
    found = sightings(given)
    searched = best(found)
    order = np.random.default_rng(0).permutation(7)
    sizes = np.array([0, 1, 3, 6, 7])
    answers = without(searched, sizes, order)
    similarity = found.vectors @ found.vectors.T
    for query in range(len(found)):
        person = found.people[query]
        seen = [
            similarity[query, row]
            for row in range(len(found))
            if found.people[row] == person and found.cameras[row] != found.cameras[query]
        ]
        assert searched.own[query] == pytest.approx(max(seen, default=-2), abs=1e-6)
        others = [one for one in order if one != person]
        for column, size in enumerate(sizes):
            if size > len(others):
                assert np.isnan(answers[query, column])
                continue
            rows = np.isin(found.people, others[:size])
            wanted = similarity[query, rows].max() if size else -2
            assert answers[query, column] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("ties", [False, True])
def test_who_is_missed_is_held_against_a_line_of_other_people_as_in_the_loop(ties):
    found = sightings(made(people=8, each=3, cameras=2, ties=ties, dim=5))
    searched, sizes, allowed = best(found), np.array([1, 4, 7]), (0.5, 0.2)
    drawn = [np.random.default_rng(seed).permutation(8) for seed in (0, 1)]
    absent, fewer = (np.concatenate([without(searched, some, order) for order in drawn]) for some in (sizes, sizes - 1))
    folds = [np.array([0, 3, 5]), np.array([1, 2, 4]), np.array([6, 7])]
    shares = missed(searched, absent, fewer, folds=folds, rates=allowed)
    people, own = [*searched.people] * 2, [*searched.own] * 2
    wanted = np.zeros((3, 2))
    for fold in folds:
        lines = np.zeros((3, 2))
        for column in range(3):
            others = [answer for answer, person in zip(absent[:, column], people, strict=True) if person not in fold]
            lines[column] = highest(np.array(others, dtype=float), np.ones(len(others)), allowed)
            lines[column] = np.maximum(lines[column], lines[max(0, column - 1)])
        for row, person in enumerate(people):
            if person in fold and own[row] > -2:
                wanted += np.maximum(own[row], fewer[row])[:, None] < lines
    assert shares == pytest.approx(wanted / sum(one > -2 for one in own))
    assert shares.max() > 0


def test_pairs_that_are_missed_are_those_below_the_line_of_strangers_of_other_folds():
    pairs = sightings(made(people=6, each=4, cameras=2)).pairs()
    folds = [np.array([0, 1]), np.array([2, 3, 4, 5])]
    count = 0
    for fold in folds:
        apart = [
            value
            for value, same, both in zip(pairs.similarity, pairs.same, pairs.people.T, strict=True)
            if not same and not {*both} & {*fold}
        ]
        (line,) = highest(np.array(apart), np.ones(len(apart)), (0.1,))
        count += sum(
            same and both[0] in fold and value < line
            for value, same, both in zip(pairs.similarity, pairs.same, pairs.people.T, strict=True)
        )
    assert missed_pairs(pairs, folds=folds, rates=(0.1,)) == pytest.approx([count / pairs.same.sum()])


def test_the_highest_answers_are_those_of_the_loop():
    values, weight = np.array([0.1, 0.5, 0.5, 0.9]), np.array([1.0, 1.0, 1.0, 1.0])
    assert highest(values, weight, (1.0, 0.75, 0.5, 0.25, 0.1)) == [
        -1,
        np.nextafter(0.1, 1),
        np.nextafter(0.5, 1),
        np.nextafter(0.5, 1),
        np.nextafter(0.9, 1),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_reliability_is_that_of_the_loop(seed):
    random = np.random.default_rng(seed)
    said = random.integers(0, 9, 200) / 8
    true = random.random(200) < said
    weight = random.random(200)
    found = reliability(said, true, weight, bins=4)
    bins, before = {}, 0.0
    for value in sorted(set(said.tolist())):
        here = [n for n in range(200) if said[n] == value]
        bins.setdefault(min(int(4 * before), 3), []).extend(here)
        before += weight[here].sum() / weight.sum()
    error = 0.0
    for rows in bins.values():
        mass = sum(weight[n] for n in rows)
        gap = sum(weight[n] * (said[n] - true[n]) for n in rows) / mass
        error += abs(gap) * mass / weight.sum()
    assert found.ece == pytest.approx(error)
    assert found.brier == pytest.approx(sum(weight * (said - true) ** 2) / weight.sum())
    assert sum(found.mass) == pytest.approx(1)


def test_true_probabilities_have_no_calibration_error_and_bold_ones_have():
    random = np.random.default_rng(0)
    said = random.random(200_000)
    true = random.random(200_000) < said
    assert reliability(said, true).ece < 0.004
    assert reliability((said > 0.5).astype(float), true).ece > 0.2


def test_one_bin_for_all_that_is_equal():
    found = reliability(np.full(10, 0.25), np.arange(10) < 5)
    assert found.mass == (1,)
    assert found.ece == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("said", "weight"), [([0.1, 1.2], [1, 1]), ([0.1, 0.2], [0, 0]), ([0.1, 0.2], [1, -1]), ([0.1], [1, 1])]
)
def test_what_is_no_probability_is_refused(said, weight):
    with pytest.raises(ValueError, match=r"probability|weight"):
        reliability(np.array(said), np.array([True, False]), np.array(weight, dtype=float))


@pytest.mark.parametrize("kind", FITS)
def test_evidence_of_a_known_law_is_found_and_rises(kind):
    random = np.random.default_rng(0)
    same = np.arange(200_000) % 2 == 0
    similarity = np.where(same, 0.5, 0.1) + 0.15 * random.normal(size=len(same))  # log ratio: straight
    found = FITS[kind](similarity, same, np.ones(len(same)), least=(1e-5, 1e-5))
    at = np.linspace(0, 0.6, 25)
    wanted = ((at - 0.1) ** 2 - (at - 0.5) ** 2) / (2 * 0.15**2)
    assert np.abs(expit(found(at)) - expit(wanted)).max() < 0.02
    assert (np.diff(found.values) >= 0).all()
    assert found(np.array([-9.0]))[0] == found.values[0]
    assert found(np.array([9.0]))[0] == found.values[-1]


def test_evidence_does_not_depend_on_how_many_of_either_kind_there_are():
    random = np.random.default_rng(0)
    same = np.arange(40_000) % 2 == 0
    similarity = np.round(np.where(same, 0.5, 0.1) + 0.15 * random.normal(size=len(same)), 2)
    one = isotonic(similarity, same, np.ones(len(same)), least=(1e-4, 1e-4))
    other = isotonic(similarity, same, np.where(same, 0.01, 3.0), least=(1e-4, 1e-4))
    assert np.allclose(one.values, other.values)


@pytest.mark.parametrize("kind", FITS)
def test_evidence_stays_finite_where_the_kinds_are_wholly_apart_or_all_is_equal(kind):
    same = np.arange(100) < 50
    for similarity in (np.where(same, 0.9, 0.1), np.full(100, 0.5)):
        found = FITS[kind](similarity, same, np.ones(100), least=(0.01, 0.01))
        assert np.isfinite(found.values).all()


@pytest.mark.parametrize("kind", FITS)
def test_evidence_needs_both_kinds(kind):
    with pytest.raises(ValueError, match="both kinds"):
        FITS[kind](np.array([0.1, 0.2]), np.array([True, True]), np.ones(2), least=(0.1, 0.1))
