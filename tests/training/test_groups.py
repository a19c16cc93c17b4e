import pytest
from torch import nn
from torch.optim import SGD

from passerby.training.groups import Group, parameter_groups


def network():
    return nn.ModuleDict({"backbone": nn.Linear(2, 3), "alpha": nn.Linear(3, 1), "head": nn.Linear(3, 4)})


def test_the_first_pattern_that_matches_counts_and_the_rest_is_as_the_optimiser_has_it():
    made = parameter_groups(
        network(), {"*.bias": Group(rate=2.0, decay=False), "backbone.*": Group(rate=0.1), "alpha*": Group(decay=False)}
    )
    optimizer = SGD(made, lr=1.0, weight_decay=0.5)
    told = [
        (group["rate"], group["weight_decay"], [tuple(weight.shape) for weight in group["params"]])
        for group in optimizer.param_groups
    ]
    assert told == [
        (1.0, 0.5, [(4, 3)]),
        (2.0, 0.0, [(3,), (1,), (4,)]),
        (0.1, 0.5, [(3, 2)]),
        (1.0, 0.0, [(1, 3)]),
    ]


def test_parameters_that_want_no_gradient_are_left_out():
    whole = network()
    whole["backbone"].requires_grad_(False)
    made = parameter_groups(whole, {"backbone.*": Group(rate=0.1)})
    assert [len(group["params"]) for group in made] == [4]


def test_a_pattern_that_matches_nothing_and_a_negative_rate_are_refused():
    with pytest.raises(ValueError, match=r"'layer9\.\*', and no parameter"):
        parameter_groups(network(), {"layer9.*": Group(rate=0.1)})
    assert len(parameter_groups(network(), {"layer9.*": Group(rate=0.1, optional=True)})) == 1
    with pytest.raises(ValueError, match="give 0 or more"):
        Group(rate=-1.0)
