"""A gallery by its URL."""

from passerby.gallery.contract import Gallery
from passerby.types import ModelId


def open_gallery(url: str, *, model: ModelId | None = None, dim: int | None = None) -> Gallery:
    """Open a gallery, or make one.

    Args:
        url: a folder, for embedded PostgreSQL; `postgresql://...`, for a server; `milvus://HOST:PORT/COLLECTION` or
            `milvus:FILE.db`.
        model: which model's vectors are given and asked for; None to take those that it holds.
        dim: their dimensions; needed with `model` to make a gallery that is not there.

    Raises:
        FileNotFoundError: if there is none, and model and dim do not say what to make.
        OtherModel: if it holds vectors of another model or of other dimensions.
        Unavailable: if the store cannot be reached, or another process holds it that does not share.
        ValueError: if the URL is none of these.
    """
    if url.startswith("milvus:"):
        from passerby.gallery.milvus.gallery import open_milvus

        return open_milvus(url, model=model, dim=dim)
    from passerby.gallery.postgres.gallery import open_postgres

    return open_postgres(url, model=model, dim=dim)
