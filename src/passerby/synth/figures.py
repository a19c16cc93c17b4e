"""People as solids."""

from collections.abc import Mapping

import torch
from torch import Tensor

from passerby.synth.assembly import Assembly
from passerby.synth.pose import Pose
from passerby.synth.solids import Solids

PARTS = ("skin", "face", "hair", "hat", "top", "sleeve", "lower", "shoe", "boot", "sock", "pack", "bag", "handbag",
         "strap", "collar")  # fmt: skip
"""Cloths of one figure, in the order of `Wardrobe`."""


def figures(body: Mapping[str, Tensor], joints: Pose, *, heading: Tensor, foot: Tensor, picture: Tensor) -> Solids:
    """The solids of B people, each turned and set in its place.

    Args:
        body: `body.columns` of the people, (B,) each.
        joints: their `pose`.
        heading: (B,) radians: 0 faces the camera, a quarter turn walks to the camera's right.
        foot: (B, 3) metres, where each stands.
        picture: (B,) int64 which picture each stands in.

    Returns:
        Solids whose cloths are numbered 0 .. len(PARTS) - 1 from B * len(PARTS) on: figure b's first cloth is
        b * len(PARTS).
    """
    on = Assembly(body["height"])
    _trunk(on, body, joints)
    _head(on, body, joints)
    _arms(on, body, joints)
    _legs(on, body, joints)
    _carried(on, body, joints)
    return on.place(heading=heading, foot=foot, picture=picture, parts=len(PARTS))


def _trunk(on: Assembly, body: Mapping[str, Tensor], joints: Pose) -> None:
    tall = body["height"]
    top, lower = PARTS.index("top"), PARTS.index("lower")
    hip = (joints.hips[0] + joints.hips[1]) / 2
    hem = hip + on.up((body["hem"] - body["leg"]) * tall)
    low = joints.waist[:, 2] - hem[:, 2]
    shoulder = (joints.shoulders[0] + joints.shoulders[1]) / 2
    wide, deep = body["waist"] * tall, body["belly"] * tall
    on.frustum(joints.waist, shoulder + on.up(0.012 * tall), wide, deep, 0.97 * body["shoulder"] / body["waist"], top,
               shift=low)  # fmt: skip
    # wide enough to hang over the thighs
    thighs = 0.055 + 1.2 * body["thigh"] * torch.where(body["trouser"] > 0, body["flare"], 1.0)
    hips_wide = torch.maximum(torch.maximum(body["hip"], body["waist"]), thighs) * 1.02 * tall
    hips_deep = torch.maximum(1.12 * deep, 1.4 * body["thigh"] * tall)
    on.frustum(hem, joints.waist, hips_wide, hips_deep, wide / hips_wide, top)
    on.ellipsoid(shoulder, body["shoulder"] * 1.02 * tall, body["chest"] * 0.92 * tall, 0.038 * tall, top,
                 shift=shoulder[:, 2] - hem[:, 2])  # fmt: skip
    chest = shoulder - on.up(0.075 * tall) + on.front(0.012 * tall)
    on.ellipsoid(chest, 0.082 * tall, (body["chest"] + body["bust"] * 0.7) * tall, 0.055 * tall, top,
                 shift=chest[:, 2] - hem[:, 2], when=body["bust"] > 0)  # fmt: skip
    on.ellipsoid(hip - on.up(0.005 * tall), body["hip"] * tall, 1.08 * deep, 0.065 * tall, lower)
    skirt = hip + on.up((body["skirt"] - body["leg"]) * tall)
    wide_hem = body["hip"] * body["skirt_wide"]
    on.frustum(skirt, joints.waist, wide_hem * tall, (0.7 * wide_hem + 0.02) * tall, body["waist"] / wide_hem, lower,
               when=body["skirt"] > 0)  # fmt: skip


