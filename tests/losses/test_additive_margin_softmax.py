import math
import random

import pytest
import torch

from passerby.losses.additive_margin_softmax import additive_margin_softmax
from passerby.types import Batch, Output


def batch(pids):
    pids = torch.tensor(pids)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


def loss_of(rows, pids, **options):
    return additive_margin_softmax(Output(torch.zeros(1), logits=(torch.as_tensor(rows),)), batch(pids), **options)


@pytest.mark.parametrize("seed", range(10))
def test_it_equals_the_unified_loss_of_one_positive(seed):
    chance = random.Random(seed)
    rows = [[chance.choice([-1.0, 0.0, 0.5, 0.5, chance.uniform(-1, 1)]) for _ in range(4)] for _ in range(3)]
    pids, scale, margin = [chance.randrange(4) for _ in rows], 16.0, 0.25
    total = 0.0
    for row, pid in zip(rows, pids, strict=True):
        total += math.log(1 + sum(math.exp(scale * (s - row[pid] + margin)) for k, s in enumerate(row) if k != pid))
    value = float(loss_of(rows, pids, scale=scale, margin=margin))
    assert value == pytest.approx(total / 3, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("form", ["all", "others"])
def test_its_target_is_smoothed_in_both_forms(form):
    row, pid, e = [0.2, -0.4, 0.7], 2, 0.1
    logits = [30 * (s - 0.35 * (k == pid)) for k, s in enumerate(row)]
    norm = math.log(sum(math.exp(x) for x in logits))
    targets = [(1 - e) * (k == pid) + e / 3 if form == "all" else (1 - e if k == pid else e / 2) for k in range(3)]
    expected = -sum(target * (x - norm) for target, x in zip(targets, logits, strict=True))
    assert float(loss_of([row], [pid], smoothing=e, form=form)) == pytest.approx(expected, rel=1e-5)


def test_several_classifiers_give_their_mean():
    one, two = torch.rand(2, 3), torch.rand(2, 3)
    each = [float(loss_of(logits, [0, 2])) for logits in (one, two)]
    both = additive_margin_softmax(Output(one, logits=(one, two)), batch([0, 2]))
    assert float(both) == pytest.approx(sum(each) / 2)


def test_scores_that_are_no_cosines_no_logits_and_wrong_options_are_refused():
    with pytest.raises(ValueError, match="needs cosines"):
        loss_of([[0.0, 2.0]], [0])
    with pytest.raises(ValueError, match="needs logits"):
        additive_margin_softmax(Output(torch.zeros(1)), batch([0]))
    with pytest.raises(ValueError, match="scale is -1"):
        loss_of([[0.0, 0.5]], [0], scale=-1.0)
    with pytest.raises(ValueError, match="margin is 1"):
        loss_of([[0.0, 0.5]], [0], margin=1.0)
