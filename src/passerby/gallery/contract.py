"""What every store of a gallery can do; `open_gallery` chooses one by URL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from passerby.gallery.record import Record
from passerby.gallery.where import EVERYTHING, Where
from passerby.types import ModelId

MOST = 10_000
"""The most answers that a search may ask for."""
Way = Literal["exact", "approximate"]


class Unavailable(OSError):
    """The store cannot be reached, or stopped in the middle; what was acknowledged before is kept."""


class OtherModel(ValueError):
    """Vectors of another model were given than those of the gallery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a gallery holds.

    Args:
        url: where it is; no password in it.
        model: which model made its vectors.
        dim: their dimensions, 1 .. 10,752.
    """

    url: str
    model: ModelId
    dim: int


class Hit(NamedTuple):
    """An answer: a record without its thumbnail, and the cosine similarity to the query, -1 .. 1."""

    record: Record
    similarity: float


class Added(NamedTuple):
    """How many records an `add` made, and how many it replaced, since their ids were there."""

    new: int
    replaced: int


class Hour(NamedTuple):
    """How many records one camera has in one hour; `start` in seconds since 1970-01-01 UTC, None for no time."""

    camid: int | None
    start: float | None
    count: int  # type: ignore[assignment]  # a tuple's method is called so


class Gallery(Protocol):
    """Records that outlive the process. Every method is all or nothing, and safe to call from several threads.

    Raises:
        Unavailable: by any method, if the store cannot be reached or stopped in the middle.
    """

    @property
    def about(self) -> About:
        """What it holds."""
        ...

    def add(self, records: Sequence[Record]) -> Added:
        """Keep records; one whose id is there already is replaced. When this returns they survive a crash.

        Raises:
            ValueError: if a vector has other dimensions, is not finite or not of length 1 (to 1e-3), or an id comes
                twice; nothing is kept then.
        """
        ...

    def search(
        self, queries: npt.NDArray[np.float32], k: int, *, where: Where = EVERYTHING, way: Way = "approximate"
    ) -> list[list[Hit]]:
        """The records most like each query, closest first, equally close ones by id.

        Args:
            queries: (Q, D) of length 1.
            k: how many, 1 .. MOST; fewer are found where fewer pass the filter.
            where: which records may be found.
            way: `exact` looks at every record that passes; `approximate` may miss some, never where the filter keeps
                few, and always gives k answers where k pass the filter.

        Raises:
            ValueError: if k or a query is out of range, or the filter names a camera or a label that the gallery has no
                record of.
        """
        ...

    def get(self, ids: Sequence[str]) -> list[Record]:
        """Records by id, with their vectors, without thumbnails, in the order asked for; unknown ids are left out."""
        ...

    def thumbnail(self, id: str) -> bytes | None:
        """The small JPEG of a record; None where there is no such record or it has none."""
        ...

    def delete(self, where: Where) -> int:
        """Delete records, their thumbnails too, and say how many they were; an empty filter is refused.

        Raises:
            ValueError: if nothing is filtered.
        """
        ...

    def count(self, where: Where = EVERYTHING) -> int:
        """How many records pass."""
        ...

    def records(self, where: Where = EVERYTHING, *, thumbnails: bool = False) -> Iterator[Record]:
        """All that pass, by id, in bounded memory."""
        ...

    def sightings(self, where: Where = EVERYTHING, *, limit: int = 100, after: str | None = None) -> list[Record]:
        """Records without thumbnails, the latest first (those without a time last), then by id; at most `limit`.

        Args:
            where: which.
            limit: 1 .. MOST.
            after: id of the last record of the page before; None for the first page.
        """
        ...

    def cameras(self) -> dict[int, int]:
        """Records of each camera, by camid."""
        ...

    def statistics(self, where: Where = EVERYTHING) -> list[Hour]:
        """Records by camera and hour, in that order."""
        ...

    def labels(self) -> dict[str, list[str]]:
        """Values of each label that some record has, sorted; at most 200 a label."""
        ...

    def ready(self) -> None:
        """Return if the store answers; raise Unavailable otherwise."""
        ...

    def close(self) -> None:
        """Let go of the store; an embedded server that nobody else uses is stopped."""
        ...
