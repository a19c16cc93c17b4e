"""Pictures of people, drawn."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from numpy.random import default_rng
from torch import Tensor

from passerby.synth.backdrop import backdrop
from passerby.synth.camera import Camera
from passerby.synth.cast import cast
from passerby.synth.crop_box import crop_box
from passerby.synth.crowd import Crowd
from passerby.synth.figures import PARTS, figures
from passerby.synth.pose import pose
from passerby.synth.scene import KINDS, REACH, Scene
from passerby.synth.sensor import sensor
from passerby.synth.shade import shade
from passerby.synth.shot import Shot
from passerby.synth.solids import Solids, join
from passerby.synth.things import things
from passerby.synth.view import View, look

ACROSS = 2
"""Rays across a pixel; one down: most edges of people are upright."""


def drawing(
    shots: Sequence[Shot], crowd: Crowd, camera: Camera, scene: Scene, *, seed: int, height: int, width: int
) -> Tensor:
    """Pictures of one camera. The same shot looks the same whatever else is drawn with it.

    Args:
        shots: B of them, all of this camera.
        crowd: the people, on the device that draws.
        camera: who looks.
        scene: its place, on the same device.
        seed: of the world.
        height: pixels of a picture.
        width: pixels of a picture.

    Returns:
        (B, 3, height, width) uint8 RGB.

    Raises:
        ValueError: if there is no shot, or one belongs to another camera.
    """
    foreign = sorted({shot.camid for shot in shots} - {camera.camid})
    if foreign or not shots:
        raise ValueError(f"{len(shots)} shots of cameras {foreign or 'none'}; give shots of camera {camera.camid}.")
    device = scene.ground.device
    instant = _chances(seed, 3, [shot.moment for shot in shots], 24).to(device)
    passage = _chances(seed, 4, [shot.track for shot in shots], 8).to(device)
    single = _chances(seed, 5, [shot.number for shot in shots], 12).to(device)
    x, y, heading, phase = torch.tensor([[s.x, s.y, s.heading, s.phase] for s in shots], device=device).unbind(1)
    bearing, far = torch.atan2(x, y), (x * x + y * y).sqrt()
    count = len(shots)
    zero = torch.zeros(count, device=device)
    walkers, cloths = _everybody(shots, crowd, camera, far, bearing, heading, phase, instant, passage)
    eye = torch.stack((zero, zero, zero + camera.height), 1)
    view = look(eye, torch.stack((zero, far, zero + 0.9), 1), zero + camera.roll)
    tight = _tight(walkers.pick(walkers.cloth < count * len(PARTS)), view, count)
    view = view.shows(crop_box(tight, [shot.box for shot in shots], single[:, :6]))
    solids, cloths = _with_things(walkers, cloths, view, camera, scene, far, bearing, instant)
    shown = torch.tensor([shot.box != "false" for shot in shots], device=device)
    solids = solids.pick((shown[solids.picture] | (solids.cloth >= count * len(PARTS))).nonzero().flatten())

    rows, columns = camera.rows, camera.rows // 2
    behind = backdrop(scene, camera, view, bearing=bearing, shadow=torch.where(shown, far, 1e6), rows=rows,
                      columns=columns)  # fmt: skip
    hits = cast(solids, view, rows=rows, columns=ACROSS * columns)
    light = torch.zeros(4, ACROSS, count * rows * columns, device=device)
    pixel = torch.div(hits.sample, ACROSS, rounding_mode="floor")
    light[:3, hits.sample - ACROSS * pixel, pixel] = shade(hits, solids, cloths, camera) / ACROSS
    light[3, hits.sample - ACROSS * pixel, pixel] = 1 / ACROSS
    mean = light.sum(1).view(4, count, rows, columns).transpose(0, 1)
    light = mean[:, :3] + (1 - mean[:, 3:]) * behind
    # a passage's light, and a picture's own light and colour
    gain = 1 + 0.24 * (passage[:, :1] - 0.5) + 0.1 * (single[:, 9:10] - 0.5) + 0.06 * (single[:, 6:9] - 0.5)
    grain = _grain(camera, single[:, 10:12], rows, columns)
    return sensor(light, camera, gain=gain, motion=instant[:, 2], grain=grain, height=height, width=width)


def _chances(seed: int, purpose: int, numbers: Sequence[int], count: int) -> Tensor:
    """(B, count) numbers in 0 .. 1 that depend on the seed, the purpose and the number only."""
    return torch.stack(
        [torch.from_numpy(default_rng([seed, purpose, number]).random(count)).float() for number in numbers]
    )


def _grain(camera: Camera, chance: Tensor, rows: int, columns: int) -> Tensor:
    """(B, 3, rows, columns) noise: windows of one large sheet, which is much faster than fresh numbers."""
    generator = torch.Generator().manual_seed(camera.scene)
    sheet = torch.randn(3, 3 * rows, 4 * columns, generator=generator).to(chance.device)
    corners = (chance * torch.tensor([2 * rows, 3 * columns], device=chance.device)).long().tolist()
    return torch.stack([sheet[:, top : top + rows, left : left + columns] for top, left in corners])


def _everybody(
    shots: Sequence[Shot], crowd: Crowd, camera: Camera, far: Tensor, bearing: Tensor, heading: Tensor, phase: Tensor,
    instant: Tensor, passage: Tensor,
) -> tuple[Solids, Tensor]:  # fmt: skip
    """The solids of all people, the shots' own first, and their cloths."""
    device, count, zero = far.device, len(shots), torch.zeros_like(far)
    main = torch.tensor([shot.person for shot in shots], device=device)
    at = torch.arange(count, device=device)
    who, where, turn, step = [main], [at], [heading + bearing], [phase]
    foot, bend = [torch.stack((zero, far, zero), 1)], [instant[:, :2]]
    # a companion beside, somebody behind, somebody in the way; the same one in all pictures of a passage
    for there, column, sideways, away in (
        (passage[:, 1] < 0.10, 3, 0.42 + 0.25 * instant[:, 3], 0.7 * (instant[:, 4] - 0.4)),
        (passage[:, 2] < 0.25, 5, 0.25 + 0.8 * instant[:, 5], 1.5 + 4 * instant[:, 6]),
        (instant[:, 9] < 0.3 * camera.occluded, 7, 0.15 + 0.35 * instant[:, 7], -0.5 - 0.6 * instant[:, 8]),
    ):
        chosen = there.nonzero().flatten()
        # never the person: a step of 1 .. all - 1 around the row
        further = 1 + (passage[chosen, column] * (crowd.count - 1)).long().clamp(max=crowd.count - 2)
        left = torch.where(passage[chosen, column] * 7 % 1 < 0.5, -1.0, 1.0)
        who.append((main[chosen] + further) % crowd.count)
        where.append(chosen)
        turn.append(instant[chosen, 10] * 6.28)
        step.append(instant[chosen, 10] * 12.56)
        bend.append(instant[chosen, 11:13])
        foot.append(torch.stack((left * sideways[chosen], (far + away)[chosen], zero[chosen]), 1))
    everybody = torch.cat(who)
    body = {name: numbers[everybody] for name, numbers in crowd.body.items()}
    # one arm in four is bent, as to a phone or a strap
    bent = 0.15 + 6 * (torch.cat(bend) - 0.75).relu()
    joints = pose(body, torch.cat(step), bent)
    solids = figures(body, joints, heading=torch.cat(turn), foot=torch.cat(foot), picture=torch.cat(where))
    return solids, crowd.cloths[:, everybody].flatten(1)


