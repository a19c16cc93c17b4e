"""Approximate keys of six queries' crops, each within its error of a true one, and targets to look for among them."""

import numpy as np


def keys_with_errors(width, size):
    """Keys of one size: approximate and true ones, their errors, what is left out; targets, their doubts and errors."""
    rng = np.random.default_rng(width)
    true = rng.standard_normal((6, width)) * size
    errors = size * np.array([0, 1e-7, 1e-6, 1e-4, 1e-2, 10])
    keys = (true + rng.uniform(-1, 1, true.shape) * errors[:, None] * 0.999).astype(np.float32)
    errors = np.maximum(errors, np.abs(keys - true).max(axis=1))
    left_out = rng.random(true.shape) < 0.1
    block = np.repeat(np.arange(6), 8)
    picked = np.repeat(true, 8, axis=0)[np.arange(48), rng.integers(0, width, 48)]
    picked[::3] = rng.standard_normal(16) * size
    doubts = np.abs(picked) * rng.choice([0, 1e-13, 1e-3], 48)
    return keys, true, errors, left_out, block, picked, doubts, doubts * rng.uniform(-1, 1, 48)
