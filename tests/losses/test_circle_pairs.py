import math
import random

import pytest
import torch

from passerby.losses.circle_pairs import circle_pairs
from passerby.types import Batch, Output


def batch(pids):
    pids = torch.tensor(pids)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


def by_definition(rows, pids, scale, margin, held=None):
    """Plain loops over all pairs; the weights a are those of `held` where it is given."""
    held, total = held or rows, 0.0
    for a in range(len(rows)):
        pairs = 0.0
        for p in range(len(rows)):
            for n in range(len(rows)):
                if p != a and pids[p] == pids[a] and pids[n] != pids[a]:
                    to_n = max(0.0, cosine(held[a], held[n]) + margin) * (cosine(rows[a], rows[n]) - margin)
                    to_p = max(0.0, 1 + margin - cosine(held[a], held[p])) * (cosine(rows[a], rows[p]) - 1 + margin)
                    pairs += math.exp(scale * (to_n - to_p))
        total += math.log(1 + pairs)
    return total / len(rows)


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_its_definition_ties_and_negatives_included(seed):
    chance = random.Random(seed)
    pids = [p for p in range(3) for _ in range(chance.randint(2, 3))]
    chance.shuffle(pids)
    rows = [[chance.choice([-2.0, -1.0, 1.0, 3.0]) for _ in range(3)] for _ in pids]
    for scale, margin in ((128.0, 0.25), (2.0, 0.4)):
        loss = circle_pairs(
            Output(torch.zeros(1), features=(torch.tensor(rows),)), batch(pids), scale=scale, margin=margin
        )
        assert float(loss) == pytest.approx(by_definition(rows, pids, scale, margin), rel=1e-4, abs=1e-4)


def test_no_gradient_goes_through_the_weights():
    chance, pids, tiny = random.Random(1), [0, 0, 1, 1], 1e-5
    rows = [[chance.uniform(-1, 1) for _ in range(3)] for _ in pids]
    feature = torch.tensor(rows, requires_grad=True)
    circle_pairs(Output(torch.zeros(1), features=(feature,)), batch(pids), scale=4.0).backward()
    for b in range(4):
        for k in range(3):
            ends = []
            for sign in (1, -1):
                moved = [
                    [x + sign * tiny * ((i, j) == (b, k)) for j, x in enumerate(row)] for i, row in enumerate(rows)
                ]
                ends.append(by_definition(moved, pids, 4.0, 0.25, held=rows))
            assert float(feature.grad[b, k]) == pytest.approx((ends[0] - ends[1]) / (2 * tiny), abs=1e-4)


def test_the_length_of_a_feature_does_not_matter_and_large_scales_stay_finite():
    feature, pids = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), batch([0, 0, 1, 1, 2, 2])
    short = circle_pairs(Output(feature, features=(feature,)), pids, scale=2000.0)
    long = circle_pairs(Output(feature, features=(7 * feature,)), pids, scale=2000.0)
    assert short.isfinite()
    assert float(short) == pytest.approx(float(long), rel=1e-4)


def test_several_features_give_their_mean():
    one, two, pids = torch.randn(4, 2), torch.randn(4, 5), batch([0, 0, 1, 1])
    each = [float(circle_pairs(Output(one, features=(feature,)), pids)) for feature in (one, two)]
    assert float(circle_pairs(Output(one, features=(one, two)), pids)) == pytest.approx(sum(each) / 2)


@pytest.mark.parametrize("pids", [[0, 1, 2], [0, 0, 0], [0, 0, 1]])
def test_a_picture_without_positive_or_negative_is_refused(pids):
    with pytest.raises(ValueError, match="no other picture of its person"):
        circle_pairs(Output(torch.zeros(1), features=(torch.randn(3, 2),)), batch(pids))


def test_no_features_and_wrong_options_are_refused():
    with pytest.raises(ValueError, match="needs features"):
        circle_pairs(Output(torch.zeros(1)), batch([0, 0, 1, 1]))
    for options, message in (({"scale": 0.0}, "scale is 0"), ({"margin": 1.5}, "margin is 1.5")):
        with pytest.raises(ValueError, match=message):
            circle_pairs(Output(torch.zeros(1), features=(torch.randn(4, 2),)), batch([0, 0, 1, 1]), **options)


@pytest.mark.parametrize("seed", range(5))
def test_the_unified_form_weighs_nothing(seed):
    chance = random.Random(seed)
    pids = [0, 0, 1, 1, 1, 2, 2]
    rows = [[chance.choice([-2.0, -1.0, 1.0, 3.0]) for _ in range(3)] for _ in pids]
    total = 0.0
    for a in range(len(rows)):
        pairs = [
            math.exp(2 * (cosine(rows[a], rows[n]) - cosine(rows[a], rows[p]) + 0.3))
            for p in range(len(rows))
            for n in range(len(rows))
            if p != a and pids[p] == pids[a] and pids[n] != pids[a]
        ]
        total += math.log(1 + sum(pairs))
    output = Output(torch.zeros(1), features=(torch.tensor(rows),))
    loss = circle_pairs(output, batch(pids), scale=2.0, margin=0.3, form="unified")
    assert float(loss) == pytest.approx(total / len(rows), rel=1e-5)
    with pytest.raises(ValueError, match="give circle or unified"):
        circle_pairs(output, batch(pids), form="square")
