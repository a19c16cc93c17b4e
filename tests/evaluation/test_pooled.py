from pathlib import Path

import pytest
import torch

from passerby.evaluation.pooled import pooled
from passerby.types import Crop, Embeddings, ModelId

MODEL = ModelId("demo", "ab" * 32, "RGB")
CROPS = tuple(Crop(Path(f"{n}"), 1, trackid=0) for n in range(4))
VECTORS = torch.tensor([[3.0, -8.0], [1.0, 4.0], [-2.0, -1.0], [0.0, -3.0]])
FOUR = Embeddings(VECTORS, CROPS, MODEL)


def test_the_largest_value_of_each_dimension_is_taken_with_its_sign():
    found = pooled(FOUR, [[0, 1], [2], [3, 2, 0], [2, 3]], CROPS, pool="max")
    # (3, 4), (-2, -1), (3, -1), (0, -1), each divided by its length
    expected = [[0.6, 0.8], [-2 / 5**0.5, -1 / 5**0.5], [3 / 10**0.5, -1 / 10**0.5], [0, -1]]
    assert torch.allclose(found.vectors, torch.tensor(expected), atol=1e-7)


def test_the_mean_of_each_dimension_is_taken():
    found = pooled(FOUR, [[0, 1], [2], [0, 1, 2, 3], [3, 3, 1]], CROPS, pool="mean")
    # (2, -2), (-2, -1), (0.5, -2), (1/3, -2/3)
    means = torch.tensor([[2.0, -2.0], [-2.0, -1.0], [0.5, -2.0], [1.0, -2.0]])
    assert torch.allclose(found.vectors, means / means.norm(dim=1, keepdim=True), atol=1e-7)


def test_max_is_the_default():
    assert torch.equal(pooled(FOUR, [[0, 1]], CROPS[:1]).vectors, pooled(FOUR, [[0, 1]], CROPS[:1], pool="max").vectors)


def test_each_group_has_its_head_and_the_model_stays_known():
    heads = (Crop(Path("x"), 7, 3), Crop(Path("y"), 8, 4))
    found = pooled(FOUR, ((0,), (1, 2)), heads)
    assert found.crops == heads
    assert found.model == MODEL
    assert found.vectors.dtype == torch.float32


def test_pooling_leaves_what_it_was_given():
    before = VECTORS.clone()
    for pool in ("max", "mean"):
        pooled(FOUR, [[0], [1], [2, 3]], CROPS[:3], pool=pool)
    assert VECTORS.equal(before)


def test_the_mean_of_many_frames_is_right_to_the_last_digits_of_float32():
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(2000, 8, generator=generator) + 100
    crops = tuple(Crop(Path(f"{n}"), 1) for n in range(2000))
    found = pooled(Embeddings(vectors, crops), [range(2000)], crops[:1], pool="mean").vectors[0]
    exact = [sum(column) / 2000 for column in vectors.T.tolist()]
    length = sum(value * value for value in exact) ** 0.5
    assert found.tolist() == pytest.approx([value / length for value in exact], rel=2e-7)


@pytest.mark.parametrize(
    ("groups", "heads", "pool", "message"),
    [
        ([[0]], CROPS[:1], "median", "pool is 'median'; give one of max, mean"),
        ([[0], [1]], CROPS[:1], "max", "2 groups and 1 heads; give one head for each group"),
        ([[0], [], []], CROPS[:3], "mean", r"2 of 3 groups are empty \(1\); give each a row or more"),
    ],
)
def test_groups_that_cannot_be_pooled_are_refused(groups, heads, pool, message):
    with pytest.raises(ValueError, match=message):
        pooled(FOUR, groups, heads, pool=pool)
