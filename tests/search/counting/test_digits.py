"""Vectors cut into digits: what is told of lengths and rests is never too little."""

import pytest
import torch

from awkward import KINDS, NOT_COSINE, vectors
from passerby.search.counting.digits import BASE, digits


def lengths(wide):
    return torch.linalg.vector_norm(wide, dim=1)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("dim", [1, 2, 3, 64, 257, 2048])
@pytest.mark.parametrize("kind", [*KINDS, *NOT_COSINE])
def test_lengths_and_rests_are_upper_bounds_and_digits_are_no_larger_than_127(kind, dim, centred):
    given = vectors(kind, 70, dim, seed=2)
    centre = given.mean(dim=0) if centred else None
    found = digits(given, centre, count=2)
    left = given.double() - (0 if centre is None else centre.double())
    size = lengths(left)
    assert (found.lengths >= size).all()
    assert (found.lengths <= 1.01 * size + 1e-17).all()
    for place in range(2):
        digit = found.digits[:, place * dim : (place + 1) * dim]
        assert int(digit.int().abs().max()) <= 127
        left -= found.steps.double()[:, None] / BASE**place * digit.double()
        assert (found.rests[place] >= lengths(left)).all()
        assert (found.rests[place] <= 1.01 * lengths(left) + 1e-5 * size + 1e-17).all()


def test_each_digit_leaves_half_a_step_of_each_number_at_most():
    given = vectors("normal", 50, 100, seed=3)
    found = digits(given, None, count=2)
    half = given.abs().amax(dim=1).double() / 127 / 2
    for place in range(2):
        assert (found.rests[place] <= 1.01 * 10 * half / BASE**place + 1e-5).all()


def test_some_rows_are_cut_as_they_are_alone_and_the_last_digit_may_stand_first():
    given = vectors("normal", 200, 10, seed=4)
    rows = torch.tensor([0, 3, 64, 65, 199])
    some, other = digits(given, None, count=2, rows=rows), digits(given[rows], None, count=2)
    assert some.digits.equal(other.digits)
    assert some.steps.equal(other.steps)
    assert some.rests.equal(other.rests)
    turned = digits(given, None, count=2, rows=rows, last_first=True)
    assert turned.digits.equal(torch.cat([other.digits[:, 10:], other.digits[:, :10]], dim=1))


def test_vectors_and_centre_stay_as_they_were():
    given, centre = vectors("normal", 100, 10, seed=5), torch.ones(10)
    before = given.clone()
    digits(given, centre, count=2)
    assert given.equal(before)
    assert centre.equal(torch.ones(10))


def test_numbers_too_small_for_a_step_are_all_rest():
    given = torch.full((2, 4), 1e-33)
    found = digits(given, None, count=1)
    assert not found.digits.any()
    assert (found.rests[0] >= lengths(given.double())).all()
    assert found.steps.isfinite().all()
