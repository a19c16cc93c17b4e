import inspect

import pytest

from passerby.evaluation.reranking import USUAL, Reranking
from passerby.search import rerank


@pytest.mark.parametrize("function", [rerank.rerank, rerank.blocks])
def test_the_usual_numbers_are_those_of_the_search(function):
    defaults = inspect.signature(function).parameters
    assert (USUAL.k1, USUAL.k2, USUAL.lam) == tuple(defaults[name].default for name in ("k1", "k2", "lam"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "k-reciprocal re-ranking (k1 20, k2 6, lambda 0.3)"),
        ({"k1": 50, "k2": 15}, "k-reciprocal re-ranking (k1 50, k2 15, lambda 0.3)"),
        ({"lam": 1}, "k-reciprocal re-ranking (k1 20, k2 6, lambda 1.0)"),
        ({"lam": -0.0}, "k-reciprocal re-ranking (k1 20, k2 6, lambda 0.0)"),
        ({"lam": 0.30000001}, "k-reciprocal re-ranking (k1 20, k2 6, lambda 0.30000001)"),
    ],
)
def test_a_result_states_each_number(given, told):
    assert str(Reranking(**given)) == told


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"k1": 0}, "k1 of the re-ranking is 0; give 1 or more"),
        ({"k2": -1}, "k2 of the re-ranking is -1; give 1 or more"),
        ({"lam": -0.1}, "lambda of the re-ranking is -0.1; give 0"),
        ({"lam": 1.1}, "lambda of the re-ranking is 1.1"),
        ({"lam": float("nan")}, "lambda of the re-ranking is nan"),
    ],
)
def test_a_number_out_of_range_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Reranking(**given)


@pytest.mark.parametrize(
    ("given", "queries", "gallery", "message"),
    [
        ({}, 1, 20, ""),
        ({}, 1, 19, r"k1 of the re-ranking is 20, and queries and gallery have 20 crops together: give 1 \.\. 19, or"),
        ({"k1": 1, "k2": 3}, 1, 2, ""),
        ({"k1": 1, "k2": 4}, 1, 2, "k2 of the re-ranking is 4, and queries and gallery have 3 crops together: give 1 "),
        ({"k1": 1, "k2": 1}, 0, 1, "have 1 crops together: give more crops, or leave re-ranking out"),
    ],
)
def test_a_neighbourhood_is_not_larger_than_queries_and_gallery(given, queries, gallery, message):
    if message:
        with pytest.raises(ValueError, match=message):
            Reranking(**given).check_size(queries, gallery)
    else:
        Reranking(**given).check_size(queries, gallery)
