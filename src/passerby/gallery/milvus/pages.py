"""All rows that pass, by id, in bounded memory."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from passerby.gallery.milvus.collection import AT_ONCE, Collection, Row
from passerby.gallery.milvus.passing import both

_END = 16**32


def pages(
    collection: Collection, expression: str, fields: Sequence[str], *, size: int, after: str = "", strong: bool = False
) -> Iterator[list[Row]]:
    """Rows in pages, by id within and across them.

    Milvus promises no order, so the range of ids is cut into parts that are read one after the other; ids are digests,
    so parts of equal width hold about as many. One that holds too many is cut again.

    Args:
        collection: of records.
        expression: which pass; "" for all.
        fields: which are read; the id is always.
        size: rows of a page, at most.
        after: id to begin after; "" for the first.
        strong: whether the writes of all other clients so far must be seen.

    Returns:
        The pages, none empty.
    """
    size = min(size, AT_ONCE - 1)
    first = int(after, 16) + 1 if after else 0
    number = collection.count(both(expression, _between(first, _END)), strong=strong)
    parts = _cut(first, _END, max(1, -(-number * 3 // (size * 2))))  # two thirds full, so that few are cut again
    while parts:
        low, high = parts.pop(0)
        rows = collection.rows(both(expression, _between(low, high)), ["id", *fields], limit=size + 1, strong=strong)
        if len(rows) > size and high - low > 1:
            parts = _cut(low, high, 16) + parts
        elif rows:
            yield sorted(rows, key=lambda row: str(row["id"]))


def _between(low: int, high: int) -> str:
    """The expression of ids in [low, high)."""
    until = f'id < "{high:032x}"' if high < _END else ""
    return both(f'id >= "{low:032x}"' if low else "", until)


def _cut(low: int, high: int, number: int) -> list[tuple[int, int]]:
    """[low, high) in so many parts of about the same width."""
    edges = sorted({low + (high - low) * part // number for part in range(number + 1)})
    return list(pairwise(edges))
