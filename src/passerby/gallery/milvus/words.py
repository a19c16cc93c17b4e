"""Which cameras and labels a gallery in Milvus has ever had: Milvus has no list of distinct values."""

import json
from collections.abc import Sequence

from passerby.gallery.milvus.collection import Collection, Row
from passerby.gallery.milvus.passing import tag
from passerby.gallery.record import Record


def word(kind: str, text: str, *, key: str) -> Row:
    """A row of the collection of words; Milvus wants a vector in each collection.

    Args:
        kind: about, camera or label.
        text: what it says.
        key: its id, 1 .. 64 characters.

    Returns:
        The row.
    """
    return {"id": key, "kind": kind, "text": text, "none": [1.0, 0.0]}


class Words:
    """The cameras and labels of all records, and maybe some of records that were deleted.

    Args:
        collection: of words.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._written: set[str] = set()

    def write(self, records: Sequence[Record]) -> None:
        """Keep those that come for the first time; to be done before the records are, so that none is ever missing."""
        new: dict[str, Row] = {}
        for record in records:
            if record.camid is not None:
                key = f"camera {int(record.camid)}"
                new[key] = word("camera", str(int(record.camid)), key=key)
            for name, value in record.labels.items():
                key = f"label {tag(name, value)}"
                new[key] = word("label", json.dumps([name, value]), key=key)
        rows = [row for key, row in sorted(new.items()) if key not in self._written]
        for start in range(0, len(rows), 1_000):
            self._collection.upsert(rows[start : start + 1_000])
        self._written.update(new)

    def cameras(self) -> list[int]:
        """All camids, sorted."""
        return sorted(int(row["text"]) for row in self._collection.rows('kind == "camera"', ["text"]))

    def labels(self) -> list[tuple[str, str]]:
        """All names and values, sorted."""
        pairs = (json.loads(row["text"]) for row in self._collection.rows('kind == "label"', ["text"]))
        return sorted((str(name), str(value)) for name, value in pairs)

    def ready(self) -> None:
        """Return if Milvus answers."""
        self._collection.rows('kind == "about"', ["id"], limit=1)
