"""A small JPEG of a crop, as a gallery keeps it."""

import io

from PIL import Image

from passerby.gallery.record import THUMBNAIL

SIDE = 256
QUALITIES = (85, 70, 50, 30)


def thumbnail(picture: Image.Image) -> bytes | None:
    """A JPEG of at most 256 pixels a side and THUMBNAIL bytes; None where none of the qualities is that small."""
    small = picture.copy()
    small.thumbnail((SIDE, SIDE))
    for quality in QUALITIES:
        kept = io.BytesIO()
        small.save(kept, "JPEG", quality=quality)
        if kept.tell() <= THUMBNAIL:
            return kept.getvalue()
    return None
