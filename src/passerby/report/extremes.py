"""Which queries are worth a look."""

from typing import NamedTuple

from torch import Tensor


class Extremes(NamedTuple):
    """Numbers of queries; none stands in both.

    Args:
        best: those of the highest average precision, highest first.
        worst: those of the lowest, lowest first.
    """

    best: tuple[int, ...]
    worst: tuple[int, ...]


def extremes(ap: Tensor, *, best: int, worst: int) -> Extremes:
    """The best and the worst queries; among equals the earlier ones.

    The best are taken first, so that the worst are fewer where there are not enough queries for both.

    Args:
        ap: (Q,) average precision; nan for queries without a match, which are neither.
        best: how many, 0 or more.
        worst: how many, 0 or more.

    Raises:
        ValueError: if best or worst is negative.
    """
    if best < 0 or worst < 0:
        raise ValueError(f"best is {best} and worst {worst}; give 0 queries or more of each.")
    values = ap.tolist()
    judged = [number for number, value in enumerate(values) if value == value]  # nan is unlike itself
    top = sorted(judged, key=lambda number: (-values[number], number))[:best]
    rest = [number for number in judged if number not in set(top)]
    return Extremes(tuple(top), tuple(sorted(rest, key=lambda number: (values[number], number))[:worst]))
