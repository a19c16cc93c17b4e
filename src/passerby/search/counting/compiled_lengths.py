"""Lengths of vectors, in float64.

Import this where it is called and not before: Numba takes half a second to load.
"""

import numpy as np

from passerby.search.counting.compiled import ANY_ORDER, Array, compiled


def _lengths(start: int, end: int, vectors: Array, found: Array) -> None:
    """Each vector is read once and widened on the way, not copied."""
    for row in range(start, end):
        vector, total = vectors[row], 0.0
        for place in range(len(vector)):
            number = np.float64(vector[place])
            total += number * number
        found[row] = np.sqrt(total)


lengths = compiled(_lengths, flags=ANY_ORDER)
