import pytest
import torch

from passerby.models.pooling import Pooling

MAP = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))


def test_each_kind_equals_its_definition():
    for b in range(2):
        for c in range(3):
            values = MAP[b, c].flatten().tolist()
            assert float(Pooling("max")(MAP)[b, c]) == max(values)
            assert float(Pooling("average")(MAP)[b, c]) == pytest.approx(sum(values) / 20, abs=1e-6)
            powered = sum(max(value, 1e-6) ** 3 for value in values) / 20
            assert float(Pooling("gem")(MAP)[b, c].detach()) == pytest.approx(powered ** (1 / 3), rel=1e-5)


def test_gem_with_power_one_is_the_mean_of_the_positive_part():
    positive = MAP.clamp(min=1e-6)
    assert torch.allclose(Pooling("gem", power=1.0)(MAP), positive.mean(dim=(2, 3)), atol=1e-6)


def test_other_kinds_and_powers_are_refused():
    with pytest.raises(ValueError, match="pool is 'median'"):
        Pooling("median")
    with pytest.raises(ValueError, match="power is 0"):
        Pooling("gem", power=0)
