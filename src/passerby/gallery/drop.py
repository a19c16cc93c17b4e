"""A gallery's end."""


def drop(url: str) -> None:
    """Delete a gallery: its records, their thumbnails, and the model's name; keys, audit and marks are no part of it.

    Args:
        url: see `open_gallery`; whether there is such a gallery has been looked at.

    Raises:
        Unavailable: if the store cannot be reached, or somebody holds the gallery for a minute.
    """
    if url.startswith("milvus:"):
        from passerby.gallery.milvus.drop import drop_milvus

        drop_milvus(url)
        return
    from passerby.gallery.postgres.drop import drop_postgres

    drop_postgres(url)
