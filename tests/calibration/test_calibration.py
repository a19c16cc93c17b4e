"""A calibration: what it says of people of a known law, how it goes on beyond them, and its file."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import beta

from passerby.calibration import calibration_file
from passerby.calibration.answered import answered
from passerby.calibration.calibrated import PEOPLE, calibrated
from passerby.calibration.drawn_galleries import best, orders
from passerby.calibration.held_out import held_out
from passerby.calibration.sightings import sightings
from passerby.calibration.tried import Tried
from passerby.evaluation.significance import Interval
from passerby.types import Crop, Embeddings, ModelId

MODEL = ModelId("made", "ab" * 32, "none")
DIM = 12


def made(people, each=4, *, cameras=4, spread=0.25, seed=0, first=1, offset=0.0):
    """People as directions drawn evenly from all, so that the law of strangers' cosines is known."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(people, DIM))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    pids = np.repeat(np.arange(people), each)
    vectors = centres[pids] + spread * random.normal(size=(len(pids), DIM))
    places = [row % cameras for row in range(len(pids))]
    vectors += offset * np.eye(DIM)[places]
    crops = tuple(Crop(Path(f"{row}.jpg"), int(pid) + first, place) for (row, pid), place in
                  zip(enumerate(pids), places, strict=True))  # fmt: skip
    return sightings(Embeddings(torch.from_numpy(vectors).float(), crops))


def beyond(similarity):
    """Share of two random directions that are at least so alike."""
    return beta.sf((1 + similarity) / 2, (DIM - 1) / 2, (DIM - 1) / 2)


@pytest.fixture(scope="module")
def found():
    return calibrated(made(150), model=MODEL, data="made")


def test_thresholds_are_those_of_the_known_law(found):
    assert found.rates[0] == 0.1
    for one in found.thresholds:
        if one.rate in found.rates:
            assert one.low <= beta.isf(one.rate, (DIM - 1) / 2, (DIM - 1) / 2) * 2 - 1 <= one.high
            assert one.low <= one.similarity <= one.high
            assert found.threshold(one.rate) == pytest.approx(one.similarity)
    between = found.threshold(0.03)
    assert found.threshold(0.05) < between < found.threshold(0.02)


def test_a_rate_that_the_people_cannot_tell_is_refused(found):
    for rate in (1e-6, 0.9, 0, math.nan):
        with pytest.raises(ValueError, match=r"150 people were calibrated on; give 0.0005 .. 0.1"):
            found.threshold(rate)


def test_probabilities_are_true_of_other_people(found):
    pairs = made(300, seed=7).some(1200).pairs()
    for prior in (0.5, 0.01):
        said = found.probability(pairs.similarity, prior=prior)
        weight = np.where(pairs.same, prior / pairs.same.sum(), (1 - prior) / (~pairs.same).sum())
        for low, high in ((0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.95)):
            here = (said >= low) & (said < high)
            if pairs.same[here].sum() < 50:
                continue
            true = np.average(pairs.same[here], weights=weight[here])
            assert true == pytest.approx(np.average(said[here], weights=weight[here]), abs=0.1)


def test_probability_never_falls_and_is_never_certain(found):
    for cameras in (None, (0, 1), (1, None)):
        said = found.probability(np.linspace(-1, 1, 2001), cameras=cameras)
        assert (np.diff(said) >= 0).all()
        assert said[0] > 0
        assert said[-1] < 1
    assert found.probability(np.float64(0.5)).shape == ()


def test_the_prior_can_be_changed_and_moves_odds_by_what_it_should(found):
    at = np.array([0.6])
    odds = [p / (1 - p) for p in (found.probability(at, prior=prior)[0] for prior in (0.5, 0.01))]
    assert odds[0] / odds[1] == pytest.approx(99)
    for prior in (0, 1, -1, math.nan):
        with pytest.raises(ValueError, match="prior is"):
            found.probability(at, prior=prior)


