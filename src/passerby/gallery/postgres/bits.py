"""One bit for each dimension of a copy, by which a filter that keeps many records is searched."""

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
        connection: in a transaction. Until there is a mean, only one at a time adds records.
        coming: (N, D) copies that are about to be added.

    Returns:
        (D,) the mean; None while there are too few records.
    """
    found = _read(connection, "SELECT halfvec_send(middle) FROM meta")
    if found is not None:
        return found
    found = _read(connection, "SELECT halfvec_send(middle) FROM meta FOR UPDATE")
    if found is not None:  # somebody else was quicker
        return found
    if len(coming) >= ENOUGH:
        mean = coming[:SOME].mean(axis=0, dtype=np.float64)
        connection.execute("UPDATE meta SET middle = %s::halfvec", (str(mean.tolist()),))
    else:
        connection.execute(
            "UPDATE meta SET middle = (SELECT avg(few.near)::halfvec FROM (SELECT near FROM records LIMIT %s) AS few "
            "HAVING count(*) >= %s)",
            (SOME, ENOUGH),
        )
    found = _read(connection, "SELECT halfvec_send(middle) FROM meta")
    if found is not None:
        connection.execute(
            f"UPDATE records SET bits = binary_quantize(records.near - middle)::bit({len(found)}) FROM meta "
            "WHERE bits IS NULL".encode()
        )
    return found


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


def _read(connection: psycopg.Connection, statement: str) -> Half | None:
    row = connection.execute(statement.encode(), binary=True).fetchone()
    if row is None or row[0] is None:
        return None
    return np.frombuffer(row[0], ">f2", offset=4).astype(np.float16)
