"""One bit for each dimension of a copy, by which a filter that keeps many records is searched."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import psycopg

from passerby.gallery.postgres.near import Half

ENOUGH = 1_000
"""Records whose mean is worth cutting at."""
SOME = 5_000
"""Records that the mean is taken of."""


def middle(connection: psycopg.Connection, coming: Half) -> Half | None:
    """The copies' mean, which does not change once it is there: a bit says whether a copy lies above it.

    Around 0 instead, numbers that are never negative, as many a network gives, would all have the same bits. If what
    came first is unlike the rest, as where one camera was added before the others, the bits tell less; they are not
    made anew, since every index would have to take in every record again, but not searched where they were measured to
    find too few (checking.py).

    Args:
        connection: in no transaction. Where the mean can be had it is committed before this returns, so that nobody
            waits while what comes is added.
        coming: (N, D) copies that are about to be added.

    Returns:
        (D,) the mean; None while there are too few records.
    """
    with connection.transaction():
        found = _read(connection, "SELECT halfvec_send(middle) FROM meta")
        if found is not None:
            return found
        some = connection.execute("SELECT FROM records LIMIT %s", (ENOUGH,)).rowcount
        if max(some, len(coming)) < ENOUGH:
            return None
        found = _read(connection, "SELECT halfvec_send(middle) FROM meta FOR UPDATE")
        if found is not None:  # somebody else was quicker
            return found
        if len(coming) >= ENOUGH:
            mean = coming[:SOME].mean(axis=0, dtype=np.float64)
            connection.execute("UPDATE meta SET middle = %s::halfvec", (str(mean.tolist()),))
        else:
            connection.execute(
                "UPDATE meta SET middle = (SELECT avg(few.near)::halfvec FROM (SELECT near FROM records LIMIT %s) "
                "AS few HAVING count(*) >= %s)",
                (SOME, ENOUGH),
            )
        found = _read(connection, "SELECT halfvec_send(middle) FROM meta")
        if found is not None:
            # Rows that others are changing are theirs (`late`): to wait for them would be to wait for each other. One
            # whose change is rolled back keeps none, and is found all the same (by_bits.py).
            _cut(connection, "SELECT id FROM records WHERE bits IS NULL FOR UPDATE SKIP LOCKED", len(found))
        return found


def late(connection: psycopg.Connection, ids: Sequence[str]) -> None:
    """Give records their bits that were added without, if there is a mean by now.

    Whoever makes the mean gives bits to the records that it sees, and waits for this to be committed: so each record is
    seen by it, or sees the mean here.

    Args:
        connection: in the transaction that added them, at its end.
        ids: of the records.
    """
    found = _read(connection, "SELECT halfvec_send(middle) FROM meta FOR SHARE")
    if found is not None:
        _cut(connection, "SELECT unnest(%s::uuid[])", len(found), list(ids))


def bits(copies: Half, middle: Half | None) -> list[bytes | None]:
    """The bits of copies, as the binary form of PostgreSQL's type `bit` begins after its length.

    Args:
        copies: (N, D).
        middle: (D,) what they are cut at.

    Returns:
        N times ceil(D / 8) bytes; None without a middle.
    """
    if middle is None:
        return [None] * len(copies)
    above: npt.NDArray[np.uint8] = np.packbits(copies > middle, axis=1)
    return [row.tobytes() for row in above]


def _cut(connection: psycopg.Connection, chosen: str, dim: int, *given: object) -> None:
    """Bits for those of some records that have none."""
    connection.execute(
        f"UPDATE records SET bits = binary_quantize(records.near - middle)::bit({dim}) FROM meta "
        f"WHERE bits IS NULL AND id IN ({chosen})".encode(),
        given,
    )


def _read(connection: psycopg.Connection, statement: str) -> Half | None:
    row = connection.execute(statement.encode(), binary=True).fetchone()
    if row is None or row[0] is None:
        return None
    return np.frombuffer(row[0], ">f2", offset=4).astype(np.float16)
