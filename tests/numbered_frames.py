"""Frames that say their own number."""

import numpy as np


def colours(count, *, height=48, width=64):
    """Frames whose red says their number: 10, 20, ..."""
    for number in range(1, count + 1):
        frame = np.full((height, width, 3), 90, dtype=np.uint8)
        frame[:, :, 0] = min(255, 10 * number)
        yield frame
