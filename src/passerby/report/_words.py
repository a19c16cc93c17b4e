"""How numbers and definitions are written, on every page and in every table."""

import math

AP = {
    "step": "mean of k / rank of the k-th right picture",
    "trapezoid": "area under straight lines, as in the original Market-1501 code",
}
"""What the definitions of average precision mean, in words."""
NONE = "\N{EN DASH}"
"""Stands for a number that is not defined."""


def percent(share: float) -> str:
    """A share in percent with one decimal; NONE for nan."""
    return NONE if math.isnan(share) else f"{100 * share:.1f}"
