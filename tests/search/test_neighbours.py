import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from passerby.search.distance import METRICS, distance
from passerby.search.neighbours import neighbours


def whole(rows, columns, dim, seed):
    """Small whole numbers: products are exact, and many distances equal."""
    generator = torch.Generator().manual_seed(seed)
    low, high = -1, 3
    queries = torch.randint(low, high, (rows, dim), generator=generator)
    gallery = torch.randint(low, high, (columns, dim), generator=generator)
    return queries.float(), gallery.float()


@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 12),
    dim=st.integers(1, 3),
    seed=st.integers(0, 999),
    metric=st.sampled_from(["dot", "euclidean"]),
    block=st.integers(1, 4),
    skipping=st.booleans(),
    data=st.data(),
)
def test_neighbours_are_a_stable_sort(rows, columns, dim, seed, metric, block, skipping, data):
    queries, gallery = whole(rows, columns, dim, seed)
    k = data.draw(st.integers(1, columns))
    out = torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed)) < (0.4 if skipping else 0)
    found = neighbours(
        queries, gallery, k, metric=metric, block=block, skip=(lambda part: out[part]) if skipping else None
    )
    distances = distance(queries, gallery, metric=metric)
    for row in range(rows):
        kept = [i for i in range(columns) if not out[row, i]]
        expected = sorted(kept, key=lambda i: (distances[row, i].item(), i))[:k]
        missing = k - len(expected)
        assert found.indices[row].tolist() == expected + [-1] * missing
        assert found.distances[row].tolist() == [distances[row, i].item() for i in expected] + [math.inf] * missing


@pytest.mark.parametrize("metric", METRICS)
def test_equal_crops_keep_the_gallerys_order(metric):
    gallery = torch.ones(40, 3).repeat_interleave(2, dim=0)
    found = neighbours(torch.ones(2, 3), gallery, 7, metric=metric)
    assert found.indices.tolist() == [list(range(7))] * 2


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("block", [1, 3, 50, None])
def test_the_nearest_crop_of_each_is_itself_in_any_blocks(metric, block):
    vectors = torch.nn.functional.normalize(torch.randn(50, 16, generator=torch.Generator().manual_seed(0)))
    found = neighbours(vectors, vectors, 50, metric=metric, block=block)
    assert found.indices[:, 0].tolist() == list(range(50))
    assert found.indices.sort(dim=1).values.tolist() == [list(range(50))] * 50
    assert (found.distances.diff(dim=1) >= 0).all()


def test_rows_that_do_not_lie_side_by_side_give_the_same():
    queries, gallery = whole(4, 9, 6, 0)
    spread = neighbours(queries[:, ::2], gallery[:, ::2], 5, metric="dot")
    packed = neighbours(queries[:, ::2].contiguous(), gallery[:, ::2].contiguous(), 5, metric="dot")
    assert torch.equal(spread.indices, packed.indices)


def test_no_query_gives_no_list():
    assert neighbours(torch.empty(0, 3), torch.ones(4, 3), 2).indices.shape == (0, 2)


@pytest.mark.parametrize("k", [0, -1, 5])
def test_k_is_at_least_one_and_at_most_the_gallery(k):
    with pytest.raises(ValueError, match=rf"k is {k}; the gallery has 4 crops: give 1 \.\. 4"):
        neighbours(torch.ones(1, 3), torch.ones(4, 3), k)


@pytest.mark.parametrize(
    "out", [torch.zeros(1, 4), torch.zeros(4, dtype=torch.bool), torch.zeros(2, 4, dtype=torch.bool)]
)
def test_skip_gives_one_boolean_row_for_each_query(out):
    with pytest.raises(ValueError, match=r"skip gave .*; give bool of shape \(1, 4\)"):
        neighbours(torch.ones(1, 3), torch.ones(4, 3), 1, skip=lambda _: out)
