"""Uploaded bytes as pictures, refused by their content where they are none."""

from typing import BinaryIO

from PIL import Image

from passerby import images
from passerby.images import TooManyPixels
from passerby.serve.limits import Limits
from passerby.serve.problem import Refused

FORMATS = ("JPEG", "PNG", "WEBP")
Box = tuple[float, float, float, float]


def picture(file: BinaryIO, *, number: int, box: Box | None, limits: Limits) -> Image.Image:
    """One uploaded picture, decoded and cut to its box. What its name or its content type say plays no part.

    Args:
        file: of its bytes; read here, so that only the threads that decode hold any.
        number: which of the request's pictures it is, from 1, for the error.
        box: (x, y, w, h) in pixels of the upright picture; None for the whole.
        limits: bytes and pixels that are accepted.

    Raises:
        Refused: if it is too large (413), of another format (415), or broken, or the box lies outside (422).
    """
    name = f"Picture {number}"
    data = file.read(limits.file + 1)
    if len(data) > limits.file:
        raise Refused(413, f"{name} has more than {limits.file:,} bytes; give {limits.file:,} or fewer.")
    if not _known(data):
        raise Refused(415, f"{name} is no JPEG, PNG or WebP picture, whatever its name says; give one of these.")
    try:
        whole = images.decode(data, name=name, formats=FORMATS, pixels=limits.pixels)
    except TooManyPixels as error:
        raise Refused(413, str(error)) from None
    except ValueError as error:
        raise Refused(422, str(error)) from None
    try:
        return whole if box is None else images.crop(whole, box)
    except (ValueError, OverflowError) as error:
        raise Refused(422, f"{name}: {error}") from None


def _known(data: bytes) -> bool:
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
