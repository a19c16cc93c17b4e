import math

import pytest
import torch

from passerby.evaluation.average_precision import average_precision
from passerby.evaluation.ranks import Ranks


def of(*queries, definition="step"):
    counts = torch.tensor([len(query) for query in queries], dtype=torch.int64)
    return average_precision(Ranks(counts, torch.tensor([r for query in queries for r in query])), definition).tolist()


@pytest.mark.parametrize(
    ("ranks", "step", "trapezoid"),
    [
        ([1], 1, 1),
        ([1, 2, 3], 1, 1),
        ([2], 1 / 2, 1 / 4),
        ([4], 1 / 4, 1 / 8),
        ([1, 3], (1 + 2 / 3) / 2, (1 + (1 / 2 + 2 / 3) / 2) / 2),
        ([2, 5], (1 / 2 + 2 / 5) / 2, ((0 + 1 / 2) / 2 + (1 / 4 + 2 / 5) / 2) / 2),
    ],
)
def test_both_definitions_by_hand(ranks, step, trapezoid):
    assert of(ranks) == pytest.approx([step], abs=1e-15)
    assert of(ranks, definition="trapezoid") == pytest.approx([trapezoid], abs=1e-15)


@pytest.mark.parametrize("definition", ["step", "trapezoid"])
def test_queries_do_not_mix_and_one_without_match_is_nan(definition):
    found = of([], [1], [], [2, 3], [], definition=definition)
    assert [math.isnan(value) for value in found] == [True, False, True, False, True]
    assert found[1] == 1
    assert found[3] == of([2, 3], definition=definition)[0]


def test_no_query_at_all_gives_nothing():
    assert of() == []


def test_an_unknown_definition_is_refused():
    with pytest.raises(ValueError, match="ap is 'voc'; give one of step, trapezoid"):
        of([1], definition="voc")
