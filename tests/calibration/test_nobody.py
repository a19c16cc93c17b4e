"""What a calibration says of the best answer of a gallery, and of the line below which it is nobody."""

import math
from dataclasses import replace

import numpy as np
import pytest

from known_law import made
from passerby.calibration.answered import answered
from passerby.calibration.drawn_galleries import best, orders


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
