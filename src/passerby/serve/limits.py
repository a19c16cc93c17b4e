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
        held: bytes of all requests with pictures that are there at once, in memory or in temporary files; those without
            are bounded by their number.
        pixels: of a picture, told by its header.
        piece: seconds that the next piece of a request may take.
        upload: seconds that a whole request may take to come in.
        work: seconds that the network, or the gallery, may take.
        requests: that are answered at once.
        exports: that run at once; each holds a connection to the gallery's database.
        export: seconds that one may take.

    Raises:
        ValueError: if all requests with pictures may hold less than one.
    """

    file: int = 12_000_000
    files: int = 8
    added: int = 32
    body: int = 64_000_000
    text: int = 256_000
    held: int = 512_000_000
    pixels: int = 36_000_000
    piece: float = 20.0
    upload: float = 120.0
    work: float = 30.0
    requests: int = 256
    exports: int = 2
    export: float = 3600.0

    def __post_init__(self) -> None:
        if self.held < self.body:
            raise ValueError(
                f"held is {self.held:,} bytes, and one request may have {self.body:,}; give as many or more."
            )
