"""What a camera that hangs still films: frames, and where the people are in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from passerby.synth.backdrop import backdrop
from passerby.synth.camera import Camera
from passerby.synth.cast import cast
from passerby.synth.crowd import Crowd
from passerby.synth.figures import PARTS, figures
from passerby.synth.pose import pose
from passerby.synth.scene import REACH, Scene
from passerby.synth.sensor import sensor
from passerby.synth.shade import shade
from passerby.synth.solids import Solids, join
from passerby.synth.things import things
from passerby.synth.view import View, look
from passerby.synth.walk import Walk

TOGETHER = 4
"""Frames that are drawn at once."""
HIGH = 0.62
"""Height of what is seen, in metres on the plane one metre before the camera."""
FINE = 112
"""Rows of a camera whose frames are as fine as they are large."""
_ROOM = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A person in a frame.

    Args:
        person: place in the row of people.
        box: (x, y, w, h) in pixels, around the whole body, also what is hidden or outside of the frame.
        visible: share of the box that lies in the frame and under no nearer box, 0 .. 1.
    """

    person: int
    box: tuple[float, float, float, float]
    visible: float


def filming(
    walks: Sequence[Walk],
    crowd: Crowd,
    camera: Camera,
    scene: Scene,
    *,
    seconds: float,
    fps: float,
    height: int,
    width: int,
) -> Iterator[tuple[Tensor, tuple[Seen, ...]]]:
    """Frames of one camera, one after the other.

    Args:
        walks: of the people who pass it; others are passed over.
        crowd: the people.
        camera: who looks.
        scene: its place.
        seconds: how long.
        fps: frames a second.
        height: pixels of a frame.
        width: pixels of a frame.

    Yields:
        (3, height, width) uint8 RGB, and whoever is in it.
    """
    rows = min(height, round(height * camera.rows / FINE))
    columns = round(rows * width / height)
    own = [walk for walk in walks if walk.camid == camera.camid]
    count = round(seconds * fps)
    still = backdrop(scene, camera, _view(camera, 1, height, width), bearing=torch.zeros(1),
                     shadow=torch.full((1,), 1e6), rows=rows, columns=columns)  # fmt: skip
    sheet = torch.randn(3, rows + 64, columns + 64, generator=torch.Generator().manual_seed(camera.scene))
    for start in range(0, count, TOGETHER):
        numbers = range(start, min(count, start + TOGETHER))
        view = _view(camera, len(numbers), height, width)
        there = _there(own, camera, scene, [number / fps for number in numbers])
        solids, cloths, boxes = _solids(there, crowd, camera, scene, view)
        light = _light(solids, cloths, view, camera, still, rows, columns)
        grain = torch.stack(
            [sheet[:, 37 * n % 64 :, 53 * n % 64 :][:, :rows, :columns] for n in numbers]  # never two alike in a row
        )
        gain, motion = torch.ones(len(numbers), 3), torch.full((len(numbers),), 0.4)
        pictures = sensor(light, camera, gain=gain, motion=motion, grain=grain, height=height, width=width)
        scale = torch.tensor([width, height, width, height])
        for place, picture in enumerate(pictures):
            some = [(walk, at, box * scale) for (walk, n, at), box in zip(there, boxes, strict=True) if n == place]
            yield picture, _seen(some, height, width)


def _view(camera: Camera, count: int, height: int, width: int) -> View:
    zero = torch.zeros(count)
    at = torch.stack((zero, zero + sum(camera.distance) / 2, zero + 0.9), 1)
    eye = torch.stack((zero, zero, zero + camera.height), 1)
    wide = HIGH * width / height
    window = torch.tensor([[-wide / 2, -HIGH / 2, wide, HIGH]]).expand(count, 4)
    return look(eye, at, zero + camera.roll).shows(window)


def _there(
    walks: Sequence[Walk], camera: Camera, scene: Scene, times: Sequence[float]
) -> list[tuple[Walk, int, tuple[float, float, float]]]:
    """Who is on the ground that the camera sees, in which of the frames, and where."""
    near, far = 0.7 * camera.distance[0], scene.wall_at - _ROOM
    found = []
    for place, seconds in enumerate(times):
        for walk in walks:
            x, y, phase = walk.at(seconds)
            if near < y < far and abs(x) < 0.75 * y:
                found.append((walk, place, (x, y, phase)))
    return found


