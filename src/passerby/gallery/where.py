"""Which records of a gallery are meant."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from passerby.gallery.searchable import check_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which records are meant: those that all of these are true of; all records by default.

    A record whose camera, time or track is not known passes what leaves cameras and tracks out, and nothing that asks
    for a camera or a time.

    Args:
        ids: only these records; None for all.
        cameras: only these; None for all.
        not_cameras: none of these.
        since: seconds since 1970-01-01 UTC, included; None for all.
        until: likewise, not included.
        pids: only these people; None for all.
        labels: values by name; a record must have each of them.
        not_tracks: none of these (camid, trackid).

    Raises:
        ValueError: if the time range is backwards, or empty, or no number, or a label is of gender, age or the body.
    """

    ids: tuple[str, ...] | None = None
    cameras: tuple[int, ...] | None = None
    not_cameras: tuple[int, ...] = ()
    since: float | None = None
    until: float | None = None
    pids: tuple[int, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    not_tracks: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        check_labels(self.labels)
        for name, value in (("since", self.since), ("until", self.until)):
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} is {value}; give seconds since 1970-01-01 UTC.")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError(
                f"The time range goes from {self.since} to {self.until}; the end must come after the start."
            )


EVERYTHING = Where()
