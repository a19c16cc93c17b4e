"""How alike stored vectors are to a query."""

import numpy as np

from passerby.gallery.record import Vector


def cosines(vectors: Vector, query: Vector) -> list[float]:
    """Cosines to 1e-9, summed in float64, so that the same vector twice is a tie.

    Args:
        vectors: (N, D), none of them zero.
        query: (D,), not zero.

    Returns:
        N of them, -1 .. 1.
    """
    wide, asked = vectors.astype(np.float64), query.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", wide, wide) * (asked @ asked))
    found = np.clip(np.einsum("nd,d->n", wide, asked) / lengths, -1, 1)
    return [round(float(cosine), 9) for cosine in found]
