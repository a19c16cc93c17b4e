"""Open a gallery in Milvus: Lite, Standalone or Distributed."""

import os
import threading
from collections import Counter
from pathlib import Path

from passerby.gallery.checked import checked_dim, checked_model
from passerby.gallery.contract import About, Unavailable
from passerby.gallery.milvus.address import Address, address
from passerby.gallery.milvus.collection import Link
from passerby.gallery.milvus.milvus_gallery import MilvusGallery
from passerby.gallery.milvus.schema import held, make
from passerby.types import ModelId

_open_lites: Counter[Path] = Counter()
_opening = threading.Lock()


def open_milvus(url: str, *, model: ModelId | None = None, dim: int | None = None) -> MilvusGallery:
    """Open a gallery in Milvus, or make one.

    A server's token is read from the environment variable PASSERBY_MILVUS_TOKEN. Milvus Lite is a server in this
    process, on a loopback port without a key; no other process can open the same file.

    Args:
        url: `milvus:FILE.db`, or `milvus://HOST:PORT/COLLECTION`.
        model: whose vectors; None to take those that it holds.
        dim: their dimensions; needed with `model` to make a gallery that is not there.

    Returns:
        The gallery.

    Raises:
        FileNotFoundError: if there is none, and model and dim do not say what to make.
        OtherModel: if it holds vectors of another model or of other dimensions.
        Unavailable: if Milvus does not answer, or another process holds the file.
        ValueError: if the URL is no gallery in Milvus.
    """
    place = address(url)
    if dim is not None:
        checked_dim(dim)
    missing = FileNotFoundError(f"No gallery at {place.url}; add records to make one, or check the address.")
    if place.lite is not None:
        _check_lite(place.lite, missing, model is not None and dim is not None)
    link = _link(place)
    try:
        found = held(link, place)
        if found is None:
            if model is None or dim is None:
                raise missing
            make(link, place, model, dim)
            found = held(link, place)
            if found is None:
                raise Unavailable(f"The gallery at {place.url} was made, but is not there; try again.")
        checked_model(found.model, found.dim, model=model, asked_dim=dim)
    except BaseException:
        _let_go(link, place)
        raise
    about = About(url=place.url, model=found.model, dim=found.dim)
    return MilvusGallery(link, place, about, index=found.index, let_go=_let_go)


def _link(place: Address) -> Link:
    """A connection; Milvus Lite is started by the first."""
    token = "" if place.lite else os.environ.get("PASSERBY_MILVUS_TOKEN", "")
    with _opening:
        try:
            link = Link(place.uri, token=token, url=place.url)
        except Unavailable as error:
            if place.lite and (place.lite / "LOCK").exists():
                raise Unavailable(f"{error} Does another process hold it? Milvus Lite does not share.") from None
            raise
        if place.lite:
            _open_lites[place.lite] += 1
        return link


def _let_go(link: Link, place: Address) -> None:
    """Close a connection; Milvus Lite stops with the last."""
    with _opening:
        link.close()
        if place.lite:
            _open_lites[place.lite] -= 1
            if not _open_lites[place.lite]:
                from milvus_lite.server_manager import server_manager_instance

                server_manager_instance.release_server(str(place.lite))


def _check_lite(folder: Path, missing: FileNotFoundError, making: bool) -> None:
    """Refuse what Milvus Lite would overwrite, or make although nobody asked for it."""
    if not folder.exists() and not making:
        raise missing
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"No folder {folder.parent}; make it first.")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; a gallery of Milvus Lite is a folder (older ones cannot be read).")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "collections").is_dir():
        raise ValueError(f"{folder} is a folder of something else; give one that is not there.")
