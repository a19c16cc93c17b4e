import math
from functools import partial

import pytest
import torch
from torch import nn

from passerby.models.backbone import backbone
from passerby.models.block_attention import block_attention, usual_place, usual_stages
from passerby.models.cbam import CBAM


@pytest.mark.parametrize(("channels", "width"), [(64, 3), (128, 5), (256, 5), (512, 5), (1024, 5), (2048, 7)])
def test_the_width_of_eca_follows_the_number_of_channels(channels, width):
    rule = int((math.log2(channels) + 1) / 2)
    assert width == rule + (rule % 2 == 0)
    assert [weight.numel() for weight in block_attention("eca", channels).parameters()] == [width]


def test_eca_equals_its_definition():
    eca, x = block_attention("eca", 8), torch.randn(2, 8, 3, 2)
    kernel = next(eca.parameters()).flatten().tolist()
    assert len(kernel) == 3
    given = eca(x)
    for b in range(2):
        means = [0.0, *x[b].mean(dim=(1, 2)).tolist(), 0.0]
        for c in range(8):
            score = sum(kernel[i] * means[c + i] for i in range(3))
            assert torch.allclose(given[b, c], x[b, c] / (1 + math.exp(-score)), atol=1e-6)


def test_se_equals_its_definition_without_biases():
    se, x = block_attention("se", 32), torch.randn(2, 32, 3, 2)
    first, second = (weight[:, :, 0, 0] for weight in se.parameters())
    assert first.shape == (2, 32)
    assert second.shape == (32, 2)
    for b in range(2):
        gate = torch.sigmoid(second @ torch.relu(first @ x[b].mean(dim=(1, 2))))
        assert torch.allclose(se(x)[b], x[b] * gate[:, None, None], atol=1e-6)


def test_non_local_equals_its_definition():
    torch.manual_seed(0)
    attention, x = block_attention("non_local", 6).eval(), torch.randn(1, 6, 2, 2)
    convolutions = [module for module in attention.modules() if isinstance(module, nn.Conv2d)]
    assert [tuple(module.weight.shape[:2]) for module in convolutions] == [(3, 6), (3, 6), (3, 6), (6, 3)]
    norm = next(module for module in attention.modules() if isinstance(module, nn.BatchNorm2d))
    nn.init.constant_(norm.weight, 0.8)
    for module in convolutions:
        nn.init.normal_(module.bias)
    theta, phi, g, w = convolutions
    with torch.no_grad():
        given = attention(x)[0].flatten(1)
        queries, keys, values = (part(x)[0].flatten(1).T for part in (theta, phi, g))
        for i in range(4):
            powers = [math.exp(float(queries[i] @ keys[j])) for j in range(4)]
            taken = sum(power / sum(powers) * values[j] for j, power in enumerate(powers))
            spread = (w.weight[:, :, 0, 0] @ taken + w.bias) / (1 + norm.eps) ** 0.5
            assert torch.allclose(given[:, i], x[0].flatten(1)[:, i] + 0.8 * spread, atol=1e-5)


def test_non_local_starts_as_the_map_itself():
    x = torch.randn(2, 16, 4, 2)
    assert torch.equal(block_attention("non_local", 16)(x), x)


def test_both_cbams_are_cbam():
    plain, normed = block_attention("cbam", 32), block_attention("cbam_bn", 32)
    assert type(plain) is type(normed) is CBAM
    assert isinstance(normed.spatial.norm, nn.BatchNorm2d)
    assert not isinstance(plain.spatial.norm, nn.BatchNorm2d)


def test_non_local_attention_usually_sits_after_five_blocks_of_the_middle():
    network = partial(backbone, name="resnet18", channels=(8, 8, 8, 8))
    assert usual_stages("non_local", network(layers=(1, 3, 4, 1))) == {2: 2, 3: 3}
    assert usual_stages("non_local", network(layers=(1, 1, 2, 3))) == {2: 1, 3: 2}
    assert usual_stages("se", network()) == {1: None, 2: None, 3: None, 4: None}
    assert usual_place("non_local") == "post_block"
    assert usual_place("se") == "pre_add"


@pytest.mark.parametrize(("kind", "channels"), [("cbam", 15), ("se", 15), ("non_local", 1)])
def test_too_few_channels_are_refused(kind, channels):
    with pytest.raises(ValueError, match=f"{kind} needs {channels + 1} channels"):
        block_attention(kind, channels)


def test_other_kinds_are_refused():
    with pytest.raises(ValueError, match="attention is 'self'"):
        block_attention("self", 32)
