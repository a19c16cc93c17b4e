"""The end of a gallery in Milvus."""

import os

from passerby.gallery.milvus.address import address
from passerby.gallery.milvus.collection import SECONDS, Collection, Link
from passerby.gallery.milvus.gallery import open_milvus
from passerby.gallery.milvus.schema import words_of


def drop_milvus(url: str) -> None:
    """Delete a gallery: both of its collections. The folder of Milvus Lite stays, empty.

    What says that there is a gallery goes first: if Milvus stops in between, there is none, and a new one can be made.

    Args:
        url: `milvus:FILE.db`, or `milvus://HOST:PORT/COLLECTION`.

    Raises:
        FileNotFoundError: if there is no gallery, or no longer.
        Unavailable: if Milvus does not answer, or another process holds the file.
        ValueError: if the URL, or the collection, is no gallery of ours.
    """
    place = address(url)
    opened = open_milvus(url)  # which refuses collections of somebody else, and starts Milvus Lite
    try:
        link = Link(place.uri, token="" if place.lite else os.environ.get("PASSERBY_MILVUS_TOKEN", ""), url=place.url)
        try:
            Collection(link, words_of(place.collection)).delete(["about"])
            with link.answered():
                link.client.drop_collection(place.collection, timeout=SECONDS)
                link.client.drop_collection(words_of(place.collection), timeout=SECONDS)
        finally:
            link.close()
    finally:
        opened.close()
