"""One sighting of somebody, as a gallery keeps it."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from passerby.gallery.is_id import is_id
from passerby.gallery.searchable import check_labels
from passerby.gallery.storable import is_storable

Vector = npt.NDArray[np.float32]

LONGEST = 200
"""Characters that a label's name or value may have."""
LABELS = 2_000
"""Bytes that all labels of a record may have together; an index holds them."""
THUMBNAIL = 48_000
"""Bytes that a thumbnail may have."""
FARTHEST = 1e300
"""Seconds from 1970 that a time may lie away in what is read: older galleries took what `check_time` refuses."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Record:
    """One sighting: a descriptor, and where and when it was made.

    Args:
        embedding: (D,) float32 of length 1.
        camid: camera, 0 or more; None where it is not known.
        time: seconds since 1970-01-01 00:00 UTC, of which a gallery takes the years 1 .. 9999; None where it is not
            known.
        trackid: track within the camera, 0 or more; None where there is none.
        pid: identity, 1 or more, where somebody has named it; else None.
        labels: of clothing and carried things, such as {"upper": "red"}.
        path: where the picture lies, as its owner knows it; None for an upload.
        box: (x, y, w, h) in pixels of that picture; None for the whole.
        thumbnail: a small JPEG; None where there is none.
        id: 32 hexadecimal digits; made from the sighting by default, so that the same one has the same id.

    Raises:
        ValueError: if a value is out of range, or a label is of gender, age or the body.
    """

    embedding: Vector
    camid: int | None = None
    time: float | None = None
    trackid: int | None = None
    pid: int | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    path: str | None = None
    box: tuple[float, float, float, float] | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    id: str = ""

    def __post_init__(self) -> None:
        for name, value, least in (("camid", self.camid, 0), ("trackid", self.trackid, 0), ("pid", self.pid, 1)):
            if value is not None and not least <= value < 2**31:
                raise ValueError(f"{name} is {value}; give {least} .. {2**31 - 1}, or None where it is not known.")
        if self.time is not None and not abs(self.time) <= FARTHEST:
            raise ValueError(f"time is {self.time}; give seconds since 1970-01-01 UTC, or None where it is not known.")
        if self.box is not None and not (
            all(math.isfinite(side) for side in self.box) and self.box[2] > 0 and self.box[3] > 0
        ):
            raise ValueError(f"box is {self.box}; give (x, y, w, h) in pixels with w and h above 0.")
        check_labels(self.labels)
        for text in (*self.labels.keys(), *self.labels.values()):
            if not 0 < len(text) <= LONGEST or not is_storable(text):
                raise ValueError(f"A label says {text[:20]!r}; give 1 .. {LONGEST} characters of UTF-8.")
        size = sum(len(text.encode()) for label in self.labels.items() for text in label)
        if size > LABELS:
            raise ValueError(f"The labels have {size:,} bytes together; give {LABELS:,} or fewer.")
        if self.path is not None and not is_storable(self.path):
            raise ValueError(f"path is {self.path[-200:]!r}; give UTF-8 without a zero byte: rename the file.")
        if self.thumbnail is not None and len(self.thumbnail) > THUMBNAIL:
            raise ValueError(f"A thumbnail has {len(self.thumbnail):,} bytes; give {THUMBNAIL:,} or fewer.")
        if not self.id:
            object.__setattr__(self, "id", record_id(self))
        elif not is_id(self.id):
            raise ValueError(f"id is {self.id[:40]!r}; give 32 hexadecimal digits.")


def record_id(record: Record) -> str:
    """32 hexadecimal digits of a sighting: of camera, time, track, path and box; of the descriptor where no path is."""
    seen = (record.camid, record.time, record.trackid, record.path, record.box)
    digest = hashlib.sha256(repr(tuple(_plain(part) for part in seen)).encode())
    if record.path is None:
        digest.update(np.ascontiguousarray(record.embedding, dtype="<f4").tobytes())
    return digest.hexdigest()[:32]


def _plain(part: object) -> object:
    """The same for 1, 1.0 and NumPy's 1."""
    if isinstance(part, tuple):
        return tuple(float(side) for side in part)
    return part if part is None or isinstance(part, str) else float(part)  # type: ignore[arg-type]
