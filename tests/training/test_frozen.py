import copy

import pytest
import torch
from torch import nn

from passerby.models.backbone import backbone
from passerby.training.frozen import freeze_batch_norm


def network():
    torch.manual_seed(0)
    made = nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 5), nn.BatchNorm1d(5)
    )
    for norm in (made[1], made[4]):
        nn.init.normal_(norm.running_mean)
        nn.init.uniform_(norm.running_var, 0.5, 2)
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    return made


IMAGES = torch.randn(6, 3, 4, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", ["statistics", "all"])
def test_frozen_statistics_are_used_and_not_updated(kind):
    made = network().train()
    before = {name: value.clone() for name, value in made.named_buffers()}
    freeze_batch_norm(made, kind)
    output = made(IMAGES)
    assert all(torch.equal(value, before[name]) for name, value in made.named_buffers())
    assert torch.equal(output, copy.deepcopy(made).eval()(IMAGES))
    assert made.training
    assert made[0].training
    assert torch.allclose(made(IMAGES[:1]), output[:1], atol=1e-6)


def test_without_freezing_they_are_updated():
    made = network().train()
    before = made[1].running_mean.clone()
    made(IMAGES)
    assert not torch.equal(made[1].running_mean, before)


@pytest.mark.parametrize(("kind", "trained"), [("statistics", True), ("all", False)])
def test_weight_and_bias_are_trained_unless_all_is_frozen(kind, trained):
    made = network().train()
    freeze_batch_norm(made, kind)
    made(IMAGES).square().sum().backward()
    for norm in (made[1], made[4]):
        for parameter in norm.parameters():
            assert parameter.requires_grad == trained
            assert (parameter.grad is not None and bool(parameter.grad.any())) == trained
    assert made[0].weight.grad.any()
    assert made[3].weight.grad.any()


def test_statistics_leave_alone_what_was_frozen_before():
    made = network()
    made[4].bias.requires_grad_(False)
    freeze_batch_norm(made, "statistics")
    assert not made[4].bias.requires_grad


@pytest.mark.parametrize("kind", ["statistics", "all"])
def test_it_is_done_again_after_train_and_twice_is_as_once(kind):
    made = network()
    freeze_batch_norm(made, kind)
    once = {name: value.clone() for name, value in made.state_dict().items()}
    made.train()
    assert made[1].training
    freeze_batch_norm(made, kind)
    freeze_batch_norm(made, kind)
    assert not made[1].training
    assert not made[4].training
    assert all(torch.equal(value, once[name]) for name, value in made.state_dict().items())


def test_a_step_of_sgd_with_decay_leaves_all_that_is_frozen():
    made = network().train()
    freeze_batch_norm(made, "all")
    before = {name: value.clone() for name, value in made.state_dict().items()}
    optimizer = torch.optim.SGD(made.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    made(IMAGES).square().sum().backward()
    optimizer.step()
    changed = {name for name, value in made.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"0.weight", "3.weight", "3.bias"}


def test_each_batch_norm_of_a_backbone_is_frozen():
    made = backbone("resnet18", layers=(1, 1, 1, 1), channels=(8, 8, 8, 8)).train()
    freeze_batch_norm(made, "all")
    norms = [module for module in made.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 1 + 4 * 2 + 4  # stem, two a block, shortcuts
    assert not any(norm.training for norm in norms)
    frozen = {name for name, parameter in made.named_parameters() if not parameter.requires_grad}
    assert frozen
    assert all("bn" in name or "downsample.1" in name for name in frozen)


@pytest.mark.parametrize(
    ("made", "kind", "said"),
    [
        (nn.Sequential(nn.BatchNorm1d(2)), "affine", "kind is 'affine'"),
        (nn.Sequential(nn.Linear(2, 2), nn.InstanceNorm1d(2, track_running_stats=True)), "all", "no batch norm"),
        (nn.Sequential(nn.BatchNorm1d(2, track_running_stats=False)), "all", "0 has no running statistics"),
    ],
)
def test_what_cannot_be_frozen_is_refused(made, kind, said):
    with pytest.raises(ValueError, match=said):
        freeze_batch_norm(made, kind)
