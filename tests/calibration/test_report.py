"""A calibration in words: each rate's own verdict, and what chance alone would do among so many."""

import re
from dataclasses import replace

import numpy as np
import pytest

from passerby.calibration.answers import Answers
from passerby.calibration.calibration import Calibration
from passerby.calibration.evidence import Evidence
from passerby.calibration.held_out import HeldOut
from passerby.calibration.reliability import Reliability
from passerby.calibration.report import report
from passerby.calibration.tried import Tried
from passerby.evaluation.significance import Interval
from passerby.types import ModelId

HOLDS = Tried(stated=0.1, at=0.1, size=50, seen=0.11, interval=Interval(0.08, 0.14), p=0.3, told=True)
OUT = replace(HOLDS, size=500, seen=0.2, interval=Interval(0.15, 0.25), p=0.02)
GROSS = replace(OUT, size=900, stated=0.3, seen=0.5, interval=Interval(0.45, 0.55), p=1e-6)
UNTOLD = replace(OUT, told=False)
PAIR = replace(HOLDS, size=2)
RELIABLE = Reliability(said=(0.5,), seen=(0.5,), mass=(1.0,), ece=0.0, brier=0.25)
FITTED = Calibration(
    model=ModelId("made", "", ""),
    data="made",
    people=100,
    sightings=400,
    prior=0.01,
    kind="isotonic",
    pair=Evidence(np.array([0.0]), np.array([0.0])),
    thresholds=(),
    answers=Answers(
        sizes=np.array([1.0, 40.0]),
        knots=np.array([0.0]),
        log_odds=np.zeros((2, 1)),
        rates=np.array([0.1]),
        nobody=np.array([[0.2], [0.5]]),
        per_person=4.0,
        misses=np.array([[0.1], [0.3]]),
    ),
)


def told(pairs=(PAIR,), absent=(HOLDS,), missed=()):
    tried = HeldOut(
        people=(50, 50),
        even=RELIABLE,
        natural=RELIABLE,
        even_interval=Interval(0.0, 0.1),
        pairs=pairs,
        absent=absent,
        missed=missed,
        open_set=(),
    )
    return report(FITTED, tried)


def verdict_of(text):
    return re.search(r"What to do: (.*)", text).group(1)


def test_all_that_hold_can_be_relied_on():
    text = told(absent=(HOLDS,) * 39)
    assert "Rates that can be told: 40. By itself does not hold: none; were all of them true, 1.0 would not" in text
    assert "Refuted" not in text
    assert verdict_of(text) == "The rates that hold can be relied on, for cameras and people like these."


def test_one_that_does_not_hold_among_many_is_laid_to_chance_and_keeps_its_own_verdict():
    text = told(absent=(OUT, *[HOLDS] * 38))
    assert re.search(r"false answer, 500 records +0\.1 +0\.2 +\[0\.15, 0\.25\] +does not hold", text)
    assert "Rates that can be told: 40. By itself does not hold: 1; were all of them true, 1.0 would not" in text
    assert "Refuted, also allowing for how many were tried (Holm): none." in text
    assert verdict_of(text).startswith("Take the rates that do not hold for unsure")


def test_one_that_is_far_off_is_refuted_by_name_however_many_were_tried():
    text = told(absent=(OUT, *[HOLDS] * 38), missed=(GROSS,))
    assert "By itself does not hold: 2;" in text
    assert "(Holm): missed at 0.1, 900 records, stated 0.3, seen 0.5." in text
    assert verdict_of(text).startswith("Do not rely on these rates")


@pytest.mark.parametrize("unsure", [True, False])
def test_rates_that_so_few_people_cannot_tell_count_for_nothing(unsure):
    text = told(pairs=(UNTOLD if unsure else PAIR,), absent=(UNTOLD,))
    assert "Refuted" not in text
    assert ("So few people tell none of these rates." in text) == unsure
    assert ("are too few to tell any rate" in verdict_of(text)) == unsure
    assert "want more people" in text


def test_what_is_carried_on_beyond_the_drawn_galleries_is_marked():
    rows = [line for line in told().splitlines() if line.startswith("  0.1 ")]
    assert [row.count("*") for row in rows] == [4, 4]  # the drawn galleries have 40 records, the columns 100 and more
    assert "* carried on beyond what was measured" in told()