@pytest.mark.parametrize("similarity", [1.1, -2, math.nan, math.inf])
def test_what_is_no_cosine_is_refused(found, similarity):
    with pytest.raises(ValueError, match="give cosines"):
        found.probability(np.array([0.1, similarity]))
    with pytest.raises(ValueError, match="give cosines"):
        found.top1(similarity, size=10)


@pytest.mark.parametrize("rate", [0.1, 0.05])
@pytest.mark.parametrize("strangers", [10, 100])
def test_an_absent_person_gets_an_answer_at_most_at_the_stated_rate(found, rate, strangers):
    least = found.nobody_below(rate, size=4 * strangers)
    searched = made(400, seed=9)
    random = np.random.default_rng(0)
    answered = []
    for person in range(0, 400, 2):
        others = random.choice(np.delete(np.arange(400), person), strangers, replace=False)
        asked = searched.vectors[searched.people == person][:1]
        answered.append((asked @ searched.vectors[np.isin(searched.people, others)].T).max() >= least)
    error = 3 * math.sqrt(rate * (1 - rate) / len(answered))
    assert rate / 3 - error < np.mean(answered) < rate + error + 0.5 * rate  # 150 people do not tell it better


def test_nobody_rises_with_the_gallery_and_with_caution_and_stays_below_an_exact_copy(found):
    sizes = [1, 2, 4, 7, 40, 300, 596, 597, 1000, 10**5, 10**9]
    rates = [0.5, 0.3, 0.1, 0.04, 0.01, 1e-3, 1e-6]
    table = np.array([[found.nobody_below(rate, size=size) for size in sizes] for rate in rates])
    assert (np.diff(table, axis=0) >= 0).all()
    assert (np.diff(table, axis=1) >= -1e-12).all()
    assert table.max() < 1
    assert found.measured(0.1, size=500)
    assert not found.measured(0.1, size=10_000)
    assert not found.measured(0.01, size=500)


def test_the_best_answer_is_surer_the_more_alike_and_the_smaller_the_gallery(found):
    sizes = [1, 2, 4, 30, 300, 10**4, 10**8]
    table = np.array([[found.top1(at, size=size) for at in np.linspace(-1, 1, 81)] for size in sizes])
    assert (np.diff(table, axis=0) <= 1e-12).all()
    assert (np.diff(table, axis=1) >= -1e-12).all()
    assert table.min() > 0
    assert table.max() < 1


def test_the_best_answer_is_right_as_often_as_is_said(found):
    searched = made(400, seed=11)
    random = np.random.default_rng(0)
    said, right = [], []
    for query in range(0, len(searched), 2):
        person = searched.people[query]
        others = random.choice(np.delete(np.arange(400), person), 50, replace=False)
        rows = np.isin(searched.people, others)
        if random.random() < 0.5:
            rows |= (searched.people == person) & (np.arange(len(searched)) != query)
        rows = np.flatnonzero(rows)
        similarity = searched.vectors[rows] @ searched.vectors[query]
        said.append(found.top1(float(similarity.max()), size=200))
        right.append(searched.people[rows[similarity.argmax()]] == person)
    assert np.mean(said) == pytest.approx(np.mean(right), abs=0.05)
    sure = np.array(said) > 0.7
    assert np.mean(np.array(said)[sure]) == pytest.approx(np.mean(np.array(right)[sure]), abs=0.06)


@pytest.mark.parametrize("rate", [0.1, 0.05])
@pytest.mark.parametrize("strangers", [10, 100])
def test_people_who_are_there_fall_below_the_line_as_often_as_is_said(found, rate, strangers):
    size = 4 * (strangers + 1)
    least, said = found.nobody_below(rate, size=size), found.nobody_misses(rate, size=size)
    searched = made(400, seed=9)
    random = np.random.default_rng(0)
    missed = []
    for person in range(0, 400, 2):
        others = random.choice(np.delete(np.arange(400), person), strangers, replace=False)
        rows = np.isin(searched.people, [*others, person])
        rows[person * 4] = False  # the query itself
        missed.append((searched.vectors[person * 4] @ searched.vectors[rows].T).max() < least)
    assert said == pytest.approx(np.mean(missed), abs=3 * math.sqrt(said * (1 - said) / len(missed)) + 0.03)


