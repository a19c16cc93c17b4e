import pytest
import torch

from passerby.models.cbam import CBAM


@pytest.mark.parametrize("spatial_bn", [False, True])
def test_it_equals_its_definition_channels_first_then_places(spatial_bn):
    torch.manual_seed(0)
    cbam = CBAM(32, spatial_bn=spatial_bn).eval()
    for weight in cbam.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    feature_map = torch.randn(2, 32, 5, 3)
    first, _, second = cbam.channel.shared
    w1, w2, kernel = first.weight[:, :, 0, 0], second.weight[:, :, 0, 0], cbam.spatial.convolution.weight[0]
    with torch.no_grad():
        given = cbam(feature_map)
        for x, y in zip(feature_map, given, strict=True):
            hidden = [torch.relu(w1 @ pooled) for pooled in (x.mean(dim=(1, 2)), x.amax(dim=(1, 2)))]
            x = x * torch.sigmoid(w2 @ hidden[0] + w2 @ hidden[1])[:, None, None]
            both = torch.stack([x.mean(dim=0), x.amax(dim=0)])
            for row in range(5):
                for column in range(3):
                    total = torch.zeros(())
                    for i in range(7):
                        for j in range(7):
                            if 0 <= row + i - 3 < 5 and 0 <= column + j - 3 < 3:
                                total += (kernel[:, i, j] * both[:, row + i - 3, column + j - 3]).sum()
                    if spatial_bn:
                        norm = cbam.spatial.norm
                        total = total / (1 + norm.eps) ** 0.5 * norm.weight[0] + norm.bias[0]
                    expected = x[:, row, column] * torch.sigmoid(total)
                    assert torch.allclose(y[:, row, column], expected, atol=1e-5)


def test_too_few_channels_and_an_even_kernel_are_refused():
    with pytest.raises(ValueError, match="ratio"):
        CBAM(8)
    with pytest.raises(ValueError, match="kernel"):
        CBAM(32, kernel=6)
