from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from passerby.training.mining import Mining, draw_pool, draw_triplets, hardest_triplets


def exhaustive(vectors, pids, query, count):
    """Every triplet of a query, the largest loss first, ties by index."""
    similarity = (vectors @ vectors[query]).double().tolist()
    positives = [n for n, pid in enumerate(pids) if pid == pids[query] and n != query]
    negatives = [n for n, pid in enumerate(pids) if pid != pids[query]]
    ranked = sorted(product(positives, negatives), key=lambda pair: (similarity[pair[0]] - similarity[pair[1]], pair))
    return ranked[:count]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_hardest_triplets_equal_an_exhaustive_search(data):
    size = data.draw(st.integers(3, 14))
    pids = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    # few values, so that ties are common
    rows = data.draw(st.lists(st.tuples(*[st.integers(-1, 1)] * 2), min_size=size, max_size=size))
    query = data.draw(st.integers(0, size - 1))
    count = data.draw(st.integers(1, 30))
    vectors = torch.tensor(rows, dtype=torch.float32)
    if not exhaustive(vectors, pids, query, count):
        with pytest.raises(ValueError, match="positives and"):
            hardest_triplets(vectors, pids, query, count=count)
    else:
        assert hardest_triplets(vectors, pids, query, count=count) == exhaustive(vectors, pids, query, count)


def test_random_unit_vectors_give_the_exhaustive_search_too():
    vectors = normalize(torch.randn(60, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    pids = [n % 7 for n in range(60)]
    for query in range(60):
        assert hardest_triplets(vectors, pids, query, count=25) == exhaustive(vectors, pids, query, 25)


def test_drawn_triplets_are_of_three_pictures_and_among_the_hardest():
    vectors = normalize(torch.randn(40, 4, generator=torch.Generator().manual_seed(1)), dim=1)
    pids = [*[n % 5 for n in range(39)], 99]  # the last one has no positive, and is never a query
    drawn = draw_triplets(vectors, pids, count=500, hardest=3, generator=torch.Generator().manual_seed(2))
    assert len(drawn) == 500
    for query, positive, negative in drawn:
        assert (positive, negative) in exhaustive(vectors, pids, query, 3)
    assert {query for query, _, _ in drawn} == set(range(39))
    again = draw_triplets(vectors, pids, count=500, hardest=3, generator=torch.Generator().manual_seed(2))
    assert again == drawn


def test_a_pool_is_random_ascending_and_no_larger_than_the_set():
    pids = [n % 4 for n in range(20)]
    pool = draw_pool(pids, size=8, generator=torch.Generator().manual_seed(0))
    assert pool == sorted(set(pool))
    assert len(pool) == 8
    assert pool != draw_pool(pids, size=8, generator=torch.Generator().manual_seed(1))
    assert draw_pool(pids, size=99, generator=torch.Generator().manual_seed(0)) == list(range(20))


@pytest.mark.parametrize("pids", [[1, 1, 1], [1, 2, 3]])
def test_a_pool_without_a_triplet_is_refused(pids):
    with pytest.raises(ValueError, match="there is no triplet in it"):
        draw_pool(pids, size=5000, generator=torch.Generator())


@pytest.mark.parametrize("change", [{"updates": 0}, {"pool": 2}, {"every": 0}, {"hardest": 0}, {"at_once": 0}])
def test_impossible_minings_are_refused(change):
    with pytest.raises(ValueError, match="batches"):
        Mining(**change)