def test_what_the_line_misses_rises_with_caution_and_stays_a_share(found):
    sizes = [1, 2, 4, 7, 40, 300, 596, 597, 1000, 10**5, 10**9]
    rates = [0.5, 0.3, 0.1, 0.04, 0.01, 1e-3, 1e-6]
    table = np.array([[found.nobody_misses(rate, size=size) for size in sizes] for rate in rates])
    assert (np.diff(table, axis=0) >= 0).all()
    assert table.min() >= 0
    assert table.max() <= 1
    assert (np.diff(table[:, -4:], axis=1) >= 0).all()  # carried on, it does not fall
    assert found.nobody_misses(0.1, size=100, per_person=1) == found.nobody_misses(0.1, size=400)
    for rate in (0, 0.6, math.nan):
        with pytest.raises(ValueError, match="rate is"):
            found.nobody_misses(rate, size=10)


@pytest.mark.parametrize("rate", [0.1, 0.05])
@pytest.mark.parametrize("people", [10, 30])
def test_who_is_missed_is_carried_on_to_galleries_many_times_those_that_were_drawn(found, people, rate):
    kept = found.answers.sizes <= 4 * people
    smaller = {name: getattr(found.answers, name)[kept] for name in ("sizes", "log_odds", "nobody", "misses")}
    cut = replace(found, answers=replace(found.answers, **smaller))
    tried = best(made(500, seed=9))
    for times in (2, 4, 12):
        size = 4 * people * times
        assert not cut.measured(rate, size=size)
        line = np.array([[cut.nobody_below(rate, size=size)]])
        missed = answered(tried, np.array([people * times]), orders(500, 8, 0), line)[1, 0, 0]
        assert cut.nobody_misses(rate, size=size) == pytest.approx(missed, abs=0.035)


def test_who_is_missed_does_not_jump_where_the_drawn_galleries_or_rates_end(found):
    largest, rarest = int(found.answers.sizes[-1]), float(found.answers.rates[-1])
    for rate in (0.5, 0.1, 0.01, rarest):
        assert found.nobody_misses(rate, size=largest + 1) == pytest.approx(
            found.nobody_misses(rate, size=largest), abs=0.01
        )
    for size in (1, 40, largest):
        assert found.nobody_misses(0.999 * rarest, size=size) == pytest.approx(
            found.nobody_misses(rarest, size=size), abs=0.01
        )


def test_fewer_records_of_each_person_make_more_strangers(found):
    assert found.answers.per_person == 4
    few, many = (found.nobody_below(0.1, size=100, per_person=each) for each in (1, 4))
    assert few == pytest.approx(found.nobody_below(0.1, size=400))
    assert many == found.nobody_below(0.1, size=100) < few
    assert found.top1(0.7, size=100, per_person=1) == pytest.approx(found.top1(0.7, size=400))


@pytest.mark.parametrize(("size", "each", "rate"), [(0, None, 0.1), (1, 0.0, 0.1), (1, math.inf, 0.1), (1, None, 0.6),
                                                    (1, None, 0.0), (1, None, math.nan)])  # fmt: skip
def test_a_size_or_rate_out_of_range_is_refused(found, size, each, rate):
    with pytest.raises(ValueError, match=r"size is|per_person is|rate is"):
        found.nobody_below(rate, size=size, per_person=each)


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match=f"There are {PEOPLE - 1} people"):
        calibrated(made(PEOPLE - 1), model=MODEL, data="made")
    with pytest.raises(ValueError, match="seen by two cameras"):
        calibrated(made(PEOPLE, cameras=1), model=MODEL, data="made")


