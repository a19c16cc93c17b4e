"""What the best answer of a gallery means, by its size; read between and beyond the galleries that were drawn."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

LEAST = 1e-6
"""The smallest rate that may be asked for, and the distance of probabilities from 0 and 1."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What the best answer of a gallery means, by the size of the gallery.

    Args:
        sizes: (S,) records in the gallery, ascending.
        knots: (K,) similarities, ascending.
        log_odds: (S, K) of the best answer being the person asked for, when the person is there with `present`.
        rates: (R,) shares of searches for an absent person that get an answer all the same, descending.
        nobody: (S, R) similarities below which the best answer is none.
        per_person: records of each person in these galleries, on average.
        present: probability that the person asked for is in the gallery.
        misses: (S, R) shares of searches for a person who is there whose best answer lies below `nobody` all the same;
            None in a calibration that was made before they were measured.
    """

    sizes: FloatArray
    knots: FloatArray
    log_odds: FloatArray
    rates: FloatArray
    nobody: FloatArray
    per_person: float
    present: float = 0.5
    misses: FloatArray | None = None

    def line(self, rate: float, *, size: int, per_person: float | None = None) -> float:
        """Similarity below which the best answer is none.

        The logarithm of its distance from 1 is straight in the logarithms of rate and size: between those that were
        drawn, and beyond them as steeply as over the last threefold step.

        Args:
            rate: share of searches for an absent person that may get an answer, LEAST .. 0.5.
            size: records in the gallery, 1 or more.
            per_person: records of each person in it, on average; None where as in `per_person`.

        Raises:
            ValueError: if a number is out of range.
        """
        return self._read(self.nobody, rate, *self.place(size, per_person=per_person))

    def missed(self, rate: float, *, size: int, per_person: float | None = None) -> float | None:
        """Share of searches for a person who is there whose best answer lies below `line` all the same.

        Among what was drawn it is read as `line` is. Beyond that it follows the line: how many more of those who are
        there lie below a higher one is read from all lines that were drawn, whatever galleries those were for; and of
        those below it, `rate` find somebody else above it, as absent people do.

        Args:
            rate: as for `line`.
            size: likewise.
            per_person: likewise.

        Returns:
            0 .. 1; None where there are no `misses`.

        Raises:
            ValueError: if a number is out of range.
        """
        at, beyond = self.place(size, per_person=per_person)
        line = self._read(self.nobody, rate, at, beyond)
        if self.misses is None:
            return None
        known = max(rate, float(self.rates[-1]))
        share = max(0.0, self._read(self.misses, known, at, 0.0))
        if known == rate and not beyond:
            return share
        lines = self.nobody[1:].ravel()  # the first is for one record, a sighting of a person and not all
        below = (self.misses[1:] / (1 - self.rates)).ravel()
        rise = np.diff(_hidden(np.array([self._read(self.nobody, known, at, 0.0), line]), lines, below))
        found = 1 - max(0.0, 1 - share / (1 - known)) * math.exp(-float(rise[0]))
        return max(share, (1 - rate) * found)

    def place(self, size: int, *, per_person: float | None = None) -> tuple[float, float]:
        """Logarithm of the size within those drawn, and how far beyond the largest it lies; 0 where it does not.

        Args:
            size: as for `line`.
            per_person: likewise.

        Raises:
            ValueError: if a number is out of range.
        """
        if size < 1:
            raise ValueError(f"size is {size}; a gallery that is searched has 1 record or more.")
        if per_person is not None and not 0 < per_person < math.inf:
            raise ValueError(f"per_person is {per_person}; give records of each person, above 0.")
        alike = size * (1 if per_person is None else self.per_person / per_person)
        largest = float(self.sizes[-1])
        return math.log(min(max(alike, 1), largest)), max(0.0, math.log(alike / largest))

    def _read(self, table: FloatArray, rate: float, at: float, beyond: float) -> float:
        """A table by size and rate; `place` tells where."""
        if not LEAST <= rate <= 0.5:
            raise ValueError(f"rate is {rate}; give a share of searches from {LEAST:g} to 0.5, such as 0.01.")
        logs, rarer = np.log(self.sizes), -np.log(self.rates)
        height = -np.log(np.clip(1 - table, LEAST, None))
        by_rate = np.array([np.interp(at, logs, column) for column in height.T])
        if beyond and len(logs) > 1:
            third = max(0, int(np.searchsorted(logs, logs[-1] - math.log(3), side="right")) - 1)
            steep = (height[-1] - height[third]) / (logs[-1] - logs[third])
            by_rate = by_rate + beyond * np.clip(steep, 0, None)
        by_rate = np.maximum.accumulate(by_rate)
        wanted = -math.log(rate)
        found = float(np.interp(wanted, rarer, by_rate))
        if wanted > rarer[-1] and len(rarer) > 1:
            third = max(0, int(np.searchsorted(rarer, rarer[-1] - math.log(3), side="right")) - 1)
            steepest = float(((height[:, -1] - height[:, third]) / (rarer[-1] - rarer[third])).max())
            found += steepest * (wanted - rarer[-1])
        return 1 - math.exp(-found)


def _hidden(wanted: FloatArray, lines: FloatArray, below: FloatArray) -> FloatArray:
    """How many people lie below each line, by the logarithm of the others; rising, from some lines that are known."""
    if not len(lines):
        return np.zeros(len(wanted))
    order = np.lexsort((below, lines))
    at, asked = (-np.log(np.clip(1 - part, LEAST, None)) for part in (lines[order], wanted))
    height = isotonic_regression(-np.log(np.clip(1 - below[order], LEAST, 1))).x
    half = int(np.searchsorted(at, (at[0] + at[-1]) / 2))
    steep = (height[-1] - height[half]) / (at[-1] - at[half]) if at[-1] > at[half] else 0.0
    found: FloatArray = np.interp(asked, at, height) + steep * np.clip(asked - at[-1], 0, None)
    return found
