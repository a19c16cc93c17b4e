"""How a figure stands: joints of a walking person."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Pose:
    """Joints of B figures, (B, 3) metres each; x to the figure's right, y to its front, z up, the ground at 0.

    Pairs hold the left one first (x below 0).

    Args:
        hips, knees, ankles, toes: of the legs.
        shoulders, elbows, wrists: of the arms.
        waist, neck, head: of the trunk, `head` is the middle of the head.
    """

    hips: tuple[Tensor, Tensor]
    knees: tuple[Tensor, Tensor]
    ankles: tuple[Tensor, Tensor]
    toes: tuple[Tensor, Tensor]
    shoulders: tuple[Tensor, Tensor]
    elbows: tuple[Tensor, Tensor]
    wrists: tuple[Tensor, Tensor]
    waist: Tensor
    neck: Tensor
    head: Tensor


def pose(body: Mapping[str, Tensor], phase: Tensor, bend: Tensor) -> Pose:
    """A walking pose.

    Args:
        body: `body.columns` of B people, (B,) each.
        phase: (B,) radians of the step: at 0 the feet pass each other, a quarter turn later the left one is in front.
        bend: (B, 2) radians that the left and right elbow are bent by, besides the walking.
    """
    tall = body["height"]
    zero = torch.zeros_like(tall)
    hips, knees, ankles, toes = [], [], [], []
    shoulders, elbows, wrists = [], [], []
    lean = body["stoop"]
    chest = (0.825 - body["leg"]) * tall
    for left, turn in ((-1.0, phase), (1.0, phase + torch.pi)):
        thigh = body["stride"] * turn.sin() + 0.06
        shin = thigh - 0.08 - 1.5 * body["stride"] * (turn - 0.35).cos().clamp(min=0)
        hip = torch.stack((left * 0.052 * tall, zero, body["leg"] * tall), 1)
        knee = hip + _swung(thigh, 0.475 * body["leg"] * tall, zero)
        ankle = knee + _swung(shin, 0.445 * body["leg"] * tall, zero)
        foot = 0.55 * (shin + 0.08)
        toe = ankle + torch.stack((left * 0.02 * tall, foot.cos() * 0.1 * tall, (foot.sin() * 0.1 - 0.022) * tall), 1)
        hips.append(hip)
        knees.append(knee)
        ankles.append(ankle)
        toes.append(toe)
        side = left * body["shoulder"] * 0.92 * tall
        shoulder = torch.stack((side, lean.sin() * chest, body["leg"] * tall + lean.cos() * chest), 1)
        bent = bend[:, 0] if left < 0 else bend[:, 1]
        swing = -body["stride"] * body["swing"] * turn.sin()
        elbow = shoulder + _swung(swing, 0.17 * tall, left * body["spread"])
        wrist = elbow + _swung(swing + 0.15 + 0.3 * swing.clamp(min=0) + bent, 0.15 * tall, -left * 0.4 * bent)
        shoulders.append(shoulder)
        elbows.append(elbow)
        wrists.append(wrist)
    low = torch.minimum(*(torch.minimum(a[:, 2], t[:, 2] + 0.02 * tall) for a, t in zip(ankles, toes, strict=True)))
    drop = torch.stack((zero, zero, low - 0.045 * tall), 1)
    trunk = torch.stack((zero, lean.sin(), lean.cos()), 1)
    base = torch.stack((zero, zero, body["leg"] * tall), 1) - drop
    neck_at = base + trunk * ((0.85 - body["leg"]) * tall).unsqueeze(1)
    forward = torch.stack((zero, 0.012 * tall + 0.5 * lean.sin() * 0.1 * tall, (0.995 - body["head"] - 0.85) * tall), 1)
    return Pose(
        hips=_pair(hips, drop),
        knees=_pair(knees, drop),
        ankles=_pair(ankles, drop),
        toes=_pair(toes, drop),
        shoulders=_pair(shoulders, drop),
        elbows=_pair(elbows, drop),
        wrists=_pair(wrists, drop),
        waist=base + trunk * ((0.62 - body["leg"]) * tall).unsqueeze(1),
        neck=neck_at,
        head=neck_at + forward,
    )


def _pair(joints: list[Tensor], drop: Tensor) -> tuple[Tensor, Tensor]:
    """A left and a right joint, so high that the lower foot stands on the ground."""
    return joints[0] - drop, joints[1] - drop


def _swung(angle: Tensor, length: Tensor, outward: Tensor) -> Tensor:
    """(B, 3) the way down a limb that is swung to the front and outward, in radians."""
    return torch.stack(
        (length * outward.sin(), length * angle.sin() * outward.cos(), -length * angle.cos() * outward.cos()), 1
    )
