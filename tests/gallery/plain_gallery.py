"""The contract of a gallery in memory, as plain loops: the oracle of every store, and a stand-in in tests."""

from collections import Counter
from dataclasses import replace

import numpy as np

from passerby.gallery.checked import (
    checked_cameras,
    checked_dim,
    checked_filter,
    checked_labels,
    checked_number,
    checked_queries,
    checked_records,
)
from passerby.gallery.contract import About, Added, Hit, Hour, Unavailable
from passerby.gallery.where import EVERYTHING


class PlainGallery:
    """Records in a dict; `break_it` makes every later call raise Unavailable."""

    def __init__(self, model, dim, *, url="memory:"):
        self.about = About(url=url, model=model, dim=checked_dim(dim))
        self.held = {}
        self.broken = False
        self.closed = False

    def add(self, records):
        self.ready()
        vectors = checked_records(records, self.about.dim)
        replaced = sum(record.id in self.held for record in records)
        for record, vector in zip(records, vectors, strict=True):
            self.held[record.id] = replace(record, embedding=vector.copy(), labels=dict(record.labels))
        return Added(new=len(records) - replaced, replaced=replaced)

    def search(self, queries, k, *, where=EVERYTHING, way="approximate"):
        self.ready()
        queries = checked_queries(queries, k, self.about.dim)
        checked_cameras(where, self.cameras())
        checked_labels(where, self.count, self.labels)
        if way not in ("exact", "approximate"):
            raise ValueError(f"way is {way!r}; give 'exact' or 'approximate'.")
        found = [record for record in self.held.values() if passes(record, where)]
        answers = []
        for query in queries:
            hits = [Hit(replace(record, thumbnail=None), cosine(record.embedding, query)) for record in found]
            hits.sort(key=lambda hit: (-hit.similarity, hit.record.id))
            answers.append(hits[:k])
        return answers

    def get(self, ids):
        self.ready()
        return [replace(self.held[one], thumbnail=None) for one in ids if one in self.held]

    def thumbnail(self, id):
        self.ready()
        return self.held[id].thumbnail if id in self.held else None

    def delete(self, where):
        self.ready()
        checked_filter(where)
        gone = [record.id for record in self.held.values() if passes(record, where)]
        for one in gone:
            del self.held[one]
        return len(gone)

    def count(self, where=EVERYTHING):
        self.ready()
        return sum(passes(record, where) for record in self.held.values())

    def records(self, where=EVERYTHING, *, thumbnails=False):
        self.ready()
        for one in sorted(self.held):
            record = self.held[one]
            if passes(record, where):
                yield record if thumbnails else replace(record, thumbnail=None)

    def sightings(self, where=EVERYTHING, *, limit=100, after=None):
        self.ready()
        checked_number(limit, "limit")
        if after is not None and after not in self.held:
            raise ValueError(f"No record {after[:40]!r} to go on after; begin at the first page again.")
        rows = sorted((record for record in self.held.values() if passes(record, where)), key=latest)
        if after is not None:
            rows = [record for record in rows if latest(record) > latest(self.held[after])]
        return [replace(record, thumbnail=None) for record in rows[:limit]]

    def cameras(self):
        self.ready()
        counted = Counter(record.camid for record in self.held.values() if record.camid is not None)
        return dict(sorted(counted.items()))

    def statistics(self, where=EVERYTHING):
        self.ready()
        counted = Counter(
            (record.camid, None if record.time is None else float(record.time // 3600 * 3600))
            for record in self.held.values()
            if passes(record, where)
        )
        hours = [Hour(camid=camid, start=start, count=count) for (camid, start), count in counted.items()]
        return sorted(hours, key=lambda one: (one.camid is None, one.camid or 0, one.start is None, one.start or 0))

    def labels(self):
        self.ready()
        values = {}
        for record in self.held.values():
            for name, value in record.labels.items():
                values.setdefault(name, set()).add(value)
        return {name: sorted(values[name])[:200] for name in sorted(values)}

    def ready(self):
        if self.closed or self.broken:
            raise Unavailable("The gallery in memory is closed." if self.closed else "The gallery in memory is broken.")

    def break_it(self):
        self.broken = True

    def close(self):
        self.closed = True


def passes(record, where):
    """Whether all of a filter is true of a record."""
    if where.ids is not None and record.id not in where.ids:
        return False
    if where.cameras is not None and record.camid not in where.cameras:
        return False
    if record.camid in where.not_cameras:
        return False
    if where.since is not None and (record.time is None or record.time < where.since):
        return False
    if where.until is not None and (record.time is None or record.time >= where.until):
        return False
    if where.pids is not None and record.pid not in where.pids:
        return False
    if any(record.labels.get(name) != value for name, value in where.labels.items()):
        return False
    return (record.camid, record.trackid) not in where.not_tracks


def cosine(a, b):
    """To 1e-9, so that the same vector twice is a tie."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return round(float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())), 9)


def latest(record):
    """Sorts the latest first, those without a time last, then by id."""
    return (record.time is None, -(record.time or 0.0), record.id)
