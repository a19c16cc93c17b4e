from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from passerby.search._rescore import UNIT, Copies, exact, sums
from passerby.search.distance import METRICS, lengths

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**60), max_value=2.0**60)


@given(st.lists(st.tuples(numbers, numbers), max_size=40), st.integers(1, 3))
def test_sums_of_products_are_exact(pairs, rows):
    terms = np.array([[a * b for a, b in pairs]] * rows, dtype=np.float64).reshape(rows, -1)
    expected = sum((Fraction(a) * Fraction(b) for a, b in pairs), Fraction(0))
    assert [Fraction(total, UNIT) for total in sums(terms)] == [expected] * rows


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("first", [None, 2])
def test_pairs_are_ordered_query_after_query(metric, first):
    generator = torch.Generator().manual_seed(0)
    queries, gallery = torch.randn(4, 5, generator=generator), torch.randn(9, 5, generator=generator)
    gallery[6] = gallery[2]
    rows = torch.tensor([0, 0, 0, 2, 2, 2, 2, 3])
    columns = torch.tensor([6, 1, 2, 8, 0, 6, 2, 4])
    done = exact(queries, gallery, rows, columns, metric=metric, first=first)
    unit = torch.nn.functional.normalize
    far = {
        "cosine": 1 - unit(queries.double()) @ unit(gallery.double()).T,
        "euclidean": torch.cdist(queries.double(), gallery.double()),
        "dot": -queries.double() @ gallery.double().T,
    }[metric]
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
    expected = sorted(
        range(8), key=lambda place: (pairs[place][0], round(far[pairs[place]].item(), 12), pairs[place][1])
    )
    places = [place for place in range(8) if first is None or place not in (2, 5, 6)]
    assert [done.order[place] for place in places] == [expected[place] for place in places]
    distances = torch.tensor([far[pairs[expected[place]]] for place in places])
    assert torch.allclose(done.distances[places], distances.float(), rtol=1e-6)
    assert done.distances.isnan().tolist() == [place not in places for place in range(8)]
    again = exact(queries, gallery, rows, columns, metric=metric, first=first, norms=lengths(gallery))
    assert torch.equal(again.distances.nan_to_num(), done.distances.nan_to_num())


def test_no_pair_gives_no_order():
    none = torch.empty(0, dtype=torch.int64)
    assert exact(torch.ones(1, 2), torch.ones(1, 2), none, none, metric="dot").order.shape == (0,)


def test_copies_are_numbered_alike_with_0_and_minus_0():
    gallery = torch.tensor([[0.0, 1], [1, 1], [-0.0, 1], [1, 1], [0, -1]])
    numbers = Copies(gallery).numbers(np.array([4, 3, 2, 1, 0, 3]))
    assert (numbers[[2, 1]] == numbers[[4, 3]]).all()
    assert len(set(numbers.tolist())) == 3


def test_a_crop_behind_as_many_copies_as_are_wanted_is_not_kept():
    copies = Copies(torch.tensor([[1.0], [2], [1], [1], [2]]))
    rows, columns = np.array([0, 0, 0, 0, 1, 1]), np.array([3, 2, 0, 1, 3, 4])
    assert copies.first(rows, columns, 2).tolist() == [False, True, True, True, True, True]
    assert copies.first(rows, columns, 1).tolist() == [False, False, True, True, True, True]
