import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.search.counting.pieces import CELL, CELLS, LEAST, MEMORY, MOST, PAIRS, needed, pieces

SIZES = {"queries": st.integers(1, 20_000), "crops": st.integers(1, 10**6), "dim": st.integers(1, 5000)}


@given(**SIZES, more=st.integers(0, 2**32))
def test_pieces_fit_into_every_budget_that_is_accepted(queries, crops, dim, more):
    least = needed(queries, crops, dim)
    found = pieces(queries, crops, dim, memory=least + more)
    assert found.memory <= least + more
    assert 1 <= found.queries <= min(MOST[0], queries)
    assert 1 <= found.crops <= min(MOST[1], crops)
    assert found.queries * found.crops <= max(CELLS, found.queries * LEAST[1])
    assert 1 <= found.pairs <= PAIRS[1]
    assert 0 <= found.digits <= 2
    # what is taken holds a tile, the vectors' digits and the pairs
    digits, copied = found.digits * (queries + crops) * dim, 4 * (found.queries + found.crops) * dim
    assert found.memory >= CELL * found.queries * found.crops + copied + digits + 100 * found.pairs


@given(**SIZES, less=st.integers(1, 2**40))
def test_a_budget_that_is_too_small_is_refused_with_what_is_needed(queries, crops, dim, less):
    least = needed(queries, crops, dim)
    with pytest.raises(ValueError, match=f"needs {least:,} beside the vectors: give that much or more"):
        pieces(queries, crops, dim, memory=least - less)


def test_at_market_s_size_a_larger_budget_makes_no_smaller_pieces():
    found = [pieces(3368, 15913, 512, memory=2**power) for power in range(25, 34)]
    for size in ("queries", "crops", "digits", "pairs"):
        sizes = [getattr(one, size) for one in found]
        assert sizes == sorted(sizes)
    assert found[-1][:4] == (1684, 2048, 2, PAIRS[1])
    assert pieces(3368, 15913, 512) == pieces(3368, 15913, 512, memory=MEMORY)


@pytest.mark.parametrize("queries", [1, 16, 512, 2048, 2049, 3368, 11_659])
def test_queries_are_shared_out_evenly_and_few_of_them_meet_many_crops(queries):
    found = pieces(queries, 50_000, 64, memory=2**33)
    parts = -(-queries // found.queries)
    assert parts == -(-queries // MOST[0])
    assert found.queries * parts - queries < parts
    assert found.crops == (MOST[1] if queries <= CELLS // MOST[1] else CELLS // min(queries, MOST[0]))
