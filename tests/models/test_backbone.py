import pytest
import safetensors.torch
import torch
from torch import nn

from passerby.models.backbone import (
    add_attention,
    backbone,
    block_channels,
    check_feature_map,
    check_stages,
    last_block_count,
    last_blocks,
    remove_stride,
    stage_channels,
    stages,
    stem,
)

FAMILY = ["resnet18", "resnet50", "resnet50d", "resnext50_32x4d", "seresnet50", "wide_resnet50_2"]


class Halve(nn.Module):
    """Attention that is easy to tell: half of what comes in."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, feature_map):
        assert feature_map.shape[1] == self.channels
        return feature_map / 2


def bottlenecks():
    return backbone("resnet26", channels=(8, 8, 8, 8), layers=(1, 1, 1, 3), zero_init_last=False).eval()


def halved(network):
    """Index of the stage and block of each attention."""
    return [
        (stage, index)
        for stage in (1, 2, 3, 4)
        for index, block in enumerate(network.get_submodule(f"layer{stage}"))
        if any(isinstance(module, Halve) for module in block.modules())
    ]


def shapes_of(name, **options):
    with torch.device("meta"):
        network = backbone(name, **options).eval()
        return [tuple(x.shape[1:]) for x in stages(network, torch.zeros(1, 3, 128, 64))], network


@pytest.mark.parametrize(("name", "fine", "coarse"), [("resnet18", 8, 4), ("resnet50", 8, 4), ("resnet10t", 8, 4)])
def test_without_its_last_stride_the_map_is_twice_as_fine_and_no_weight_changes(name, fine, coarse):
    torch.manual_seed(0)
    plain = backbone(name)
    torch.manual_seed(0)
    changed = backbone(name, last_stride=1)
    images = torch.randn(1, 3, 128, 64)
    assert plain.eval()(images).shape[2:] == (coarse, coarse // 2)
    assert changed.eval()(images).shape[2:] == (fine, fine // 2)
    for one, other in zip(plain.state_dict().values(), changed.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_weights_come_from_a_file_with_or_without_its_classifier(tmp_path):
    network = backbone("resnet18", channels=(8, 8, 8, 8))
    tensors = {**network.state_dict(), "fc.weight": torch.zeros(3, 8), "fc.bias": torch.zeros(3)}
    safetensors.torch.save_file(tensors, tmp_path / "w.safetensors")
    filled = backbone("resnet18", channels=(8, 8, 8, 8), pretrained=tmp_path / "w.safetensors")
    assert torch.equal(filled.state_dict()["conv1.weight"], network.state_dict()["conv1.weight"])


def test_weights_of_another_architecture_are_refused(tmp_path):
    safetensors.torch.save_file(backbone("resnet18", channels=(8, 8, 8, 8)).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="another architecture"):
        backbone("resnet18", channels=(8, 8, 8, 16), pretrained=tmp_path / "w.safetensors")


def test_a_broken_weights_file_is_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"\x00" * 50)
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        backbone("resnet18", pretrained=tmp_path / "w.safetensors")


def test_wrong_names_and_strides_are_refused():
    with pytest.raises(ValueError, match="no network 'resnet1'"):
        backbone("resnet1")
    with pytest.raises(ValueError, match="last_stride is 3"):
        backbone("resnet18", last_stride=3)
    with pytest.raises(ValueError, match="no conv1: it is not of the ResNet family"):
        backbone("mobilenetv3_small_050", last_stride=1)
    with pytest.raises(ValueError, match="checkpoint_path cannot be set"):
        backbone("resnet18", checkpoint_path="anything.pth")
    with pytest.raises(ValueError, match="does not take"):
        backbone("resnet18", colour="red")


@pytest.mark.parametrize("name", FAMILY)
def test_the_family_gives_its_four_stages_with_and_without_the_last_stride(name):
    widths = (64, 128, 256, 512) if name == "resnet18" else (256, 512, 1024, 2048)
    sizes = [(32, 16), (16, 8), (8, 4), (4, 2)]
    found, network = shapes_of(name)
    assert found == [(width, *size) for width, size in zip(widths, sizes, strict=True)]
    assert stage_channels(network) == widths
    found, network = shapes_of(name, last_stride=1)
    assert found == [(width, *size) for width, size in zip(widths, [*sizes[:3], (8, 4)], strict=True)]
    assert stage_channels(network) == widths


@pytest.mark.parametrize("name", ["resnet18", "resnet26d"])
def test_the_last_stage_and_the_last_block_give_the_networks_own_map(name):
    network = backbone(name, layers=(1, 1, 1, 3), channels=(8, 8, 8, 8), zero_init_last=False).eval()
    images = torch.randn(2, 3, 64, 32)
    whole = network(images)
    assert torch.equal(stages(network, images)[3], whole)
    blocks = last_blocks(network, images)
    assert len(blocks) == last_block_count(network) == 3
    assert torch.equal(blocks[2], whole)
    assert torch.equal(blocks[1], network.layer4[1](blocks[0]))
    assert torch.equal(stages(network, images)[0], network.layer1(stem(network, images)))


@pytest.mark.parametrize(("stage", "sizes"), [(2, (16, 16, 8, 4)), (3, (16, 8, 8, 4)), (4, (16, 8, 4, 4))])
@pytest.mark.parametrize("name", ["resnet18", "resnet26d"])
def test_a_stages_stride_is_removed_and_no_other(name, stage, sizes):
    network = backbone(name, channels=(8, 8, 8, 8)).eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    remove_stride(network, stage)
    assert [x.shape[2] for x in stages(network, torch.randn(1, 3, 64, 32))] == list(sizes)
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


def test_a_stride_that_is_not_there_is_not_removed():
    network = backbone("resnet18", channels=(8, 8, 8, 8), last_stride=1)
    for stage in (1, 4):
        with pytest.raises(ValueError, match=f"Stage {stage} of ResNet has no stride"):
            remove_stride(network, stage)


def test_attention_before_the_addition_changes_the_branch_alone():
    network, images = bottlenecks(), torch.randn(2, 3, 64, 32)
    into = stages(network, images)[2]
    block = network.layer4[0]
    branch = block.bn3(block.conv3(block.act2(block.bn2(block.conv2(block.act1(block.bn1(block.conv1(into))))))))
    add_attention(network, Halve, stages={4: None})
    assert torch.allclose(network.layer4[0](into), (branch / 2 + block.downsample(into)).relu(), atol=1e-6)
    assert halved(network) == [(4, 0), (4, 1), (4, 2)]
    assert network.layer4[0].se.channels == block_channels(network.layer4[0]) == 32


def test_attention_after_the_block_changes_the_whole_block():
    network, images = bottlenecks(), torch.randn(2, 3, 64, 32)
    into = stages(network, images)[2]
    plain = network.layer4[0](into)
    add_attention(network, Halve, stages={4: 3}, place="post_block")
    assert torch.equal(network.layer4[0](into), plain / 2)
    assert halved(network) == [(4, 0), (4, 1), (4, 2)]


@pytest.mark.parametrize("place", ["pre_add", "post_block"])
@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ({}, []),
        ({4: 0}, []),
        ({4: 1}, [(4, 2)]),
        ({4: 2, 1: None}, [(1, 0), (4, 1), (4, 2)]),
        ({n: None for n in (1, 2, 3, 4)}, [(1, 0), (2, 0), (3, 0), (4, 0), (4, 1), (4, 2)]),
    ],
    ids=str,
)
def test_blocks_are_counted_from_the_end_of_a_stage(place, chosen, wanted):
    network = bottlenecks()
    add_attention(network, Halve, stages=chosen, place=place)
    assert halved(network) == wanted
    assert len(last_blocks(network, torch.randn(1, 3, 64, 32))) == 3


def test_attention_that_has_no_place_or_block_is_refused():
    network = bottlenecks()
    with pytest.raises(ValueError, match="Stage 4 has 3 blocks; attention for 4"):
        add_attention(network, Halve, stages={4: 4})
    with pytest.raises(ValueError, match="attention for -1"):
        add_attention(network, Halve, stages={4: -1})
    with pytest.raises(ValueError, match="no stage 5"):
        add_attention(network, Halve, stages={5: None})
    add_attention(network, Halve, stages={4: 1})
    with pytest.raises(ValueError, match="no free place for attention; give place='post_block'"):
        add_attention(network, Halve, stages={4: 1})
    squeezed = backbone("seresnet50", channels=(32, 32, 32, 32), layers=(1, 1, 1, 1))
    with pytest.raises(ValueError, match="no free place"):
        add_attention(squeezed, Halve, stages={4: None})
    add_attention(squeezed, Halve, stages={4: None}, place="post_block")
    assert halved(squeezed) == [(4, 0)]


def test_a_network_that_is_no_resnet_goes_on_working_but_has_no_stages():
    with torch.device("meta"):
        dense = backbone("densenet121").eval()
        assert dense(torch.zeros(1, 3, 64, 32)).shape == (1, 1024, 2, 1)
        with pytest.raises(ValueError, match="DenseNet has no conv1: it is not of the ResNet family"):
            backbone("densenet121", last_stride=1)
    refusals = (
        lambda: remove_stride(dense),
        lambda: stage_channels(dense),
        lambda: check_stages(dense, (4,)),
        lambda: last_block_count(dense),
        lambda: add_attention(dense, Halve, stages={4: None}),
    )
    for refused in refusals:
        with pytest.raises(ValueError, match="not of the ResNet family"):
            refused()


@pytest.mark.parametrize(("wanted", "message"), [((), "stages is"), ((1, 1), "twice"), ((0,), "no stage 0")], ids=str)
def test_stages_that_there_are_not_are_refused(wanted, message):
    network = backbone("resnet18", channels=(8, 8, 8, 8))
    check_stages(network, (4, 1))
    with pytest.raises(ValueError, match=message):
        check_stages(network, wanted)


def test_what_is_no_feature_map_of_those_channels_is_refused():
    check_feature_map(torch.zeros(2, 8, 4, 2), 8)
    for wrong in (torch.zeros(2, 8), torch.zeros(2, 7, 4, 2)):
        with pytest.raises(ValueError, match=r"not \(B, 8, h, w\)"):
            check_feature_map(wrong, 8)
