"""Boxes of the same person in one frame after the other, by the library `trackers`."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import supervision
from trackers import ByteTrackTracker

from passerby.frames.frame import Box

SURE = 0.5
"""Confidence from which a box may begin a track; one of less may only go on with one."""

Link = Callable[[Sequence[Box]], tuple[Box, ...]]
"""Gives the boxes of the next frame their ids; those that belong to no track are left out."""


def link(*, fps: float) -> Link:
    """ByteTrack over the frames of one camera; a new one for each video.

    Where a confidence of a frame lies outside of 0 .. 1, all its boxes are taken as sure.

    Args:
        fps: frames a second that are given to it.

    Source: Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box.
    """
    tracker = ByteTrackTracker(frame_rate=fps, track_activation_threshold=SURE, high_conf_det_threshold=SURE)

    def next_frame(boxes: Sequence[Box]) -> tuple[Box, ...]:
        sides = np.array([one.sides for one in boxes], dtype=np.float32).reshape(-1, 4)
        sides[:, 2:] += sides[:, :2]
        sure = np.array([one.confidence for one in boxes], dtype=np.float32)
        found = tracker.update(
            supervision.Detections(
                xyxy=sides,
                confidence=sure if ((sure >= 0) & (sure <= 1)).all() else np.ones_like(sure),
                class_id=np.arange(len(boxes)),
            )
        )
        if found.class_id is None or found.tracker_id is None:
            return ()
        pairs = sorted(zip(found.class_id.tolist(), found.tracker_id.tolist(), strict=True))
        return tuple(replace(boxes[place], id=who) for place, who in pairs if who >= 0)

    return next_frame
