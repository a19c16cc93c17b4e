import math

import pytest
import torch

from passerby.evaluation.protocol import Relevance
from passerby.evaluation.ranks import ranks


def plain(keys, match, junk):
    counts, found = [], []
    for row in range(len(keys)):
        kept = [i for i in range(keys.shape[1]) if not junk[row, i]]
        order = sorted(kept, key=lambda i: (keys[row, i].item(), i))
        places = [place for place, i in enumerate(order, start=1) if match[row, i]]
        counts.append(len(places))
        found += places
    return counts, found


@pytest.mark.parametrize("seed", range(200))
def test_ranks_are_those_of_a_stable_sort_of_what_is_kept(seed):
    generator = torch.Generator().manual_seed(seed)
    height, width = 1 + seed % 5, 1 + seed % 17
    few = seed % 3 == 0  # few different keys: ties everywhere
    keys = torch.randn(height, width, generator=generator)
    if few:
        keys = keys.round()
    kind = torch.randint(0, 1 + seed % 4, (height, width), generator=generator)
    match, junk = kind == 1, kind == 2
    found = ranks(keys, Relevance(match, junk))
    assert (found.counts.tolist(), found.ranks.tolist()) == plain(keys, match, junk)


def test_columns_that_do_not_lie_side_by_side_are_ranked_alike():
    keys, match, junk = torch.randn(3, 20), torch.rand(3, 20) < 0.3, torch.zeros(3, 20, dtype=torch.bool)
    spread = ranks(keys.T.contiguous().T, Relevance(match.T.contiguous().T, junk))
    assert spread.ranks.equal(ranks(keys, Relevance(match, junk)).ranks)


def test_the_keys_stay_as_they_are():
    keys = torch.randn(3, 20)
    before = keys.clone()
    ranks(keys, Relevance(torch.rand(3, 20) < 0.3, torch.ones(3, 20, dtype=torch.bool)))
    assert keys.equal(before)


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (0, 0)])
def test_nothing_has_no_ranks(shape):
    none = torch.zeros(shape, dtype=torch.bool)
    found = ranks(torch.zeros(shape), Relevance(none, none))
    assert found.counts.tolist() == [0] * shape[0]
    assert len(found.ranks) == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_distance_that_is_not_finite_is_refused(value):
    none = torch.zeros(2, 2, dtype=torch.bool)
    with pytest.raises(ValueError, match="NaN or infinite"):
        ranks(torch.tensor([[0.0, 1.0], [value, 2.0]]), Relevance(none, none))
    large = torch.full((2, 2), 3e38)
    assert len(ranks(large, Relevance(none, none)).ranks) == 0


def test_unlike_shapes_are_refused():
    none = torch.zeros(2, 2, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"keys are \(2, 3\), match \(2, 2\), junk \(2, 2\); give one shape"):
        ranks(torch.zeros(2, 3), Relevance(none, none))
