"""Vectors on which ranking goes wrong where a bound is wrong, and their exact keys by plain fractions."""

from fractions import Fraction

import numpy as np
import torch

METRICS = ("cosine", "euclidean", "dot")


def near(plain, rng):
    return 1 + 1e-7 * plain


def huge(plain, rng):
    return np.where(np.arange(plain.shape[1]) == 0, 1e6, 1) * plain


def long_and_short(plain, rng):
    return plain * 10.0 ** rng.uniform(-10, 10, (len(plain), 1))


def every_size(plain, rng):
    return plain * 10.0 ** rng.uniform(-8, 6, plain.shape)


def two_heaps(plain, rng):
    return np.sign(rng.standard_normal((len(plain), 1))) * (np.arange(plain.shape[1]) == 0) * 9 + 1e-3 * plain


def whole_steps(plain, rng):
    """Of which a digit misses nothing: what is left is rounding."""
    return np.where(np.arange(plain.shape[1]) == 0, 127, np.round(40 * plain).clip(-127, 127)) + 2.0**14


KINDS = {
    "normal": lambda plain, rng: plain,
    "rectified": lambda plain, rng: np.maximum(plain, 0) + 0.1,
    "far from 0": lambda plain, rng: plain + 30,
    "nearly the same": near,
    "one huge number": huge,
    "lengths of every size": long_and_short,
    "numbers of every size": every_size,
    "two heaps": two_heaps,
    "whole steps": whole_steps,
    "large": lambda plain, rng: plain * 1e10,
    "tiny": lambda plain, rng: plain * 1e-9,
}
NOT_COSINE = {
    "some zero": lambda plain, rng: plain * (rng.random((len(plain), 1)) < 0.5),
    "all zero": lambda plain, rng: plain * 0,
    "1e-16": lambda plain, rng: plain * 1e-16,
    "1e-20": lambda plain, rng: plain * 1e-20,
    "1e-23": lambda plain, rng: plain * 1e-23,
    "1e-40": lambda plain, rng: plain * 1e-40,
    "largest": lambda plain, rng: plain / np.linalg.norm(plain, axis=1, keepdims=True) * 1.5e18,
}
CASES = [
    *((kind, metric) for kind in KINDS for metric in METRICS),
    *((kind, metric) for kind in NOT_COSINE for metric in METRICS[1:]),
]


def vectors(kind, count, dim, seed):
    """(count, dim) float32."""
    rng = np.random.default_rng([seed, dim])
    made = {**KINDS, **NOT_COSINE}[kind](rng.standard_normal((count, dim)), rng)
    return torch.from_numpy(made.astype(np.float32))


def pair(kind, queries, crops, dim, seed=0):
    """Queries and crops made alike."""
    both = vectors(kind, queries + crops, dim, seed)
    return both[:queries], both[queries:]


def exact(query, crop, metric):
    """A fraction in the order of the distances of all crops from one query.

    Args:
        query: numbers.
        crop: numbers.
        metric: cosine: minus the cosine squared, with its sign, times a number that is the query's.
    """
    query, crop = ([Fraction(float(number)) for number in side] for side in (query, crop))
    product = sum(a * b for a, b in zip(query, crop, strict=True))
    if metric == "dot":
        return -product
    square = sum(b * b for b in crop)
    return square / 2 - product if metric == "euclidean" else -product * abs(product) / square


def float64_keys(queries, crops, metric):
    """(Q, G) keys that err by far less than those of float32."""
    wide, other = queries.double(), crops.double()
    keys = -(wide @ other.T)
    squares = other.square().sum(dim=1)
    if metric == "cosine":
        keys /= squares.sqrt()
    return (keys + squares / 2 if metric == "euclidean" else keys).numpy()
