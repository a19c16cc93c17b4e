"""The tracks in a camera's frames, and the best pictures of each."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from torch import Tensor

from passerby import images
from passerby.frames.frame import Box, Frame, overlap
from passerby.frames.place import place
from passerby.frames.sighting import Sighting, jpeg, sharpness
from passerby.images import Largest, Size

CROPS = 8
"""Pictures of a track that are embedded, at most."""
APART = 0.5
"""Seconds of which at most one picture is taken."""
GONE = 10.0
"""Seconds unseen after which a track has ended."""
GOING = 500
"""Tracks that are followed at once; beyond them the one unseen for longest ends."""
LONG = 60.0
"""Seconds after which a track that goes on becomes a second sighting."""
SMALLEST = (6, 16)
"""Columns and rows within the frame that a box must have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is known of a camera's frames.

    Args:
        camid: the camera; None where it is not known.
        start: seconds since 1970 of the first frame; None where it is not known.
        fps: frames a second.
        people: whether the boxes' ids are people.
        linked: whether the ids were made by `link`, so that they mean nothing outside of this video.
        each: whether each box is a sighting of its own.
        together: whether all frames lie in one file, so that a path alone does not tell them apart.
    """

    camid: int | None
    start: float | None
    fps: float
    people: bool = False
    linked: bool = False
    each: bool = False
    together: bool = False


@dataclass(slots=True)
class _Best:
    """The best picture of half a second."""

    quality: float
    number: int
    seconds: float | None
    path: Path
    box: Box
    crop: Tensor
    small: bytes


@dataclass(slots=True)
class _Track:
    first: float
    last: float
    best: dict[int, _Best] = field(default_factory=dict)


def tracks(
    frames: Iterable[tuple[Frame, Sequence[Box]]], *, size: Size | Largest, seen: Seen, passed_over: Counter[str]
) -> Iterator[Sighting]:
    """Sightings, as their tracks end.

    Of each half second of a track the best picture is kept, and of these the best CROPS: the score is
    sharpness x sqrt(rows) x (share inside the frame)^2 x (share under no nearer box)^2, where nearer is whose lower
    edge lies lower. The best one of all gives the sighting's time, box and thumbnail. A track that is not seen for GONE
    seconds has ended, and where more than GOING go on, those unseen for longest; one that goes on for
    LONG seconds gives a further sighting, with the same track's number.

    Args:
        frames: each frame and its boxes, with ids unless `each`.
        size: what the model sees.
        seen: what is known of the frames.
        passed_over: where the boxes that are not used are counted, by reason.
    """
    going: dict[int, _Track] = {}
    for frame, boxes in frames:
        now = (frame.number - 1) / seen.fps if frame.seconds is None else frame.seconds
        for box, others in _usable(frame, boxes, passed_over):
            crop = images.crop(frame.image, box.sides)
            if seen.each or box.id is None:
                yield _sighting([_picture(frame, box, crop, size, 0.0)], box.id, seen)
                continue
            track = going.setdefault(box.id, _Track(now, now))
            track.last = now
            _consider(track, frame, box, others, now, size, crop)
        ended = [who for who, t in going.items() if now - t.last > GONE or now - t.first >= LONG]
        crowd = sorted(set(going).difference(ended), key=lambda who: (going[who].last, who))
        for who in ended + crowd[: max(0, len(crowd) - GOING)]:
            track = going.pop(who)
            yield _sighting(list(track.best.values()), who, seen)
    for who in sorted(going):
        yield _sighting(list(going[who].best.values()), who, seen)


def _usable(frame: Frame, boxes: Sequence[Box], passed_over: Counter[str]) -> Iterator[tuple[Box, list[Box]]]:
    """Boxes with enough of them in the frame, each with those that may hide it."""
    whole = Box(0, 0, frame.image.width, frame.image.height)
    for box in boxes:
        wide = min(box.x + box.w, whole.w) - max(box.x, 0)
        high = min(box.y + box.h, whole.h) - max(box.y, 0)
        if wide <= 0 or high <= 0:
            passed_over["outside of the frame"] += 1
        elif wide < SMALLEST[0] or high < SMALLEST[1]:
            passed_over[f"smaller than {SMALLEST[0]} x {SMALLEST[1]} pixels"] += 1
        else:
            yield box, [other for other in boxes if other is not box and other.y + other.h > box.y + box.h]


def _consider(
    track: _Track, frame: Frame, box: Box, others: Sequence[Box], now: float, size: Size | Largest, crop: Image.Image
) -> None:
    """Keep a picture if it is the best of its half second, and that among the best."""
    inside = min(1.0, overlap(box, Box(0, 0, frame.image.width, frame.image.height)) / (box.w * box.h))
    hidden = min(1.0, max((overlap(box, other) for other in others), default=0.0) / (box.w * box.h))
    quality = sharpness(crop) * crop.height**0.5 * inside**2 * (1 - hidden) ** 2
    slot = int((now - track.first) / APART)
    there = track.best.get(slot)
    if there is not None and there.quality >= quality:
        return
    full = slot not in track.best and len(track.best) > CROPS
    if full:  # one more than is taken at last, since this half second may yet bring a better one
        worst = min((s for s in track.best if s != slot), key=lambda s: (track.best[s].quality, s))
        del track.best[worst]
    track.best[slot] = _picture(frame, box, crop, size, quality)


def _picture(frame: Frame, box: Box, crop: Image.Image, size: Size | Largest, quality: float) -> _Best:
    return _Best(quality, frame.number, frame.seconds, frame.path, box, images.resize(crop, size), jpeg(crop))


def _sighting(found: list[_Best], who: int | None, seen: Seen) -> Sighting:
    ranked = sorted(found, key=lambda one: (-one.quality, one.number))[:CROPS]
    best = ranked[0]
    path = str(place(best.path))
    seconds = best.seconds
    if seen.together and seen.start is None and seconds is not None:
        path += f"#t={seconds:.3f}"  # a media fragment; without a time of day nothing else tells two frames apart
    return Sighting(
        camid=seen.camid,
        time=None if seen.start is None or seconds is None else seen.start + seconds,
        trackid=_apart(best.path, who) if seen.linked and who is not None else who,
        pid=who if seen.people and who else None,
        path=path,
        box=best.box.sides,
        crops=tuple(one.crop for one in ranked),
        thumbnail=best.small,
    )


def _apart(path: Path, who: int) -> int:
    """A number for a track that tracks of other videos of the camera hardly have, and always the same."""
    digest = hashlib.sha256(f"{path.name}\0{place(path)}\0{who}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 2**31