def _head(on: Assembly, body: Mapping[str, Tensor], joints: Pose) -> None:
    tall = body["height"]
    skin, face, hair, hat, collar = (PARTS.index(part) for part in ("skin", "face", "hair", "hat", "collar"))
    size = body["head"] * tall
    on.capsule(joints.neck - on.up(0.01 * tall), joints.head - on.up(0.3 * size), 0.031 * tall, 0.028 * tall, skin)
    on.ellipsoid(joints.head, 0.72 * size, 0.85 * size, size, face)
    crown = joints.head + on.up(0.16 * size) - on.front(0.16 * size)
    thick = 1 + body["hair"] * 0.7
    on.ellipsoid(crown, 0.77 * size * thick, 0.85 * size * thick, 0.93 * size * thick, hair, when=body["hair"] > 0)
    back = joints.head - on.front(0.42 * size)
    end = back - on.up(body["mane"] * tall) - on.front(0.25 * size)
    on.capsule(back + on.up(0.2 * size), end, 0.62 * size, 0.42 * size, hair, when=body["mane"] > 0)
    knot = joints.head + on.up(0.45 * size) - on.front(0.95 * size)
    on.capsule(knot, knot - on.up(body["tail"] * tall) - on.front(0.2 * size), 0.2 * size, 0.12 * size, hair,
               when=body["tail"] > 0)  # fmt: skip
    on.ellipsoid(knot + on.up(0.2 * size), 0.4 * size, 0.4 * size, 0.4 * size, hair, when=body["bun"] > 0)
    worn = body["hat"] > 0
    cap = joints.head + on.up((0.34 + 0.06 * body["hat"]) * size)
    on.ellipsoid(cap, 0.9 * size, 1.02 * size, 0.78 * size, hat, when=worn)
    peak = cap + on.front(torch.where(body["hat"] == 1, 1.0, 0.0) * size)
    broad = torch.where(body["hat"] == 1, 0.7, 1.6) * size
    on.ellipsoid(peak - on.up(0.1 * size), broad, broad, 0.1 * size, hat, when=worn & (body["hat"] < 3))
    on.ellipsoid(joints.neck + on.up(0.004 * tall) - on.front(0.01 * tall), 1.25 * body["collar"] * tall,
                 1.25 * body["collar"] * tall, 0.028 * tall, collar, when=body["collar"] > 0)  # fmt: skip


def _arms(on: Assembly, body: Mapping[str, Tensor], joints: Pose) -> None:
    tall = body["height"]
    skin, sleeve = PARTS.index("skin"), PARTS.index("sleeve")
    thick = body["arm"] * tall
    loose = torch.where(body["sleeve"] > 1, 1.1, 1.0) * thick
    for shoulder, elbow, wrist in zip(joints.shoulders, joints.elbows, joints.wrists, strict=True):
        upper, fore = _length(shoulder, elbow), _length(elbow, wrist)
        on.capsule(shoulder, elbow, 1.1 * loose, 0.92 * loose, sleeve, beyond=skin, cut=body["sleeve"] * upper)
        on.capsule(elbow, wrist, 0.92 * loose, 0.72 * loose, sleeve, beyond=skin, cut=(body["sleeve"] - 1) * fore)
        hand = wrist + (wrist - elbow) * (0.05 * tall / fore).unsqueeze(1)
        on.capsule(wrist, hand, 0.017 * tall, 0.02 * tall, skin)
        # a wide short sleeve hangs around the arm
        end = shoulder + (elbow - shoulder) * body["sleeve"].clamp(0.05, 1).unsqueeze(1)
        wide = 1.17 * thick
        on.frustum(
            shoulder, end, wide, wide, 1.04 + 0 * wide, sleeve, when=(body["sleeve"] > 0.2) & (body["sleeve"] <= 1)
        )


