import colorsys

import pytest
import torch

from passerby.images import normalise
from passerby.models.colour_histogram import ColourHistogram, hsv


def test_hsv_equals_the_standard_librarys():
    rgb = torch.rand(1, 3, 6, 5, generator=torch.Generator().manual_seed(0))
    rgb[:, :, 0] = 0.5  # greys
    rgb[:, :, 1] = 0.0
    got = hsv(rgb)
    for y in range(6):
        for x in range(5):
            wanted = colorsys.rgb_to_hsv(*rgb[0, :, y, x].tolist())
            assert got[0, :, y, x].tolist() == pytest.approx(wanted, abs=1e-5)


def test_the_same_colours_anywhere_in_a_stripe_are_the_same_descriptor():
    picture = torch.randint(256, (1, 3, 16, 8), dtype=torch.uint8)
    shuffled = picture[:, :, :, torch.randperm(8)]
    model = ColourHistogram(stripes=16)
    one, other = (model(normalise(x)).embedding for x in (picture, shuffled))
    assert torch.allclose(one, other)
    assert float((one * other).sum()) == pytest.approx(1, abs=1e-5)


def test_wholly_other_colours_are_far():
    red, blue = torch.zeros(1, 3, 16, 8, dtype=torch.uint8), torch.zeros(1, 3, 16, 8, dtype=torch.uint8)
    red[:, 0], blue[:, 2] = 255, 128
    one, other = (ColourHistogram()(normalise(x)).embedding for x in (red, blue))
    assert float((one * other).sum()) == pytest.approx(1 / 3, abs=1e-5)  # the saturation alone is the same


def test_too_few_stripes_bins_or_rows_are_refused():
    with pytest.raises(ValueError, match="stripes is 0"):
        ColourHistogram(stripes=0)
    with pytest.raises(ValueError, match="4 rows high"):
        ColourHistogram(stripes=8)(torch.zeros(1, 3, 4, 8))
