"""Searches in drawn galleries that get an answer though the person is absent, and none though the person is there."""

import numpy as np

from passerby.calibration.drawn_galleries import Best, without
from passerby.calibration.sightings import Floats, Ints


def answered(found: Best, counted: Ints, drawn: list[Ints], lines: Floats, weight: Floats | None = None) -> Floats:
    """Shares of answers to absent people at or above lines, and of best answers to present people below them.

    Args:
        found: what each query finds.
        counted: (S,) people in the galleries, 1 or more.
        drawn: orders in which people come into galleries.
        lines: (S, R) similarities from which on an answer is one.
        weight: (Q,) of each query, 0 or more; None for 1 each.

    Returns:
        (2, S, R); nan where no query counts.

    Raises:
        ValueError: if a gallery would hold more people than there are others.
    """
    absent, present = _best_answers(found, counted, drawn)
    if np.isnan(absent).any() or np.isnan(present).any():
        raise ValueError(f"Galleries of {int(counted.max())} people cannot be drawn from so few; give smaller ones.")
    weights = np.tile(np.ones(len(found.own)) if weight is None else weight, len(drawn))
    there = np.tile(found.own > -2, len(drawn)) * weights
    false = np.tensordot(weights, absent[:, :, None] >= lines, axes=1)
    none = np.tensordot(there, present[:, :, None] < lines, axes=1)
    totals = weights.sum(), there.sum()
    return np.stack(
        [part / n if n else np.full_like(part, np.nan) for part, n in zip((false, none), totals, strict=True)]
    )


def _best_answers(found: Best, counted: Ints, drawn: list[Ints]) -> tuple[Floats, Floats]:
    """Where the person is absent, and where it has taken the place of somebody else."""
    both = np.concatenate([without(found, np.concatenate([counted, counted - 1]), order) for order in drawn])
    absent, fewer = both[:, : len(counted)].astype(np.float64), both[:, len(counted) :].astype(np.float64)
    return absent, np.maximum(np.tile(found.own.astype(np.float64), len(drawn))[:, None], fewer)
