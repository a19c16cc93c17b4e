"""How much a request may bring, and how long it may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a server accepts.

    Args:
        file: bytes of a picture.
        files: pictures of a search.
        added: pictures that are added at once.
        body: bytes of a request with pictures.
        text: bytes of a request without, and of the text beside pictures.
        pixels: of a picture, told by its header.
        piece: seconds that the next piece of a request may take.
        upload: seconds that a whole request may take to come in.
        work: seconds that the network, or the gallery, may take.
        requests: that are answered at once.
    """

    file: int = 12_000_000
    files: int = 8
    added: int = 32
    body: int = 64_000_000
    text: int = 256_000
    pixels: int = 36_000_000
    piece: float = 20.0
    upload: float = 120.0
    work: float = 30.0
    requests: int = 256
