"""Which records of a gallery are meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from passerby.check_time import check_time
from passerby.gallery.searchable import check_labels
from passerby.gallery.storable import is_storable


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
        ValueError: if the time range is backwards, or empty, or not of the years 1 .. 9999, or a label is of gender,
            age or the body, or holds what no store can keep.
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
        for text in (*self.labels.keys(), *self.labels.values()):
            if not is_storable(text):
                raise ValueError(f"A label says {text[:20]!r}; give UTF-8 without a zero byte.")
        for name, value in (("since", self.since), ("until", self.until)):
            if value is not None:
                check_time(name, value)
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError(
                f"The time range goes from {_iso(self.since)} to {_iso(self.until)}; the end must come after the start."
            )


def _iso(seconds: float) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat() + "Z"


EVERYTHING = Where()
