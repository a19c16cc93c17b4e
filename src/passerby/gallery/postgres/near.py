"""The short 16-bit copies of vectors that PostgreSQL searches."""

from functools import cache

import numpy as np
import numpy.typing as npt

from passerby.gallery.record import Vector

Half = npt.NDArray[np.float16]
OFF = 1.1e-3
"""How far the product of two copies may be from the cosine where nothing was projected.

Rounding to 11 bits moves a unit vector by at most 2^-11 = 4.9e-4, each of the two; the rest is for sums in float32 and
for parts below 6e-5, whose step is 6e-8.
"""


def near(vectors: Vector, dim: int) -> Half:
    """Copies of length 1 with `dim` dimensions, whose products are about the cosines.

    Longer vectors are projected by random signs, a Walsh-Hadamard transform and a choice of its rows: products are
    then off by some 1 / sqrt(dim), so that more candidates have to be looked at.

    Args:
        vectors: (N, D) of about length 1.
        dim: dimensions of the copies, at most D.

    Returns:
        (N, dim) float16.

    Source: N. Ailon, B. Chazelle, "The fast Johnson-Lindenstrauss transform", 2009.
    """
    if vectors.shape[1] > dim:
        vectors = np.concatenate([_project(vectors[start : start + 256], dim) for start in range(0, len(vectors), 256)])
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    copies: Half = (vectors / np.maximum(lengths, 1e-30)[:, None]).astype(np.float16)
    return copies


def _project(vectors: Vector, dim: int) -> Vector:
    """(N, D) to (N, dim)."""
    signs, chosen = _drawn(vectors.shape[1], dim)
    size = signs.shape[0]
    mixed = np.zeros((len(vectors), size), np.float32)
    mixed[:, : vectors.shape[1]] = vectors
    mixed *= signs
    step = 1
    while step < size:
        pairs = mixed.reshape(len(vectors), -1, 2, step)
        mixed = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
        step *= 2
    return mixed.reshape(len(vectors), size)[:, chosen]


@cache
def _drawn(dim: int, into: int) -> tuple[Vector, npt.NDArray[np.int64]]:
    """Signs and rows, the same ones for ever: what is stored depends on them."""
    size = 1 << (dim - 1).bit_length()
    raw = np.random.PCG64(dim * 20_000 + into).random_raw(2 * size)
    signs = np.where(raw[:size] >> np.uint64(63), 1, -1).astype(np.float32)
    return signs, np.sort(np.argsort(raw[size:], kind="stable")[:into])
