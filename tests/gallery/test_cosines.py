import numpy as np
import pytest

from passerby.gallery.cosines import cosines


def test_cosines_are_those_of_the_definition_and_stay_within_one():
    random = np.random.default_rng(0)
    vectors = (random.standard_normal((50, 7)) * 10.0 ** random.integers(-3, 4, (50, 1))).astype(np.float32)
    query = random.standard_normal(7).astype(np.float32)
    found = cosines(vectors, query)
    for cosine, vector in zip(found, vectors.astype(float).tolist(), strict=True):
        product = sum(one * other for one, other in zip(vector, query.astype(float).tolist(), strict=True))
        lengths = sum(one * one for one in vector) * sum(one * one for one in query.astype(float).tolist())
        assert cosine == pytest.approx(product / lengths**0.5, abs=1e-9)
    assert all(type(one) is float and -1 <= one <= 1 for one in cosines(np.stack([query, -query, 3 * query]), query))


def test_the_same_vector_in_another_place_is_a_tie():
    vectors = np.random.default_rng(1).standard_normal((64, 513)).astype(np.float32)
    one = vectors[0] / np.linalg.norm(vectors[0])
    assert len({cosines(np.stack([*vectors[:n], one]), one)[-1] for n in range(64)}) == 1
    assert cosines(np.stack([one] * 9), one) == [1.0] * 9


def test_no_vector_gives_no_cosine():
    assert cosines(np.empty((0, 4), np.float32), np.ones(4, np.float32)) == []