def test_people_who_are_seldom_seen_twice_and_vectors_that_are_all_alike_do_not_stop_it():
    few = calibrated(made(30, each=2, spread=0), model=MODEL, data="copies")  # one person: always 1
    assert few.probability(np.array([1.0]))[0] > few.probability(np.array([0.3]))[0]
    same = sightings(Embeddings(torch.ones(40, 3), tuple(Crop(Path(f"{n}"), n // 2 + 1, n % 2) for n in range(40))))
    flat = calibrated(same, model=MODEL, data="all alike")
    assert flat.probability(np.array([1.0]), prior=0.3)[0] == pytest.approx(0.3, abs=0.02)
    assert flat.nobody_below(0.1, size=10) > 0.99


def test_two_cameras_have_a_line_of_their_own_only_with_enough_people():
    assert not calibrated(made(40, offset=1.5), model=MODEL, data="made").cameras
    many = calibrated(made(80, each=4, cameras=2, offset=0.8), model=MODEL, data="made")
    assert {*many.cameras} <= {(0, 1)}


def test_two_cameras_have_the_same_line_whatever_their_numbers():
    small = made(80, each=6, cameras=3, offset=0.8)
    large = replace(small, cameras=small.cameras + 2**31 - 3)
    lines = [calibrated(one, model=MODEL, data="made").cameras for one in (small, large)]
    assert lines[0]
    assert {(a + 2**31 - 3, b + 2**31 - 3): line for (a, b), line in lines[0].items()} == dict(lines[1])


def test_the_same_sightings_give_the_same_calibration(tmp_path):
    for name in ("a", "b"):
        calibration_file.write(calibrated(made(25), model=MODEL, data="made"), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_held_out_people_have_the_stated_rates_within_their_intervals():
    tried = held_out(made(80, seed=3), model=MODEL)
    assert tried.people == (40, 40)
    assert tried.even.ece < 0.05
    assert tried.natural.ece < 0.03
    assert tried.even_interval.low <= tried.even_interval.high
    assert [(one.at, one.size) for one in tried.missed] == [(one.at, one.size) for one in tried.absent]
    for one in (*tried.pairs, *tried.absent, *tried.missed):
        if one.told:
            assert one.interval.low <= one.stated <= one.interval.high, one
    assert [one.told for one in tried.pairs] == [True, True, False, False]
    assert {number.name for number in tried.open_set} == {"DIR at FAR", "TTR at FTR", "FNMR at FMR"}


def test_where_nobody_was_missed_in_any_draw_three_among_so_many_people_still_may_be():
    tried = held_out(made(60, spread=0.02), model=MODEL)
    small = [one for one in tried.missed if one.at == 0.1]
    assert small
    for one in small:
        assert (one.seen, one.interval.low, one.interval.high) == (0, 0, pytest.approx(3 / 30))
        assert one.holds


def test_a_rate_holds_where_it_is_not_exceeded_and_not_where_nobody_knows():
    tried = Tried(stated=0.1, at=0.1, size=2, seen=0.2, interval=Interval(0.1, 0.3), p=0.03, told=True)
    assert tried.holds
    assert replace(tried, stated=0.5).holds
    assert not replace(tried, stated=0.09).holds
    assert not replace(tried, interval=Interval(math.nan, math.nan)).holds
    assert not replace(tried, stated=math.nan).holds


def test_a_file_says_the_same_and_is_small(found, tmp_path):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    again = calibration_file.read(file, model=MODEL)
    at = np.linspace(-1, 1, 99)
    assert (again.probability(at) == found.probability(at)).all()
    assert [again.top1(float(x), size=77) for x in at] == [found.top1(float(x), size=77) for x in at]
    assert again.nobody_below(0.02, size=50) == found.nobody_below(0.02, size=50)
    assert (again.rates, again.model, again.thresholds) == (found.rates, MODEL, found.thresholds)
    assert file.stat().st_size < 50_000


def test_a_file_from_before_misses_were_measured_is_read_and_says_nothing_of_them(found, tmp_path):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    assert calibration_file.read(file).nobody_misses(0.1, size=50) == found.nobody_misses(0.1, size=50)
    told = json.loads(file.read_text())
    del told["answers"]["misses"]
    file.write_text(json.dumps(told))
    old = calibration_file.read(file, model=MODEL)
    assert old.nobody_misses(0.1, size=50) is None
    assert old.nobody_below(0.1, size=50) == found.nobody_below(0.1, size=50)
    calibration_file.write(old, file)
    assert json.loads(file.read_text()) == told


def test_a_calibration_of_other_weights_is_refused(found, tmp_path):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    with pytest.raises(ValueError, match="of another model"):
        calibration_file.read(file, model=replace(MODEL, weights="cd" * 32))


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="passerby calibrate"):
        calibration_file.read(tmp_path / "calibration.json")


def damaged():
    """Changes of a file, each of which makes it wrong."""
    yield lambda told: told.update(version=2)
    yield lambda told: told.pop("pair")
    yield lambda told: told.update(people=0)
    yield lambda told: told.update(people=True)
    yield lambda told: told.update(prior=1.0)
    yield lambda told: told.update(prior="0.5")
    yield lambda told: told.update(model={"name": "a", "weights": 1, "preprocessing": ""})
    yield lambda told: told.update(data="x" * 5000)
    yield lambda told: told["pair"]["similarity"].reverse()
    yield lambda told: told["pair"]["log_likelihood_ratio"].reverse()
    yield lambda told: told["pair"]["log_likelihood_ratio"].pop()
    yield lambda told: told["pair"].update(similarity=[], log_likelihood_ratio=[])
    yield lambda told: told["pair"].update(similarity="abc")
    yield lambda told: told["thresholds"].reverse()
    yield lambda told: told["thresholds"][0].append(1)
    yield lambda told: told["thresholds"][0].__setitem__(1, 1e300)
    yield lambda told: told["thresholds"][0].__setitem__(1, None)
    yield lambda told: told["answers"]["nobody"].reverse()
    yield lambda told: told["answers"]["nobody"].pop()
    yield lambda told: told["answers"]["log_odds"].reverse()
    yield lambda told: told["answers"]["sizes"].__setitem__(0, 0)
    yield lambda told: told["answers"].update(rates=[2, 1])
    yield lambda told: told["answers"].update(per_person=0)
    yield lambda told: told["answers"].update(present=0.0)
    yield lambda told: told["answers"].update(misses=None)
    yield lambda told: told["answers"]["misses"].pop()
    yield lambda told: told["answers"]["misses"][1].reverse()
    yield lambda told: told["answers"]["misses"][1].__setitem__(0, -0.1)
    yield lambda told: told["answers"]["misses"][1].__setitem__(-1, 1.1)
    yield lambda told: told.update(answers=[])
    yield lambda told: told.update(cameras=[[2, 1, 1.0, 0.0]])
    yield lambda told: told.update(cameras=[[1, 2, -1.0, 0.0]])
    yield lambda told: told.update(cameras=[[1.5, 2, 1.0, 0.0]])


@pytest.mark.parametrize("change", [*damaged()])
def test_a_damaged_file_is_refused_with_its_name(found, tmp_path, change):
    file = tmp_path / "calibration.json"
    calibration_file.write(found, file)
    told = json.loads(file.read_text())
    change(told)
    file.write_text(json.dumps(told))
    with pytest.raises(ValueError, match=r"calibration\.json.* calibrate again"):
        calibration_file.read(file)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", '{"version": NaN}', "[" * 100_000, b"\xff\xfe", b"x" * (2**20 + 1), "9" * 5000]
)
def test_what_is_no_calibration_is_refused(tmp_path, text):
    file = tmp_path / "calibration.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r"calibration\.json"):
        calibration_file.read(file)