def _tight(solids: Solids, view: View, count: int) -> Tensor:
    """(B, 4) left, top, right, bottom of all solids of each picture."""
    where = view.project(solids.corners(), solids.picture)
    index = solids.picture.unsqueeze(1).expand(-1, 2)
    empty = torch.zeros(count, 2, device=where.device)
    least = empty.scatter_reduce(0, index, where.amin(1), "amin", include_self=False)
    most = empty.scatter_reduce(0, index, where.amax(1), "amax", include_self=False)
    return torch.cat((least, most), 1)


def _with_things(
    solids: Solids, cloths: Tensor, view: View, camera: Camera, scene: Scene, far: Tensor, bearing: Tensor,
    instant: Tensor,
) -> tuple[Solids, Tensor]:  # fmt: skip
    """The same solids and cloths, and those of the things that stand about."""
    every, paints, start = [solids], [cloths], cloths.shape[1]
    for kind in KINDS:
        part, paint = _standing(kind, view, camera, scene, far, bearing, instant)
        if part is not None:
            every.append(replace(part, cloth=part.cloth + start, beyond=part.beyond + start))
            paints.append(paint)
            start += paint.shape[1]
    return join(every), torch.cat(paints, 1)


def _standing(
    kind: str, view: View, camera: Camera, scene: Scene, far: Tensor, bearing: Tensor, instant: Tensor
) -> tuple[Solids | None, Tensor]:  # fmt: skip
    """The scene's things of one kind in all pictures, and those of them that stand in somebody's way."""
    device = far.device
    same = [place for place, other in enumerate(scene.kinds) if other == kind]
    if not same:
        return None, scene.cloths[:, :0]
    cosine, sine = bearing.cos().unsqueeze(1), bearing.sin().unsqueeze(1)
    east, north = scene.feet[same].T.unsqueeze(1)
    right, away = east * cosine - north * sine, north * cosine + east * sine
    reach = REACH[kind]
    behind = (away > far.unsqueeze(1) + 0.6 + reach) | ((right.abs() > 0.6 + reach) & (away > 2.0 + reach))
    left, width = view.window[:, :1], view.window[:, 2:3]
    shown = ((right + reach) / away > left) & ((right - reach) / away < left + width)
    chosen = (behind & shown).nonzero()
    picture, which = chosen[:, 0], chosen[:, 1]
    foot = torch.stack((right[picture, which], away[picture, which]), 1)
    heading = scene.headings[same][which] + bearing[picture]
    met = torch.isin((instant[:, 14] * len(scene.kinds)).long(), torch.tensor(same, device=device))
    blocked = (instant[:, 13] < 0.8 * camera.occluded) & met & (reach < 1)
    chosen = blocked.nonzero().flatten()
    before = torch.stack(((instant[chosen, 15] - 0.5) * 1.1, far[chosen] - 0.5 - 0.5 * instant[chosen, 16]), 1)
    foot = torch.cat((foot, before))
    foot = torch.cat((foot, torch.zeros_like(foot[:, :1])), 1)
    heading = torch.cat((heading, instant[chosen, 17] - 0.5))
    picture, which = torch.cat((picture, chosen)), torch.cat((which, torch.zeros_like(chosen)))
    if not len(picture):
        return None, scene.cloths[:, :0]
    paint = scene.cloths.view(len(scene.cloths), -1, 2)[:, same][:, which].flatten(1)
    return things(kind, heading=heading, foot=foot, picture=picture), paint
