"""Several pictures of one person as one query."""

import numpy as np
import numpy.typing as npt

MOST_PICTURES = 64
"""The most pictures that are pooled."""
CANCELLED = 1e-3
"""A mean of vectors of length 1 that is shorter than this has no direction worth searching by."""


def pooled(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mean of several descriptors, each brought to length 1 before, and brought to length 1 again.

    Args:
        vectors: (Q, D) float32, finite, not zero; Q is 1 .. MOST_PICTURES.

    Returns:
        (D,) float32 of length 1.

    Raises:
        ValueError: if the shape or the type is another, a vector is not finite or zero, or they cancel out.
    """
    if vectors.ndim != 2 or vectors.dtype != np.float32 or not 1 <= len(vectors) <= MOST_PICTURES:
        given = f"{vectors.dtype} of shape {vectors.shape}"
        raise ValueError(f"The queries are {given}; give float32 of shape (Q, D) with Q from 1 to {MOST_PICTURES}.")
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise ValueError("A query is not finite, or is zero; embed its picture again.")
    mean = (wide / lengths[:, None]).mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < CANCELLED:
        raise ValueError(
            f"The {len(vectors)} queries cancel out; they cannot show one person: search by fewer of them."
        )
    whole: npt.NDArray[np.float32] = (mean / length).astype(np.float32)
    return whole
