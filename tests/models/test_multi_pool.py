import pytest
import torch

from passerby.models.multi_pool import MultiPoolFeatureExtractor


@pytest.mark.parametrize(("activation", "slope"), [("leaky_relu", 0.1), ("relu", 0.0)])
def test_it_equals_its_definition_maximum_first(activation, slope):
    torch.manual_seed(0)
    extract = MultiPoolFeatureExtractor(3, channels=4, dim=2, activation=activation).eval()
    extract.norm.running_mean.copy_(torch.randn(4))
    extract.norm.running_var.copy_(torch.rand(4) + 0.5)
    window = torch.randn(2, 3, 4, 5)
    for b in range(2):
        values = [window[b, c].flatten().tolist() for c in range(3)]
        pooled = torch.tensor([max(v) for v in values] + [sum(v) / 20 for v in values])
        reduced = extract.reduce.weight[:, :, 0, 0] @ pooled
        scale = extract.norm.weight / (extract.norm.running_var + 1e-5).sqrt()
        normed = (reduced - extract.norm.running_mean) * scale + extract.norm.bias
        active = torch.where(normed > 0, normed, slope * normed)
        assert torch.allclose(extract(window)[b], extract.linear.weight @ active, atol=1e-5)


def test_its_weights_start_as_the_authors_program_has_them():
    torch.manual_seed(0)
    extract = MultiPoolFeatureExtractor(64).requires_grad_(False)
    assert float(extract.linear.weight.std()) == pytest.approx((2 / 512) ** 0.5, rel=0.05)  # fan_out is 512
    assert float(extract.norm.weight.mean()) == pytest.approx(1, abs=0.01)
    assert float(extract.norm.weight.std()) == pytest.approx(0.02, rel=0.2)
    assert extract.norm.bias.eq(0).all()


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="channels is 0"):
        MultiPoolFeatureExtractor(3, channels=0)
    with pytest.raises(ValueError, match="activation is 'gelu'"):
        MultiPoolFeatureExtractor(3, activation="gelu")
