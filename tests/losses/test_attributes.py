import math

import pytest
import torch

from passerby.losses.attributes import attributes
from passerby.types import MISSING, Batch, Output

LABELS = {"hat": [1, 0, MISSING, 1, 0], "age": [3, MISSING, MISSING, 0, 2], "bag": [MISSING] * 5}


def batch(labels):
    n = max((len(column) for column in labels.values()), default=1)
    return Batch(
        images=torch.zeros(n, 3, 1, 1),
        pids=torch.zeros(n, dtype=torch.int64),
        camids=torch.zeros(n, dtype=torch.int64),
        attributes={name: torch.tensor(column) for name, column in labels.items()},
    )


def output(scores):
    return Output(torch.zeros(1, 1), attributes=scores)


def scores(*, bands=()):
    generator = torch.Generator().manual_seed(3)
    classes = {"hat": 2, "age": 4, "bag": 2}
    return {name: 3 * torch.randn(5, *bands, count, generator=generator) for name, count in classes.items()}


def cross_entropy(row, label):
    return math.log(sum(math.exp(x) for x in row)) - row[label]


def test_it_equals_its_definition_with_missing_labels():
    given, total = scores(), 0.0
    for name, labels in LABELS.items():
        terms = [cross_entropy(given[name][i].tolist(), y) for i, y in enumerate(labels) if y != MISSING]
        total += sum(terms) / len(terms) if terms else 0.0
    assert float(attributes(output(given), batch(LABELS))) == pytest.approx(total, abs=1e-5)


def test_scores_of_several_bands_give_the_mean_over_bands():
    given, total = scores(bands=(3,)), 0.0
    for name, labels in LABELS.items():
        terms = [
            cross_entropy(given[name][i, band].tolist(), y)
            for i, y in enumerate(labels)
            for band in range(3)
            if y != MISSING
        ]
        total += sum(terms) / len(terms) if terms else 0.0
    assert float(attributes(output(given), batch(LABELS))) == pytest.approx(total, abs=1e-5)


def test_one_band_is_no_band():
    flat = scores()
    each = {name: given.unsqueeze(1) for name, given in flat.items()}
    assert torch.equal(attributes(output(flat), batch(LABELS)), attributes(output(each), batch(LABELS)))


def test_attributes_that_nobody_has_a_label_of_give_0_and_no_gradient():
    given = {name: made.requires_grad_() for name, made in scores().items()}
    loss = attributes(output(given), batch({name: [MISSING] * 5 for name in given}))
    assert loss.item() == 0
    loss.backward()
    assert all(not made.grad.any() for made in given.values())


def test_a_picture_without_a_label_gets_no_gradient_and_one_with_it_does():
    given = {name: made.requires_grad_() for name, made in scores().items()}
    attributes(output(given), batch(LABELS)).backward()
    for name, labels in LABELS.items():
        assert given[name].grad.abs().sum(dim=1).gt(0).tolist() == [y != MISSING for y in labels]


def test_one_picture_is_enough_and_large_scores_stay_finite():
    given = {"hat": torch.tensor([[1e4, -1e4]])}
    assert attributes(output(given), batch({"hat": [1]})).item() == 20_000


def test_half_precision_scores_are_summed_in_single_precision():
    given = {name: made.bfloat16() for name, made in scores().items()}
    assert attributes(output(given), batch(LABELS)).dtype == torch.float32


def test_labels_without_a_head_are_not_used():
    given = {"hat": scores()["hat"]}
    less = {"hat": LABELS["hat"]}
    assert torch.equal(attributes(output(given), batch(LABELS)), attributes(output(given), batch(less)))


def test_a_model_without_attributes_is_refused():
    with pytest.raises(ValueError, match="needs scores of attributes"):
        attributes(output({}), batch(LABELS))


def test_a_head_without_labels_is_named():
    with pytest.raises(ValueError, match="heads without labels: age, bag; the batch has hat"):
        attributes(output(scores()), batch({"hat": LABELS["hat"]}))
    with pytest.raises(ValueError, match="the batch has none"):
        attributes(output(scores()), batch({}))


@pytest.mark.parametrize("label", [2, -2])
def test_a_label_that_is_no_class_of_its_head_is_refused(label):
    with pytest.raises(ValueError, match=r"no class of their heads: hat \(2 classes\)"):
        attributes(output(scores()), batch({**LABELS, "hat": [1, 0, label, 1, 0]}))