def _legs(on: Assembly, body: Mapping[str, Tensor], joints: Pose) -> None:
    tall = body["height"]
    skin, lower, shoe, boot, sock = (PARTS.index(part) for part in ("skin", "lower", "shoe", "boot", "sock"))
    ends = body["trouser"]
    wide = torch.where(ends > 0, body["flare"], 1.0)
    for hip, knee, ankle, toe in zip(joints.hips, joints.knees, joints.ankles, joints.toes, strict=True):
        thigh, shin = _length(hip, knee), _length(knee, ankle)
        thick, thin = body["thigh"] * tall, body["calf"] * tall
        on.capsule(hip, knee, 1.1 * thick, 1.18 * thin * wide, lower, beyond=skin, cut=ends * thigh)
        short = (ends > 0) & (ends <= 1.2)
        leg = hip + (knee - hip) * ends.clamp(0.1, 1.2).unsqueeze(1)
        on.frustum(hip, leg, 1.15 * thick, 1.15 * thick, 0.85 * wide, lower, when=short)
        covered = (ends - 1) * shin
        on.capsule(knee, ankle, 1.12 * thin * wide, 0.75 * thin * wide, lower, beyond=skin, cut=covered)
        heel = ankle - on.up(0.018 * tall)
        on.capsule(heel - on.front(0.022 * tall), toe, 0.026 * tall, 0.021 * tall, shoe)
        down = (ankle - knee) / shin.unsqueeze(1)
        shaft = ankle - down * (body["boot"] * tall).unsqueeze(1)
        on.capsule(ankle, shaft, 0.034 * tall, 1.2 * thin, boot, when=body["boot"] > 0)
        cuff = ankle - down * (body["sock"] * tall).unsqueeze(1)
        bare = (body["sock"] > 0) & (body["boot"] == 0) & (ends <= 1.5)
        on.capsule(ankle, cuff, 0.8 * thin, 1.0 * thin, sock, when=bare)


def _carried(on: Assembly, body: Mapping[str, Tensor], joints: Pose) -> None:
    tall = body["height"]
    pack, bag, handbag, strap = (PARTS.index(part) for part in ("pack", "bag", "handbag", "strap"))
    shoulder = (joints.shoulders[0] + joints.shoulders[1]) / 2
    worn = body["pack_height"] > 0
    deep = body["pack_depth"] * tall
    centre = shoulder - on.up((body["pack_height"] - 0.01) * tall) - on.front(body["chest"] * 0.8 * tall + deep)
    on.box(centre, body["pack_width"] * 0.86 * tall, deep * 0.85, body["pack_height"] * 0.9 * tall, pack, when=worn)
    on.ellipsoid(
        centre, body["pack_width"] * 1.18 * tall, deep * 1.25, body["pack_height"] * 1.12 * tall, pack, when=worn
    )
    pocket = centre - on.front(deep) - on.up(0.35 * body["pack_height"] * tall)
    on.ellipsoid(
        pocket, 0.75 * body["pack_width"] * tall, 0.7 * deep, 0.5 * body["pack_height"] * tall, pack, when=worn
    )
    ahead = on.front(body["chest"] * 0.94 * tall)
    for side in (-1.0, 1.0):
        at = on.right(side * 0.062 * tall)
        on.capsule(shoulder + at + on.up(0.03 * tall) + 0.3 * ahead, shoulder + at - on.up(0.13 * tall) + 1.02 * ahead,
                   0.015 * tall, 0.012 * tall, strap, when=worn)  # fmt: skip
    slung = body["bag_height"] > 0
    hung = body["bag_side"]
    hip = on.right(hung * (body["hip"] * 1.08 + 0.03) * tall)
    hip = torch.stack((hip[:, 0], shoulder[:, 1] * 0.3, body["bag_at"] * tall), 1)
    on.box(hip, 0.028 * tall, body["bag_width"] * tall, body["bag_height"] * tall, bag, when=slung)
    away = torch.where(body["bag_cross"] > 0, -hung, hung)
    over = shoulder + on.right(away * 0.062 * tall) + on.up(0.032 * tall)
    for way in (1.0, -1.0):
        depth = on.front(way * (body["belly"] + 0.01) * tall)
        on.capsule(over + 0.55 * depth, hip + depth + on.up(body["bag_height"] * 0.8 * tall), 0.010 * tall,
                   0.010 * tall, strap, when=slung)  # fmt: skip
    held = body["hand_height"] > 0
    wrist = torch.where((body["hand_side"] < 0).unsqueeze(1), joints.wrists[0], joints.wrists[1])
    grip = wrist - on.up(0.06 * tall)
    on.box(grip - on.up((body["hand_height"] + 0.03) * tall), 0.026 * tall, body["hand_width"] * tall,
           body["hand_height"] * tall, handbag, when=held)  # fmt: skip
    on.capsule(grip, grip - on.up(0.045 * tall), 0.012 * tall, 0.02 * tall, handbag, when=held)


def _length(start: Tensor, end: Tensor) -> Tensor:
    return (end - start).square().sum(1).sqrt()
