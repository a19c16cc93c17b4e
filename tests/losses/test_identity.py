import math

import pytest
import torch

from passerby.losses.identity import identity
from passerby.types import Batch, Output


def batch(pids):
    pids = torch.tensor(pids)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


def by_definition(rows, pids, smoothing, form):
    total = 0.0
    for row, pid in zip(rows, pids, strict=True):
        classes = len(row)
        norm = math.log(sum(math.exp(x) for x in row))
        for k, x in enumerate(row):
            if form == "all":
                target = (1 - smoothing) * (k == pid) + smoothing / classes
            else:
                target = 1 - smoothing if k == pid else smoothing / (classes - 1)
            total -= target * (x - norm)
    return total / len(rows)


@pytest.mark.parametrize("form", ["all", "others"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_it_equals_its_definition(smoothing, form):
    logits, pids = torch.randn(5, 4, generator=torch.Generator().manual_seed(1)), [3, 0, 0, 1, 2]
    logits[0] = torch.tensor([2.0, 2.0, -9.0, 2.0])  # ties
    loss = identity(Output(logits, logits=(logits,)), batch(pids), smoothing=smoothing, form=form)
    assert float(loss) == pytest.approx(by_definition(logits.tolist(), pids, smoothing, form), abs=1e-6)


def test_the_two_forms_differ_and_meet_without_smoothing():
    logits = torch.tensor([[3.0, -1.0, 0.5]])
    both = [identity(Output(logits, logits=(logits,)), batch([0]), smoothing=0.3, form=f) for f in ("all", "others")]
    assert float(both[0]) < float(both[1])  # `all` gives some of the share back to the true class
    both = [identity(Output(logits, logits=(logits,)), batch([0]), form=form) for form in ("all", "others")]
    assert both[0] == both[1]


def test_several_classifiers_give_their_mean():
    one, two = torch.randn(2, 3), torch.randn(2, 3)
    each = [identity(Output(one, logits=(logits,)), batch([0, 2])) for logits in (one, two)]
    assert float(identity(Output(one, logits=(one, two)), batch([0, 2]))) == pytest.approx(float(sum(each)) / 2)


def test_one_classifier_can_be_meant():
    one, two = torch.randn(2, 3), torch.randn(2, 3)
    for only, logits in enumerate((one, two)):
        alone = identity(Output(one, logits=(logits,)), batch([0, 2]))
        assert identity(Output(one, logits=(one, two)), batch([0, 2]), only=only) == alone


@pytest.mark.parametrize("only", [2, -1])
def test_a_classifier_that_is_not_there_is_refused(only):
    logits = (torch.zeros(1, 2), torch.zeros(1, 2))
    with pytest.raises(ValueError, match=rf"only is {only}; the model has the classifiers 0 \.\. 1"):
        identity(Output(torch.zeros(1), logits=logits), batch([0]), only=only)


def test_one_class_alone_costs_nothing_and_has_no_others_to_share_with():
    output = Output(torch.zeros(1), logits=(torch.tensor([[5.0]]),))
    for form in ("all", "others"):
        assert float(identity(output, batch([0]), form=form)) == 0
    assert float(identity(output, batch([0]), smoothing=0.1)) == 0
    with pytest.raises(ValueError, match="of 1 classes"):
        identity(output, batch([0]), smoothing=0.1, form="others")


def test_more_share_for_the_others_than_for_the_true_class_is_refused():
    output = Output(torch.zeros(1), logits=(torch.zeros(1, 2),))
    assert float(identity(output, batch([0]), smoothing=0.49, form="others")) > 0
    with pytest.raises(ValueError, match=r"smoothing is 0\.5 in the form `others`, of 2 classes"):
        identity(output, batch([0]), smoothing=0.5, form="others")


def test_no_logits_a_wrong_smoothing_and_another_form_are_refused():
    with pytest.raises(ValueError, match="needs logits"):
        identity(Output(torch.zeros(1)), batch([0]))
    with pytest.raises(ValueError, match="smoothing is 1"):
        identity(Output(torch.zeros(1), logits=(torch.zeros(1, 2),)), batch([0]), smoothing=1.0)
    with pytest.raises(ValueError, match="form is 'both'"):
        identity(Output(torch.zeros(1), logits=(torch.zeros(1, 2),)), batch([0]), form="both")
