"""A collection of Milvus: the few calls that a gallery needs, each with a time limit."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from passerby.gallery.contract import Unavailable
from passerby.gallery.record import Vector

try:
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException
except ImportError as missing:
    raise Unavailable("A gallery in Milvus needs pymilvus: pip install 'passerby[milvus]'.") from missing

Row = dict[str, Any]

SECONDS = 20.0
"""How long a call may take before the store counts as away."""
AT_ONCE = 16_384
"""The most rows that Milvus gives at a time."""
_SETTLING = 2.0
"""Seconds after opening and deleting in which all reads wait for all writes."""
PART = 12_000_000
"""Bytes of a request or answer: well below what servers take (64 MB)."""


class Link:
    """A connection; None of its errors leaves it but Unavailable.

    Args:
        uri: for pymilvus.
        token: of the server; "" for none.
        url: the gallery's, for messages.

    Raises:
        Unavailable: if nobody answers.
    """

    def __init__(self, uri: str, *, token: str, url: str) -> None:
        for name in ("pymilvus", "pymilvus.milvus_client", "milvus_lite"):
            # they print each error with its traceback; we raise it, and it must come once
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self.url = url
        self.closed = False
        with self.answered():
            self.client = MilvusClient(uri=uri, token=token, timeout=SECONDS)

    @contextmanager
    def answered(self) -> Iterator[None]:
        """What goes wrong inside becomes Unavailable."""
        if self.closed:
            raise Unavailable(f"The gallery {self.url} is closed; open it again.")
        try:
            yield
        except MilvusException as error:
            raise Unavailable(f"Milvus at {self.url} does not do it: {_line(error)}") from None
        except ValueError as error:
            if self.closed:  # gRPC's word for a channel that another thread has closed
                raise Unavailable(f"The gallery {self.url} is closed; open it again.") from None
            raise Unavailable(f"Milvus at {self.url} does not do it: {_line(error)}") from None

    def close(self) -> None:
        """Let go of the connection."""
        self.closed = True
        self.client.close()


class Collection:
    """One collection.

    Args:
        link: the connection.
        name: of the collection.
    """

    def __init__(self, link: Link, name: str) -> None:
        self.link = link
        self.name = name
        self.writing = threading.Lock()
        self._strong_until = time.monotonic() + _SETTLING

    def count(self, passing: str, *, strong: bool = False) -> int:
        """How many rows pass an expression; "" for all."""
        (row,) = self._query(passing, ["count(*)"], None, strong)
        return int(row["count(*)"])

    def rows(self, passing: str, fields: Sequence[str], *, limit: int | None = None, strong: bool = False) -> list[Row]:
        """Rows that pass, in no order; with `strong` those of every client's writes so far, else surely of our own."""
        return self._query(passing, fields, limit, strong)

    def upsert(self, rows: Sequence[Row]) -> None:
        """Write rows; those that are there are replaced."""
        with self.link.answered():
            self.link.client.upsert(self.name, list(rows), timeout=SECONDS)

    def delete(self, ids: Sequence[str]) -> None:
        """Delete rows by id."""
        with self.link.answered():
            self.link.client.delete(self.name, ids=list(ids), timeout=SECONDS)
        # servers do not count a deletion among the writes that a session must see
        self._strong_until = time.monotonic() + _SETTLING

    def seal(self) -> None:
        """Have all rows so far indexed, which begins now and takes Milvus a while."""
        with self.link.answered():
            self.link.client.flush(self.name, timeout=SECONDS)

    def nearest(
        self, vectors: Vector, limit: int, passing: str, fields: Sequence[str], search: Mapping[str, int]
    ) -> list[list[Row]]:
        """For each vector the rows most like it, closest first, with their similarity as `distance`."""
        with self.link.answered():
            found = self.link.client.search(
                self.name,
                list(vectors),
                anns_field="embedding",
                filter=passing,
                limit=limit,
                output_fields=list(fields),
                search_params={"metric_type": "COSINE", "params": dict(search)},
                consistency_level=self._level(),
                timeout=SECONDS,
            )
        return [[{**hit["entity"], "id": hit["id"], "distance": hit["distance"]} for hit in hits] for hits in found]

    def _query(self, passing: str, fields: Sequence[str], limit: int | None, strong: bool) -> list[Row]:
        limits = {} if limit is None else {"limit": limit}
        with self.link.answered():
            return [
                dict(row)
                for row in self.link.client.query(
                    self.name,
                    filter=passing or ("" if "count(*)" in fields else 'id >= ""'),
                    output_fields=list(fields),
                    consistency_level="Strong" if strong else self._level(),
                    timeout=SECONDS,
                    **limits,
                )
            ]

    def _level(self) -> str:
        """Our own writes at least; all writes so far takes a fifth of a second."""
        return "Strong" if time.monotonic() < self._strong_until else "Session"


def _line(error: Exception) -> str:
    """The first line of an error, not too long."""
    text = str(getattr(error, "message", error)) or type(error).__name__
    return text.splitlines()[0][:300]
