"""People by OpenCV's own detector, which needs no weights."""

import cv2
import numpy as np
from PIL import Image

from passerby.frames.frame import Box, Detect

NAME = "hog"
"""What the command line calls it."""
HEIGHT = (480, 720)
"""Rows that a frame is scaled to lie between: the detector sees people of 96 rows and more."""
SAME = 0.4
"""Overlap from which two windows are of one person."""
MARGIN = (0.14, 0.09)
"""Share of a window left and right, and above and below, that is around the person."""


def hog() -> Detect:
    """Upright people of 96 rows and more, with a confidence in 0 .. 1. Quick, and much the weakest of the detectors.

    Source: Dalal and Triggs, Histograms of Oriented Gradients for Human Detection; with the people detector that OpenCV
        carries.
    """
    window = cv2.HOGDescriptor()
    window.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector(), dtype=np.float32))

    def detect(image: Image.Image) -> tuple[Box, ...]:
        scale = min(max(image.height, HEIGHT[0]), HEIGHT[1]) / image.height
        size = (max(64, round(image.width * scale)), max(128, round(image.height * scale)))
        picture = np.asarray(image.resize(size, Image.Resampling.BILINEAR))[:, :, ::-1]
        found, weights = window.detectMultiScale(
            np.ascontiguousarray(picture), hitThreshold=0.0, winStride=(8, 8), padding=(16, 16), scale=1.06,
            groupThreshold=0.0,
        )  # fmt: skip
        if not len(found):
            return ()
        windows = np.asarray(found, dtype=np.int64).reshape(-1, 4).tolist()
        sure = np.asarray(weights, dtype=np.float64).reshape(-1).tolist()
        # it looks with several threads, whose order is chance
        rows = sorted(zip(windows, sure, strict=True), key=lambda row: (-row[1], row[0]))
        kept = cv2.dnn.NMSBoxes([box for box, _ in rows], [weight for _, weight in rows], 0.0, SAME)
        return tuple(_box(*rows[int(place)], scale) for place in np.asarray(kept).reshape(-1))

    return detect


def _box(window: list[int], weight: float, scale: float) -> Box:
    x, y, w, h = (side / scale for side in window)
    # half a support vector machine's margin is an even chance; nothing is calibrated here
    confidence = float(1 / (1 + np.exp(-4 * (weight - 0.5))))
    return Box(x + MARGIN[0] * w, y + MARGIN[1] * h, (1 - 2 * MARGIN[0]) * w, (1 - 2 * MARGIN[1]) * h, confidence)
