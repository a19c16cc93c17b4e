"""Where a gallery in Milvus lies."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from passerby.gallery.resolved import resolved

INDEXES = ("HNSW", "FLAT", "IVF_FLAT", "IVF_SQ8", "DISKANN", "AUTOINDEX")
_COLLECTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_FORMS = "give milvus:FILE.db, or milvus://HOST:PORT/COLLECTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What pymilvus is told, and what a person is.

    Args:
        url: as it was given; it holds no secret.
        uri: for pymilvus.
        collection: name of the collection of records.
        index: index of a collection that is made here.
        lite: the folder of Milvus Lite; None for a server.
    """

    url: str
    uri: str
    collection: str
    index: str
    lite: Path | None = None


def address(url: str) -> Address:
    """Read the URL of a gallery in Milvus.

    Args:
        url: `milvus:FILE.db` for Milvus Lite; `milvus://HOST:PORT/COLLECTION` for a server, with `?tls=yes` for a
            connection that is encrypted and `?index=DISKANN` for another index than HNSW.

    Returns:
        Its parts.

    Raises:
        ValueError: if it is neither, or holds a password.
    """
    if url.startswith("milvus://"):
        return _server(url)
    name = url.removeprefix("milvus:")
    if not url.startswith("milvus:") or not name.endswith(".db") or "\0" in name:
        raise ValueError(f"{url!r} is no gallery in Milvus; {_FORMS}.")
    file = resolved(name)
    return Address(url=f"milvus:{file}", uri=str(file), collection="gallery", index="FLAT", lite=file)


def _server(url: str) -> Address:
    """The parts of milvus://HOST:PORT/COLLECTION."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        # the URL goes into messages, logs and process lists
        raise ValueError(
            "The URL of a Milvus server holds a name or password; put the token into PASSERBY_MILVUS_TOKEN instead."
        )
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    collection = parts.path.removeprefix("/")
    if not host or not port or not _COLLECTION.fullmatch(collection) or parts.fragment:
        raise ValueError(
            f"{url!r} is no gallery in Milvus; {_FORMS} (a collection's name is 1 .. 200 letters, digits and _)."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    index, tls = options.pop("index", "HNSW"), options.pop("tls", "no")
    if options or index not in INDEXES or tls not in ("yes", "no"):
        raise ValueError(f"{url!r} has options that are not known; give tls=yes or no, index={' | '.join(INDEXES)}.")
    scheme = "https" if tls == "yes" else "http"
    shown = f"[{host}]" if ":" in host else host
    return Address(url=url, uri=f"{scheme}://{shown}:{port}", collection=collection, index=index)
