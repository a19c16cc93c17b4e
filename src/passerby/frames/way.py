"""How sources become records, and what came of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

TOLD = 1000
"""Things that went wrong of which each is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How sources become records.

    Args:
        each: True for a record for each box or picture, not one for each track.
        every: of frames, every which one is looked at.
        least: boxes of less confidence are passed over; None for none.
        people: True where ids of box files are people, and so the records' pids.
        again: True to embed and replace what is there already.
        labels: of all records; clothing and carried things.

    Raises:
        ValueError: if every is below 1.
    """

    each: bool = False
    every: int = 1
    least: float | None = None
    people: bool = False
    again: bool = False
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every is {self.every}; give 1 or more.")


USUAL = Way()
"""A record for each track, from every frame."""


@dataclass(slots=True)
class Indexed:
    """What has been done.

    Args:
        new: records that were not there before.
        replaced: records that were.
        there: sightings whose records were there, and were left as they are.
        unlabelled: of those that were there, how many lack the labels that were given.
        passed_over: boxes and pictures that gave no record, by reason.
        broken: what could not be read, and why; the first TOLD.
        broken_count: how many these are.
        remarks: what else a person should know.
    """

    new: int = 0
    replaced: int = 0
    there: int = 0
    unlabelled: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    broken_count: int = 0
    remarks: list[str] = field(default_factory=list)

    def breaks(self, reason: str) -> None:
        """Count something that could not be read."""
        self.broken_count += 1
        if len(self.broken) < TOLD:
            self.broken.append(reason)
