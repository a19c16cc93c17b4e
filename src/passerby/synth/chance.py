"""Unequal choices."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.random import Generator

Choice = TypeVar("Choice")


def choose(shares: Mapping[Choice, float], generator: Generator) -> Choice:
    """One of the keys, as often as its share says.

    Args:
        shares: key to share, 0 or more; they need not sum to 1.
        generator: where chance comes from; one number is drawn.

    Raises:
        ValueError: if no share is above 0.
    """
    edges = np.cumsum(list(shares.values()))
    if not len(edges) or edges[-1] <= 0:
        raise ValueError(f"shares are {dict(shares)}; give at least one above 0.")
    return list(shares)[int(np.searchsorted(edges, generator.random() * edges[-1], side="right"))]
