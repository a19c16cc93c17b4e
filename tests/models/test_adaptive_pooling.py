import math

import pytest
import torch

from passerby.models.adaptive_pooling import AdaptivePooling

STRIPES = torch.randn(2, 3, 4, 2, 5, generator=torch.Generator().manual_seed(0))
PLAIN = {
    "convex": lambda average, maximum, a, b: a * average + (1 - a) * maximum,
    "sum": lambda average, maximum, a, b: average + a * maximum,
    "two": lambda average, maximum, a, b: a * average + b * maximum,
    "plain": lambda average, maximum, a, b: average + maximum,
    "gap": lambda average, maximum, a, b: average,
    "gmp": lambda average, maximum, a, b: maximum,
}


def logistic(x):
    return 1 / (1 + math.exp(-x))


FORMS = [(form, False) for form in PLAIN] + [("convex", True), ("sum", True), ("two", True)]


@pytest.mark.parametrize(("form", "sigmoid"), FORMS)
def test_each_form_equals_its_definition(form, sigmoid):
    pool = AdaptivePooling(form, sigmoid=sigmoid)
    for weight, value in zip(pool.parameters(), (0.2, -1.7), strict=False):
        weight.data.fill_(value)
    a, b = (logistic(0.2), logistic(-1.7)) if sigmoid else (0.2, -1.7)
    pooled = pool(STRIPES).detach()
    assert pooled.shape == (2, 3, 4)
    for picture in range(2):
        for channel in range(3):
            for stripe in range(4):
                values = STRIPES[picture, channel, stripe].flatten().tolist()
                expected = PLAIN[form](sum(values) / 10, max(values), a, b)
                assert float(pooled[picture, channel, stripe]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("form", "sigmoid"), FORMS)
def test_learned_numbers_are_called_alpha_and_start_from_one_half(form, sigmoid):
    learned = {name: float(x.detach()) for name, x in AdaptivePooling(form, sigmoid=sigmoid).named_parameters()}
    assert len(learned) == {"convex": 1, "sum": 1, "two": 2}.get(form, 0)
    assert all("alpha" in name for name in learned)
    assert all((logistic(x) if sigmoid else x) == 0.5 for x in learned.values())


def test_other_forms_and_a_sigmoid_of_nothing_are_refused():
    with pytest.raises(ValueError, match="aps is 'mean'; give one of convex, sum"):
        AdaptivePooling("mean")
    with pytest.raises(ValueError, match="gap learns no number"):
        AdaptivePooling("gap", sigmoid=True)
