"""The short copies of vectors."""

import numpy as np

from passerby.gallery.postgres.near import OFF, near


def test_copies_are_as_near_as_is_said():
    rng = np.random.default_rng(0)
    for dim in (1, 3, 64, 512, 1_024):
        vectors = rng.standard_normal((200, dim)).astype(np.float32) ** 3  # some parts much larger than others
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        copies = near(vectors, dim).astype(np.float64)
        wide = vectors.astype(np.float64)
        assert np.abs(copies @ copies.T - wide @ wide.T).max() < OFF


def test_projected_copies_keep_products():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((100, 3_000)).astype(np.float32) + rng.standard_normal(3_000).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    copies = near(vectors, 1_024).astype(np.float64)
    off = copies @ copies.T - vectors.astype(np.float64) @ vectors.astype(np.float64).T
    assert np.abs(off).max() < 0.15
    assert np.abs(np.linalg.norm(copies, axis=1) - 1).max() < 1e-3
    # Stored copies are compared with new ones: they must come out alike for ever.
    known = np.full((1, 2_000), 2_000**-0.5, np.float32)
    assert [round(float(value), 4) for value in near(known, 1_024)[0, :4]] == KNOWN


KNOWN = [0.0085, -0.034, -0.0283, 0.0085]
