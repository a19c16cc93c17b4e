"""How probable it is that a rate comes out so far above what was stated."""

import math

import numpy as np
from scipy.stats import norm

from passerby.calibration.sightings import Floats


def exceeded(stated: float, seen: float, drawn: Floats, *, people: int) -> float:
    """One-sided p-value of a rate that was seen, were the stated one true.

    The arcsine of the square root of a share spreads alike for all shares; its spread is that of the draws. So p may be
    smaller than one over the number of draws, which a correction for many rates needs.

    Args:
        stated: the rate, 0 .. 1.
        seen: what it was.
        drawn: (n,) what it was where people were drawn anew; nan where a draw had nobody to count.
        people: how many people it was tried on, which bounds p where all draws are alike.

    Returns:
        0 .. 1; nan where a rate is not known, or fewer than two draws are.
    """
    known = drawn[~np.isnan(drawn)]
    if math.isnan(stated) or math.isnan(seen) or len(known) < 2:
        return math.nan
    gap = float(_angle(np.array(seen)) - _angle(np.array(stated)))
    spread = float(_angle(known).std(ddof=1))
    if gap <= 0 or spread > 1e-9:
        return float(norm.sf(gap / max(spread, 1e-9)))
    return stated**people


def _angle(share: Floats) -> Floats:
    angle: Floats = np.arcsin(np.sqrt(np.clip(share, 0, 1)))
    return angle
