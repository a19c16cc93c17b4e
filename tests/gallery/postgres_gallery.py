"""A gallery in PostgreSQL as tests open it, look into it, and do by hand what else its own thread does."""

import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres import graphs
from passerby.gallery.postgres.checking import check_bits


@contextmanager
def opened(url, **model_and_dim):
    """The gallery of a URL, closed at the end."""
    gallery = open_gallery(str(url), **model_and_dim)
    try:
        yield gallery
    finally:
        gallery.close()


@contextmanager
def working(gallery):
    """A connection of the gallery's as its own thread has it."""
    with gallery._database.connection(statement_s=0, autocommit=True) as connection:
        yield connection


def assert_bits(gallery, *, there):
    """All records have bits, those of their copy against the gallery's middle, or none has."""
    with gallery._database.connection() as connection:
        rows = connection.execute(
            "SELECT (records.near::vector)::real[], bits::text, (middle::vector)::real[] FROM records, meta"
        ).fetchall()
    for copy, bits, middle in rows:
        expected = (
            "".join("1" if one > other else "0" for one, other in zip(copy, middle, strict=True)) if there else None
        )
        assert bits == expected


def build(gallery, tail):
    """Whether a graph was built, and all graphs: where each begins and ends, and its rows."""
    with working(gallery) as connection:
        built = graphs.build(connection, tail=tail)
        return built, [(one.low, one.high, one.rows) for one in graphs.graphs(connection)]


def check(gallery):
    """The recall by bits."""
    with working(gallery) as connection:
        return check_bits(connection)


def recall(gallery, held, queries, k=10, **options):
    """The mean share of the answers of another gallery that this one gives too, as many of them."""
    found = gallery.search(queries, k, **options)
    right = held.search(queries, k, **options)
    assert [len(hits) for hits in found] == [len(hits) for hits in right]
    shared = [
        len({one.record.id for one in a} & {one.record.id for one in b}) / len(b)
        for a, b in zip(found, right, strict=True)
        if b
    ]
    return float(np.mean(shared or [1.0]))


def server_of(folder):
    """The number of the server's process."""
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


def runs(pid):
    """Whether a process lives."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1][:3]
    except (FileNotFoundError, ProcessLookupError):  # the latter where it ends while it is read
        return False


def wait_until(fact):
    """Look again and again, for a minute."""
    end = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.02)
