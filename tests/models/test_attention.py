import math

import pytest
import torch

from passerby.models.attention import ChannelAttention, SpatialAttention

MAP = torch.randn(2, 6, 4, 5, generator=torch.Generator().manual_seed(0)) - 0.5  # negatives, which a ReLU has not


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def shared(first, second, vector):
    """Two linear layers without bias, with a ReLU between them."""
    hidden = [max(0.0, sum(w * x for w, x in zip(row, vector, strict=True))) for row in first]
    return [sum(w * x for w, x in zip(row, hidden, strict=True)) for row in second]


@pytest.mark.parametrize("pool_sum", ["after", "before"])
def test_channel_attention_equals_its_definition(pool_sum):
    torch.manual_seed(1)
    attention = ChannelAttention(6, ratio=2, pool_sum=pool_sum)
    first, second = (attention.shared[n].weight.flatten(1).tolist() for n in (0, 2))
    got = attention(MAP)
    assert got.shape == (2, 6, 1, 1)
    for b in range(2):
        values = [MAP[b, c].flatten().tolist() for c in range(6)]
        average, maximum = [sum(v) / 20 for v in values], [max(v) for v in values]
        if pool_sum == "after":
            each = (shared(first, second, average), shared(first, second, maximum))
            wanted = [sigmoid(a + m) for a, m in zip(*each, strict=True)]
        else:
            wanted = [sigmoid(x) for x in shared(first, second, [a + m for a, m in zip(average, maximum, strict=True)])]
        assert got[b].flatten().tolist() == pytest.approx(wanted, abs=1e-6)


def test_the_two_places_of_the_sum_differ():
    torch.manual_seed(1)
    attention = ChannelAttention(6, ratio=2)
    after = attention(MAP)
    attention.pool_sum = "before"
    assert not torch.allclose(after, attention(MAP), atol=1e-3)


def test_spatial_attention_equals_its_definition():
    torch.manual_seed(1)
    attention = SpatialAttention(kernel=3)
    weight = attention.convolution.weight[0].tolist()
    got = attention(MAP)
    assert got.shape == (2, 1, 4, 5)
    for b in range(2):
        for y in range(4):
            for x in range(5):
                total = 0.0
                for dy in range(3):
                    for dx in range(3):
                        row, column = y + dy - 1, x + dx - 1
                        if 0 <= row < 4 and 0 <= column < 5:
                            values = MAP[b, :, row, column].tolist()
                            total += weight[0][dy][dx] * sum(values) / 6 + weight[1][dy][dx] * max(values)
                assert float(got[b, 0, y, x].detach()) == pytest.approx(sigmoid(total), abs=1e-6)


def test_the_papers_spatial_attention_has_98_weights_and_no_shift():
    assert [tuple(p.shape) for p in SpatialAttention().parameters()] == [(1, 2, 7, 7)]


def test_batch_norm_stands_between_the_convolution_and_the_sigmoid():
    attention = SpatialAttention(batch_norm=True).train()
    before = torch.logit(attention(MAP))
    assert float(before.mean().detach()) == pytest.approx(0, abs=1e-5)
    assert float(before.var(correction=0).detach()) == pytest.approx(1, abs=1e-2)


def test_channel_attention_of_3840_channels_has_the_papers_number_of_weights():
    assert sum(p.numel() for p in ChannelAttention(3840).parameters()) == 1_843_200


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="ratio is 16 and the map has 8 channels"):
        ChannelAttention(8)
    with pytest.raises(ValueError, match="ratio is 0"):
        ChannelAttention(8, ratio=0)
    with pytest.raises(ValueError, match="pool_sum is 'both'"):
        ChannelAttention(16, pool_sum="both")
    with pytest.raises(ValueError, match="kernel is 4"):
        SpatialAttention(kernel=4)