def _solids(
    there: Sequence[tuple[Walk, int, tuple[float, float, float]]],
    crowd: Crowd,
    camera: Camera,
    scene: Scene,
    view: View,
) -> tuple[Solids | None, Tensor, Tensor]:
    """All solids (None for none), their cloths, and (N, 4) left, top, width, height of people, 0 .. 1 of the frame."""
    every, paints, start = [], [], 0
    boxes = torch.zeros(0, 4)
    if there:
        who = torch.tensor([walk.person for walk, _, _ in there])
        place = torch.tensor([frame for _, frame, _ in there])
        x, y, phase = torch.tensor([at for _, _, at in there]).unbind(1)
        body = {name: numbers[who] for name, numbers in crowd.body.items()}
        joints = pose(body, phase, torch.tensor([walk.bend for walk, _, _ in there]))
        foot = torch.stack((x, y, torch.zeros_like(x)), 1)
        heading = torch.tensor([walk.heading for walk, _, _ in there])
        people = figures(body, joints, heading=heading, foot=foot, picture=place)
        every, paints, start = [people], [crowd.cloths[:, who].flatten(1)], len(there) * len(PARTS)
        boxes = _boxes(people, view, len(there))
    for kind in sorted(set(scene.kinds)):
        same = torch.tensor([n for n, other in enumerate(scene.kinds) if other == kind])
        # what stands behind the people: nobody walks through a car
        same = same[scene.feet[same, 1] > camera.distance[1] + REACH[kind]]
        if not len(same):
            continue
        frames = len(view.eye)
        foot = torch.cat((scene.feet[same], torch.zeros(len(same), 1)), 1).repeat(frames, 1)
        picture = torch.arange(frames).repeat_interleave(len(same))
        standing = things(kind, heading=scene.headings[same].repeat(frames), foot=foot, picture=picture)
        every.append(replace(standing, cloth=standing.cloth + start, beyond=standing.beyond + start))
        paint = scene.cloths.view(len(scene.cloths), -1, 2)[:, same].repeat(1, frames, 1).flatten(1)
        paints.append(paint)
        start += paint.shape[1]
    if not every:
        return None, crowd.cloths[:, :0].flatten(1), boxes
    return join(every), torch.cat(paints, 1), boxes


def _boxes(people: Solids, view: View, count: int) -> Tensor:
    where = view.project(people.corners(), people.picture)
    window = view.window[people.picture].unsqueeze(1)
    where = (where - window[..., :2]) / window[..., 2:]
    figure = torch.div(people.cloth, len(PARTS), rounding_mode="floor").unsqueeze(1).expand(-1, 2)
    empty = torch.zeros(count, 2)
    least = empty.scatter_reduce(0, figure, where.amin(1), "amin", include_self=False)
    most = empty.scatter_reduce(0, figure, where.amax(1), "amax", include_self=False)
    return torch.cat((least, most - least), 1)


def _light(
    solids: Solids | None, cloths: Tensor, view: View, camera: Camera, still: Tensor, rows: int, columns: int
) -> Tensor:
    """(B, 3, rows, columns) linear RGB; two rays across a pixel, as in `drawing`."""
    count = len(view.eye)
    if solids is None:
        return still.repeat(count, 1, 1, 1)
    hits = cast(solids, view, rows=rows, columns=2 * columns)
    light = torch.zeros(4, 2, count * rows * columns)
    pixel = torch.div(hits.sample, 2, rounding_mode="floor")
    light[:3, hits.sample - 2 * pixel, pixel] = shade(hits, solids, cloths, camera) / 2
    light[3, hits.sample - 2 * pixel, pixel] = 0.5
    mean = light.sum(1).view(4, count, rows, columns).transpose(0, 1)
    return mean[:, :3] + (1 - mean[:, 3:]) * still


def _seen(
    there: Sequence[tuple[Walk, tuple[float, float, float], Tensor]], height: int, width: int
) -> tuple[Seen, ...]:
    """Whoever has some of the box in the frame; nearer people hide farther ones."""
    nearer: list[tuple[float, float, float, float]] = []
    found = []
    for walk, _, box in sorted(there, key=lambda one: one[1][1]):
        x, y, w, h = box.tolist()
        inside = _overlap((x, y, w, h), (0.0, 0.0, float(width), float(height))) / (w * h)
        hidden = max((_overlap((x, y, w, h), other) / (w * h) for other in nearer), default=0.0)
        nearer.append((x, y, w, h))
        if inside > 0:
            found.append(Seen(person=walk.person, box=(x, y, w, h), visible=max(0.0, inside - hidden)))
    return tuple(sorted(found, key=lambda seen: seen.person))


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)
