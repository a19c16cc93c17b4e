"""The frames of a video file."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image

from passerby.frames.footage import Footage
from passerby.frames.frame import Frame

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,asf,h264,hevc,m4v,mpegvideo,mjpeg,ivf"
"""What FFmpeg is asked to recognise: no playlists, which name other files or hosts."""
MAX_PIXELS = 36_000_000
"""Frames with more pixels are refused before they are decoded; 8K has 33 million."""
MOST = 20_000_000
"""Frames that one file may hold: nine days at 25 a second."""
LEAP = 600.0
"""Seconds that a time stamp after a broken packet may be away from the one before, to be believed."""
BROKEN = 1000
"""Packets without any frame between them after which the rest of a file is given up."""


def video(path: Path, *, fps: float | None = None) -> Footage:
    """A video file. Its frames are decoded one at a time.

    Frames are counted from 1 on, in the order in which they are shown. After a packet that cannot be decoded the time
    stamps say how many were lost. A frame's second is its own time stamp's.

    Args:
        path: the file; nobody need trust it.
        fps: frames a second, where the file's time stamps are not to be believed; None to believe them.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no video, holds no frame, or its frames are too large.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No video at {path}; check the path.")
    with _opened(path) as container:
        stream = _stream(path, container)
        rate = fps or float(stream.average_rate or stream.guessed_rate or 0)
        if not math.isfinite(rate) or not 0.001 <= rate <= 1000:
            raise ValueError(f"{path} does not say how many frames it has a second; give --fps.")
        count = stream.frames or None

    def frames(every: int, on_broken: Callable[[str], None]) -> Iterator[Frame]:
        return _frames(path, rate, fps is None, count, every, on_broken)

    return Footage(path=path, fps=rate, timed=True, count=count, names={}, frames=frames)


def _opened(path: Path) -> "av.container.InputContainer":
    """A container that opens no other file and no connection."""
    try:
        return av.open(
            f"file:{path.absolute()}",
            options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
            metadata_errors="ignore",
        )
    except (av.FFmpegError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"{path} is not a video that can be read ({why}).") from None


def _stream(path: Path, container: "av.container.InputContainer") -> "av.VideoStream":
    if not container.streams.video:
        raise ValueError(f"{path} holds no moving pictures; give a video.")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None:
        raise ValueError(f"{path} holds pictures of a kind that cannot be decoded; write it anew as MP4.")
    if context.width * context.height > MAX_PIXELS:
        raise ValueError(f"{path} has frames of {context.width} x {context.height} pixels; at most {MAX_PIXELS:,}.")
    context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


@dataclass(slots=True)
class _Clock:
    """How frames are counted and timed."""

    rate: float
    stamped: bool
    number: int = 0
    first: float | None = None
    last: float = 0.0
    lost: bool = False

    def next(self, at: float | None) -> tuple[int, float]:
        if self.first is None and at is not None:
            self.first = at
        since = None if at is None or self.first is None else at - self.first
        if self.lost and since is not None and abs(since - self.last) > LEAP:
            since = None  # what is left of a broken packet can bear any time stamp
        self.number += 1
        if self.lost and since is not None:
            self.number = max(self.number, 1 + round(since * self.rate))
        self.lost = False
        seconds = since if self.stamped and since is not None else (self.number - 1) / self.rate
        self.last = max(0.0, seconds)
        return self.number, self.last


def _frames(
    path: Path, rate: float, stamped: bool, count: int | None, every: int, on_broken: Callable[[str], None]
) -> Iterator[Frame]:
    clock, broken, bad, in_a_row = _Clock(rate, stamped), "", 0, 0
    with _opened(path) as container:
        stream = _stream(path, container)
        packets = container.demux(stream)
        while True:
            decoded: list[av.VideoFrame] = []
            try:
                packet = next(packets, None)
                if packet is None:
                    break
                decoded = list(packet.decode())
                in_a_row = 0 if decoded else in_a_row
            except (av.FFmpegError, ValueError) as error:
                broken, clock.lost, bad, in_a_row = (
                    getattr(error, "strerror", "") or str(error),
                    True,
                    bad + 1,
                    in_a_row + 1,
                )
                if in_a_row > BROKEN or isinstance(error, av.EOFError):
                    break
                continue
            for picture in decoded:
                number, seconds = clock.next(None if picture.pts is None else float(picture.pts * picture.time_base))  # type: ignore[operator]
                if number > MOST:
                    raise ValueError(f"{path} has more than {MOST:,} frames; split it.")
                if picture.is_corrupt:
                    broken, bad = "damaged", bad + 1
                elif (number - 1) % every == 0:
                    yield Frame(number, seconds, _upright(picture), path)
    if clock.number == 0:
        raise ValueError(f"{path} holds no frame that can be decoded{f' ({broken})' if broken else ''}.")
    if bad:
        parts = "1 part" if bad == 1 else f"{bad:,} parts"
        on_broken(f"{path}: {parts} could not be decoded ({broken}); the rest was.")
    if count is not None and clock.number < count:
        on_broken(f"{path} ends after {clock.number} of its {count} frames; it was cut off.")


def _upright(picture: "av.VideoFrame") -> Image.Image:
    """RGB, turned as the file says it is to be shown."""
    image = Image.fromarray(picture.to_ndarray(format="rgb24"))
    turn = round(getattr(picture, "rotation", 0)) % 360
    return image.rotate(turn, expand=True) if turn else image
