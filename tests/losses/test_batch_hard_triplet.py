import math
import random

import pytest
import torch

from passerby.losses.batch_hard_triplet import batch_hard_triplet
from passerby.types import Batch, Output


def batch(pids):
    pids = torch.tensor(pids)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


def by_definition(rows, pids, margin):
    total = 0.0
    for a, anchor in enumerate(rows):
        far = max(math.dist(anchor, rows[b]) for b in range(len(rows)) if b != a and pids[b] == pids[a])
        near = min(math.dist(anchor, rows[b]) for b in range(len(rows)) if pids[b] != pids[a])
        total += max(0.0, margin + far - near)
    return total / len(rows)


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_its_definition_ties_and_negatives_included(seed):
    chance = random.Random(seed)
    pids = [p for p in range(3) for _ in range(chance.randint(2, 4))]
    chance.shuffle(pids)
    rows = [[float(chance.randint(-2, 2)) for _ in range(3)] for _ in pids]
    loss = batch_hard_triplet(Output(torch.zeros(1), features=(torch.tensor(rows),)), batch(pids), margin=0.5)
    assert float(loss) == pytest.approx(by_definition(rows, pids, 0.5), abs=2e-6)


def test_equal_pictures_give_a_finite_gradient():
    feature = torch.zeros(4, 2, requires_grad=True)
    batch_hard_triplet(Output(torch.zeros(1), features=(feature,)), batch([0, 0, 1, 1])).backward()
    assert feature.grad.isfinite().all()


def test_several_features_give_their_mean():
    one, two = torch.randn(4, 2), torch.randn(4, 5)
    pids = batch([0, 0, 1, 1])
    each = [batch_hard_triplet(Output(one, features=(feature,)), pids) for feature in (one, two)]
    both = batch_hard_triplet(Output(one, features=(one, two)), pids)
    assert float(both) == pytest.approx(float(sum(each)) / 2)


@pytest.mark.parametrize("pids", [[0, 1, 2], [0, 0, 0], [0, 0, 1]])
def test_a_picture_without_positive_or_negative_is_refused(pids):
    with pytest.raises(ValueError, match="no other picture of its person"):
        batch_hard_triplet(Output(torch.zeros(1), features=(torch.randn(3, 2),)), batch(pids))


def test_no_features_and_a_negative_margin_are_refused():
    with pytest.raises(ValueError, match="needs features"):
        batch_hard_triplet(Output(torch.zeros(1)), batch([0, 0, 1, 1]))
    with pytest.raises(ValueError, match="margin of the triplet loss is -1"):
        batch_hard_triplet(Output(torch.zeros(1), features=(torch.randn(4, 2),)), batch([0, 0, 1, 1]), margin=-1)
