import random

import pytest
import torch
from torch.nn.functional import normalize

from passerby.losses.dot_product_triplet import dot_product_triplet
from passerby.types import Batch, Output


def batch(pids):
    pids = torch.tensor(pids, dtype=torch.int64)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


def loss_of(rows, pids, **options):
    return dot_product_triplet(Output(torch.zeros(1), features=(torch.as_tensor(rows),)), batch(pids), **options)


def by_definition(rows, margin):
    count, total = len(rows) // 3, 0.0
    for t in range(count):
        query, positive, negative = rows[t], rows[count + t], rows[2 * count + t]
        near = sum(a * b for a, b in zip(query, positive, strict=True))
        far = sum(a * b for a, b in zip(query, negative, strict=True))
        total += max(0.0, margin + far - near)
    return total / count


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_its_definition_ties_and_negatives_included(seed):
    chance = random.Random(seed)
    count = chance.randint(1, 5)
    units = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.6, -0.8, 0.0], [-0.6, 0.0, 0.8]]
    rows = [chance.choice(units) for _ in range(3 * count)]
    people = [chance.randrange(3) for _ in range(count)]
    pids = people + people + [(pid + 1) % 3 for pid in people]
    for margin in (0.1, 0.0, 0.6):
        assert float(loss_of(rows, pids, margin=margin)) == pytest.approx(by_definition(rows, margin), abs=1e-6)


def test_it_is_half_the_hinge_of_squared_distances_with_twice_the_margin():
    rows = normalize(torch.randn(6, 8), dim=1)
    query, positive, negative = rows.chunk(3)
    near, far = ((query - other).square().sum(dim=1) for other in (positive, negative))
    expected = (0.2 + near - far).clamp(min=0).mean() / 2
    assert float(loss_of(rows, [0, 1, 0, 1, 1, 0])) == pytest.approx(float(expected), abs=1e-6)


def test_a_triplet_beyond_the_margin_has_no_gradient_and_the_others_have_it_all():
    rows = torch.tensor([[1.0, 0.0]] * 2 + [[1.0, 0.0], [0.0, 1.0]] + [[0.0, 1.0], [1.0, 0.0]], requires_grad=True)
    loss_of(rows, [0, 0, 0, 0, 1, 1]).backward()
    assert not rows.grad[[0, 2, 4]].any()
    assert rows.grad[1].tolist() == pytest.approx([0.5, -0.5])
    assert rows.grad[3].tolist() == pytest.approx([-0.5, 0.0])
    assert rows.grad[5].tolist() == pytest.approx([0.5, 0.0])


def test_several_features_give_their_mean():
    one, two = normalize(torch.randn(3, 2), dim=1), normalize(torch.randn(3, 5), dim=1)
    each = [float(loss_of(feature, [0, 0, 1])) for feature in (one, two)]
    both = dot_product_triplet(Output(one, features=(one, two)), batch([0, 0, 1]))
    assert float(both) == pytest.approx(sum(each) / 2)


@pytest.mark.parametrize("pids", [[], [0, 0], [0, 0, 1, 1]])
def test_a_batch_that_is_not_made_of_thirds_is_refused(pids):
    with pytest.raises(ValueError, match=f"The batch has {len(pids)} pictures"):
        loss_of(torch.ones(len(pids), 1), pids)


@pytest.mark.parametrize("pids", [[5, 0, 5, 1, 6, 1], [5, 0, 5, 0, 6, 0]])
def test_people_who_make_no_triplet_are_refused(pids):
    with pytest.raises(ValueError, match="1 of 2 triplets are none: triplet 1 has the people 0"):
        loss_of(torch.ones(6, 1), pids)


def test_vectors_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"lengths of 1 to 2;"):
        loss_of([[1.0], [2.0], [1.0]], [0, 0, 1])


def test_no_features_and_a_negative_margin_are_refused():
    with pytest.raises(ValueError, match="needs features"):
        dot_product_triplet(Output(torch.zeros(1)), batch([0, 0, 1]))
    with pytest.raises(ValueError, match="margin is -1"):
        loss_of(torch.ones(3, 1), [0, 0, 1], margin=-1)
