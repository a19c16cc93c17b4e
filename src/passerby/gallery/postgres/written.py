"""A vector as SQL takes it."""

import numpy as np


def written(vector: np.ndarray) -> str:
    """A vector as PostgreSQL reads it, each number exactly.

    Args:
        vector: (D,) float.

    Returns:
        Such as "[0.5,-1.25]".
    """
    return "[" + ",".join(map(repr, vector.astype(np.float64).tolist())) + "]"
