import math

import pytest
import torch

from passerby.models.dual_attention import DualAttention


def softmax(values):
    powers = [math.exp(value - max(values)) for value in values]
    return [power / sum(powers) for power in powers]


def dot(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_it_equals_its_definition():
    torch.manual_seed(0)
    attention = DualAttention(4, ratio=2)
    torch.nn.init.constant_(attention.alpha, 0.7)
    torch.nn.init.constant_(attention.beta, -0.4)
    x = torch.randn(1, 4, 2, 3)
    with torch.no_grad():
        given = attention(x)[0].flatten(1)
        query, key, value = (
            part(x)[0].flatten(1).T.tolist() for part in (attention.query, attention.key, attention.value)
        )
    channels = x[0].flatten(1).tolist()
    for j in range(6):
        of_places = softmax([dot(query[j], key[i]) for i in range(6)])
        for c in range(4):
            of_channels = softmax([dot(channels[c], channels[i]) for i in range(4)])
            place = sum(of_places[i] * value[i][c] for i in range(6))
            channel = sum(of_channels[i] * channels[i][j] for i in range(4))
            assert float(given[c, j]) == pytest.approx(channels[c][j] + 0.7 * place - 0.4 * channel, abs=1e-5)


def test_it_starts_as_the_map_itself():
    x = torch.randn(2, 16, 4, 2)
    assert torch.equal(DualAttention(16)(x), x)


@pytest.mark.parametrize("ratio", [0, 5])
def test_a_ratio_that_leaves_no_channel_is_refused(ratio):
    with pytest.raises(ValueError, match=f"ratio is {ratio} for 4 channels"):
        DualAttention(4, ratio=ratio)
