"""The contract of a gallery, in Milvus."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from passerby.gallery.checked import (
    checked_cameras,
    checked_filter,
    checked_labels,
    checked_number,
    checked_queries,
    checked_records,
)
from passerby.gallery.contract import About, Added, Hit, Hour, Way
from passerby.gallery.milvus.address import Address
from passerby.gallery.milvus.collection import PART, Collection, Link, Row
from passerby.gallery.milvus.latest import latest
from passerby.gallery.milvus.nearest import nearest
from passerby.gallery.milvus.pages import pages
from passerby.gallery.milvus.passing import passing
from passerby.gallery.milvus.rows import FIELDS, to_record, to_row, to_thumbnail
from passerby.gallery.milvus.schema import words_of
from passerby.gallery.milvus.sealing import Sealing
from passerby.gallery.milvus.words import Words
from passerby.gallery.record import Record
from passerby.gallery.where import EVERYTHING, Where

_VALUES = 200


class MilvusGallery:
    """The contract of a gallery over two collections of Milvus.

    Where Milvus cannot keep the contract: an `add` of more than some 12 MB, and a `delete` of more than 1,000 records,
    are several requests, and if Milvus stops between two, the first ones are done. Records are all checked before the
    first request, and the same call again completes it, since ids are those of the sightings. Milvus Lite leaves it to
    the operating system when its log reaches the disk: a killed process loses nothing, a power failure may. What other
    processes write is seen by `count`, `records`, `add` and `delete` at once, by the rest within a second or so. More
    than 16,384 records that are equally close to a query are not all compared by id.

    Args:
        link: the connection.
        place: where it is.
        about: what it holds.
        index: of its vectors, as Milvus calls it.
        let_go: closes the connection.
    """

    def __init__(
        self, link: Link, place: Address, about: About, *, index: str, let_go: Callable[[Link, Address], None]
    ) -> None:
        self.about = about
        self._link = link
        self._place = place
        self._let_go = let_go
        self._index = index
        self._lite = place.lite is not None
        self._records = Collection(link, place.collection)
        self._words = Words(Collection(link, words_of(place.collection)))
        self._sealing = None if self._lite else Sealing(self._records.seal)
        self._seen: set[int | tuple[str, str]] = set()
        self._closing = threading.Lock()
        self._page = max(16, min(2_000, PART // (4 * about.dim)))

    def add(self, records: Sequence[Record]) -> Added:
        """Keep records, or replace those with the same id; see the class for what a stop in the middle leaves."""
        checked_records(records, self.about.dim)
        rows = [to_row(record, lite=self._lite) for record in records]
        if not rows:
            self.ready()
            return Added(new=0, replaced=0)
        try:
            with self._records.writing:
                found = self._by_id([record.id for record in records], ["id"], strong=True)
                replaced = sum(len(part) for part in found)
                self._words.write(records)
                for part in self._parts(rows):
                    self._records.upsert(part)
        finally:  # also what a stop in the middle leaves
            if self._sealing is not None:
                self._sealing.added()
        return Added(new=len(rows) - replaced, replaced=replaced)

    def search(
        self, queries: npt.NDArray[np.float32], k: int, *, where: Where = EVERYTHING, way: Way = "approximate"
    ) -> list[list[Hit]]:
        """The records most like each query; `exact` reads all that pass unless the index is FLAT, as in Milvus Lite."""
        asked = checked_queries(queries, k, self.about.dim)
        if way not in ("exact", "approximate"):
            raise ValueError(f"way is {way!r}; give 'exact' or 'approximate'.")
        self._check_named(where)
        expression = passing(where, lite=self._lite)
        if expression is None:
            self._link_open()
            return [[] for _ in asked]
        found = nearest(self._records, asked, k, passing=expression, way=way, index=self._index, dim=self.about.dim)
        if (where.cameras or where.labels) and not any(found):  # another process may have deleted the last one since
            self._seen.difference_update(where.cameras or (), where.labels.items())
            self._check_named(where)
        return found

    def get(self, ids: Sequence[str]) -> list[Record]:
        """Records by id, in the order asked for, without thumbnails."""
        self._link_open()
        found = {str(row["id"]): row for part in self._by_id(ids, FIELDS) for row in part}
        return [to_record(found[one]) for one in ids if one in found]

    def thumbnail(self, id: str) -> bytes | None:
        """The small JPEG of a record."""
        self._link_open()
        rows = [row for part in self._by_id([id], ["thumbnail"]) for row in part]
        return to_thumbnail(rows[0]["thumbnail"]) if rows else None

    def delete(self, where: Where) -> int:
        """Delete records, 1,000 a request, and say how many they were."""
        expression = passing(checked_filter(where), lite=self._lite)
        self._link_open()
        if expression is None:
            return 0
        gone = 0
        with self._records.writing:
            for page in pages(self._records, expression, [], size=1_000, strong=True):
                self._records.delete([str(row["id"]) for row in page])
                gone += len(page)
            self._seen.clear()
        return gone

    def count(self, where: Where = EVERYTHING) -> int:
        """How many records pass."""
        self._link_open()
        expression = passing(where, lite=self._lite)
        return 0 if expression is None else self._records.count(expression, strong=True)

    def records(self, where: Where = EVERYTHING, *, thumbnails: bool = False) -> Iterator[Record]:
        """All that pass, by id, in bounded memory."""
        self._link_open()
        expression = passing(where, lite=self._lite)
        if expression is None:
            return
        fields, size = ((*FIELDS, "thumbnail"), min(self._page, 128)) if thumbnails else (FIELDS, self._page)
        for page in pages(self._records, expression, fields, size=size, strong=True):
            yield from map(to_record, page)

    def sightings(self, where: Where = EVERYTHING, *, limit: int = 100, after: str | None = None) -> list[Record]:
        """Records, the latest first; in Milvus, which does not sort, this takes several requests."""
        checked_number(limit, "limit")
        self._link_open()
        cursor = None
        if after is not None:
            last = self.get([after])
            if not last:
                raise ValueError(f"No record {after[:40]!r} to go on after; begin at the first page again.")
            cursor = (last[0].time, last[0].id)
        expression = passing(where, lite=self._lite)
        if expression is None:
            return []
        return self.get(list(islice(latest(self._records, expression, after=cursor, number=limit), limit)))

    def cameras(self) -> dict[int, int]:
        """Records of each camera."""
        counted = {camid: self._records.count(f"camid == {camid}") for camid in self._words.cameras()}
        return {camid: number for camid, number in counted.items() if number}

    def statistics(self, where: Where = EVERYTHING) -> list[Hour]:
        """Records by camera and hour; Milvus does not group, so all that pass are read, without their vectors."""
        self._link_open()
        expression = passing(where, lite=self._lite)
        counted: Counter[tuple[int, float | None]] = Counter()
        if expression is not None:
            for page in pages(self._records, expression, ["camid", "time", "timed"], size=8_000):
                for row in page:
                    counted[int(row["camid"]), float(row["time"] // 3600 * 3600) if row["timed"] else None] += 1
        hours = [Hour(None if camid == -1 else camid, start, number) for (camid, start), number in counted.items()]
        return sorted(hours, key=lambda one: (one.camid is None, one.camid or 0, one.start is None, one.start or 0))

    def labels(self) -> dict[str, list[str]]:
        """Values of each label, sorted; at most 200 a label."""
        values: dict[str, list[str]] = {}
        for name, value in self._words.labels():
            known = values.setdefault(name, [])
            # its records may all have been deleted
            if len(known) < _VALUES and self._any(Where(labels={name: value})):
                known.append(value)
        return {name: known for name, known in values.items() if known}

    def ready(self) -> None:
        """Return if Milvus answers."""
        self._words.ready()

    def close(self) -> None:
        """Have what was added indexed, and let go of Milvus; the last gallery on the file of Milvus Lite stops that."""
        with self._closing:
            if not self._link.closed:
                try:
                    if self._sealing is not None:
                        self._sealing.stop()
                finally:
                    self._let_go(self._link, self._place)

    def _parts(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Rows that fit into one request."""
        part: list[Row] = []
        size = 0
        for row in rows:
            bytes_of = 4 * self.about.dim + len(row["rest"]) + len(row["thumbnail"]) + 20 * len(row["tags"]) + 200
            if part and size + bytes_of > PART:
                yield part
                part, size = [], 0
            part.append(row)
            size += bytes_of
        yield part

    def _link_open(self) -> None:
        """Where an answer needs no request, a closed gallery is still an error."""
        with self._link.answered():
            pass

    def _by_id(self, ids: Sequence[str], fields: Sequence[str], *, strong: bool = False) -> Iterator[list[Row]]:
        """Rows by id, some at a time."""
        size = self._page if "embedding" in fields else 1_000
        known = sorted(set(ids))
        for start in range(0, len(known), size):
            expression = passing(Where(ids=tuple(known[start : start + size])), lite=self._lite)
            if expression is not None:
                yield self._records.rows(expression, ["id", *fields], strong=strong)

    def _check_named(self, where: Where) -> None:
        """Refuse cameras and labels without records; those once seen are asked for again only after a deletion."""
        for camid in set(where.cameras or ()) - self._seen:
            if not self._any(Where(cameras=(camid,))):
                checked_cameras(where, self.cameras())
            self._seen.add(camid)
        new = dict(where.labels.items() - self._seen)
        checked_labels(Where(labels=new), self._any, self.labels)
        self._seen.update(new.items())

    def _any(self, where: Where) -> bool:
        expression = passing(where, lite=self._lite)
        return expression is not None and bool(self._records.rows(expression, ["id"], limit=1))
