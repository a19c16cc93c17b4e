import math
import random

import pytest
import torch

from passerby.losses.circle_softmax import circle_softmax
from passerby.types import Batch, Output


def batch(pids):
    pids = torch.tensor(pids)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


def loss_of(rows, pids, **options):
    return circle_softmax(Output(torch.zeros(1), logits=(torch.as_tensor(rows),)), batch(pids), **options)


def by_definition(rows, pids, scale, margin, smoothing=0.0, form="all", held=None):
    """Plain loops; the weights a are those of `held` where it is given."""
    total = 0.0
    for row, weighing, pid in zip(rows, held or rows, pids, strict=True):
        logits = []
        for k, (s, t) in enumerate(zip(row, weighing, strict=True)):
            if k == pid:
                logits.append(scale * max(0.0, 1 + margin - t) * (s - (1 - margin)))
            else:
                logits.append(scale * max(0.0, t + margin) * (s - margin))
        norm = max(logits) + math.log(sum(math.exp(x - max(logits)) for x in logits))
        for k, x in enumerate(logits):
            others = smoothing / len(row) if form == "all" else (0 if k == pid else smoothing / (len(row) - 1))
            total -= ((1 - smoothing) * (k == pid) + others) * (x - norm)
    return total / len(rows)


def drawn(seed):
    chance = random.Random(seed)
    steps = [-1.0, -0.5, -0.35, 0.0, 0.35, 0.5, 0.65, 1.0]  # ties, and the kinks of both weights
    rows = [[chance.choice(steps) if chance.random() < 0.6 else chance.uniform(-1, 1) for _ in range(4)] for _ in "abc"]
    return rows, [chance.randrange(4) for _ in "abc"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("scale", "margin"), [(64.0, 0.35), (128.0, 0.25), (1.0, 0.0)])
def test_it_equals_its_definition(seed, scale, margin):
    rows, pids = drawn(seed)
    value = float(loss_of(rows, pids, scale=scale, margin=margin))
    assert value == pytest.approx(by_definition(rows, pids, scale, margin), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("form", ["all", "others"])
def test_its_target_is_smoothed_in_both_forms(form):
    rows, pids = drawn(3)
    value = float(loss_of(rows, pids, smoothing=0.1, form=form))
    assert value == pytest.approx(by_definition(rows, pids, 64.0, 0.35, 0.1, form), rel=1e-5)


def test_no_gradient_goes_through_the_weights():
    chance = random.Random(0)
    rows, pids, tiny = [[chance.uniform(-0.9, 0.9) for _ in range(4)] for _ in range(3)], [1, 0, 3], 1e-6
    cosines = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    loss_of(cosines, pids, scale=4.0, margin=0.35).backward()
    for b in range(3):
        for k in range(4):
            moved = [[x + tiny * ((i, j) == (b, k)) for j, x in enumerate(row)] for i, row in enumerate(rows)]
            back = [[x - tiny * ((i, j) == (b, k)) for j, x in enumerate(row)] for i, row in enumerate(rows)]
            ends = [by_definition(x, pids, 4.0, 0.35, held=rows) for x in (moved, back)]
            assert float(cosines.grad[b, k]) == pytest.approx((ends[0] - ends[1]) / (2 * tiny), abs=1e-5)


def test_a_stranger_beyond_its_optimum_is_left_alone():
    cosines = torch.tensor([[0.5, -0.4, 0.1]], requires_grad=True)
    loss_of(cosines, [0]).backward()
    assert cosines.grad[0, 1] == 0
    assert cosines.grad[0, 2] > 0


def test_several_classifiers_give_their_mean():
    one, two = torch.rand(2, 3), torch.rand(2, 3)
    each = [float(loss_of(logits, [0, 2])) for logits in (one, two)]
    both = circle_softmax(Output(one, logits=(one, two)), batch([0, 2]))
    assert float(both) == pytest.approx(sum(each) / 2)


def test_one_class_alone_costs_nothing():
    assert float(loss_of([[0.3]], [0])) == 0


def test_scores_that_are_no_cosines_are_refused():
    loss_of([[1.0005, -1.0005]], [0])  # rounding
    for value in (1.002, -3.0):
        with pytest.raises(ValueError, match=r"needs cosines.*classifier='cosine'"):
            loss_of([[0.0, value]], [0])


def test_nan_is_handed_on():
    assert math.isnan(float(loss_of([[math.nan, 0.0]], [0])))


def test_no_logits_and_wrong_options_are_refused():
    with pytest.raises(ValueError, match="needs logits"):
        circle_softmax(Output(torch.zeros(1)), batch([0]))
    for options, message in (
        ({"scale": 0.0}, "scale is 0"),
        ({"margin": 1.0}, "margin is 1"),
        ({"margin": -0.1}, "margin is -0.1"),
        ({"smoothing": 1.0}, "smoothing is 1"),
        ({"form": "none"}, "form is 'none'"),
    ):
        with pytest.raises(ValueError, match=message):
            loss_of([[0.0, 0.5]], [0], **options)
