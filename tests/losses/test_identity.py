import math

import pytest
import torch

from passerby.losses.identity import identity
from passerby.types import Batch, Output


def batch(pids):
    pids = torch.tensor(pids)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_it_equals_its_definition(smoothing):
    logits, pids = torch.randn(5, 4, generator=torch.Generator().manual_seed(1)), [3, 0, 0, 1, 2]
    total = 0.0
    for row, pid in zip(logits.tolist(), pids, strict=True):
        norm = math.log(sum(math.exp(x) for x in row))
        for k, x in enumerate(row):
            target = (1 - smoothing) * (k == pid) + smoothing / 4
            total -= target * (x - norm)
    loss = identity(Output(logits, logits=(logits,)), batch(pids), smoothing=smoothing)
    assert float(loss) == pytest.approx(total / 5, abs=1e-6)


def test_several_classifiers_give_their_mean():
    one, two = torch.randn(2, 3), torch.randn(2, 3)
    each = [identity(Output(one, logits=(logits,)), batch([0, 2])) for logits in (one, two)]
    assert float(identity(Output(one, logits=(one, two)), batch([0, 2]))) == pytest.approx(float(sum(each)) / 2)


def test_no_logits_and_a_wrong_smoothing_are_refused():
    with pytest.raises(ValueError, match="needs logits"):
        identity(Output(torch.zeros(1)), batch([0]))
    with pytest.raises(ValueError, match="smoothing is 1"):
        identity(Output(torch.zeros(1), logits=(torch.zeros(1, 2),)), batch([0]), smoothing=1.0)
