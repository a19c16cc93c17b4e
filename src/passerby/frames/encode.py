"""Write a video."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

GROUP = 12
"""Frames from one that stands alone to the next."""


def encode(path: Path, frames: Iterator[npt.NDArray[np.uint8]], *, fps: int) -> None:
    """Write frames as an MP4 file with MPEG-4 part 2, which every FFmpeg has. The same frames give the same bytes.

    Args:
        path: the file, whatever its ending.
        frames: (H, W, 3) uint8 RGB, all of one even size; one or more.
        fps: frames a second.

    Raises:
        ValueError: if there is no frame.
    """
    first = next(frames, None)
    if first is None:
        raise ValueError("There are no frames to write; give one or more.")
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), mode="w", format="mp4", options=options) as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = 1
        context.gop_size = GROUP
        context.options = {"qmin": "2", "qmax": "4", "flags": "+bitexact"}
        context.bit_rate = 24 * first.shape[0] * first.shape[1]
        picture: npt.NDArray[np.uint8] | None = first
        while picture is not None:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            picture = next(frames, None)
        container.mux(stream.encode())
