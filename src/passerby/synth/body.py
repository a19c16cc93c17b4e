"""Build, hair and carried things of a person, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from numpy.random import Generator
from torch import Tensor

from passerby.synth.labels import Labels


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """Lengths are shares of the person's height, unless a unit is named.

    Args:
        height: metres.
        shoulder: half the width of the shoulders.
        chest: half the depth of the chest.
        waist: half the width of the waist.
        belly: half the depth of the waist.
        hip: half the width of the hips.
        leg: height of the hip joints.
        thigh: radius of the thigh.
        calf: radius of the calf.
        arm: radius of the upper arm.
        head: half the height of the head.
        bust: how far the breast stands out.
        stoop: how far the upper body leans forward, in radians.
        hair: how much hair stands off the head, 0 for none.
        mane: length of long hair, 0 for none.
        tail: length of a pony tail, 0 for none.
        bun: radius of a knot of hair, 0 for none.
        hat: 0 for none, 1 for a cap, 2 for a round hat, 3 for a woollen hat.
        sleeve: length of the sleeves, 0 .. 2: 1 at the elbow, 2 at the wrist.
        hem: height where the top ends.
        collar: radius of a collar or hood, 0 for none.
        trouser: 0 .. 2, where trousers end: 1 at the knee, 2 at the ankle; 0 where none are worn.
        flare: how much wider trousers are than the leg.
        skirt: height where a skirt ends, 0 for none.
        skirt_wide: its hem's half width over its waist's.
        shoe: length of the shoe.
        boot: height of the boots' shafts, 0 for shoes.
        sock: height of the socks.
        pack_height: half the height of the backpack, 0 for none.
        pack_width: half its width.
        pack_depth: half its depth.
        bag_height: half the height of the shoulder bag, 0 for none.
        bag_width: half its width.
        bag_side: -1 or 1, the hip that it hangs at.
        bag_cross: 1 where its strap crosses the chest, 0 where it hangs from the near shoulder.
        bag_at: height of the bag's middle.
        hand_height: half the height of the handbag, 0 for none.
        hand_width: half its width.
        hand_side: -1 or 1, the hand that holds it.
        swing: how far the arms swing over how far the legs do.
        spread: how far the arms stand off, in radians.
        stride: how far the legs swing, in radians.
    """

    height: float
    shoulder: float
    chest: float
    waist: float
    belly: float
    hip: float
    leg: float
    thigh: float
    calf: float
    arm: float
    head: float
    bust: float
    stoop: float
    hair: float
    mane: float
    tail: float
    bun: float
    hat: float
    sleeve: float
    hem: float
    collar: float
    trouser: float
    flare: float
    skirt: float
    skirt_wide: float
    shoe: float
    boot: float
    sock: float
    pack_height: float
    pack_width: float
    pack_depth: float
    bag_height: float
    bag_width: float
    bag_side: float
    bag_cross: float
    bag_at: float
    hand_height: float
    hand_width: float
    hand_side: float
    swing: float
    spread: float
    stride: float


def body(labels: Labels, generator: Generator) -> Body:
    """A body that fits the labels.

    Args:
        labels: what the body must agree with.
        generator: where chance comes from; the same number of draws whatever the labels say.
    """
    draw = iter(generator.random(64))

    def between(low: float, high: float) -> float:
        return low + (high - low) * float(next(draw))

    def side() -> float:
        return 1.0 if next(draw) < 0.5 else -1.0

    old, child = labels.age == 4, labels.age == 1
    female = labels.female
    weight = between(-1, 1) + (0.5 if labels.age >= 3 else 0.0)
    heavy = 1 + 0.13 * weight
    height = between(1.54, 1.72) if female else between(1.63, 1.88)
    height = between(1.15, 1.42) if child else height + 0 * between(0, 1)
    knot = float(next(draw))
    mane = between(0.10, 0.21)
    tail = between(0.09, 0.17)
    long_ = labels.long_hair
    sleeve_short = between(0.35, 0.95) if next(draw) < 0.9 else 0.0
    sleeve_long = between(1.75, 2.0)
    hat_kind = float(1 + int(next(draw) * 3))
    knee, ankle = between(0.7, 1.12), between(1.7, 2.0)
    skirt_short, skirt_long = between(0.285, 0.38), between(0.10, 0.2)
    skirt = skirt_short if labels.short_lower else skirt_long
    long_top = between(0.36, 0.43)
    short_top = between(0.465, 0.515)
    return Body(
        height=height,
        shoulder=between(0.095, 0.107) * (0.94 if female else 1.04) * (1 + 0.04 * weight),
        chest=between(0.058, 0.068) * heavy,
        waist=between(0.074, 0.087) * (0.95 if female else 1.08) * heavy,
        belly=between(0.050, 0.064) * heavy * (1.08 if weight > 0.7 else 1.0),
        hip=between(0.090, 0.102) * (1.05 if female else 0.95) * heavy,
        leg=between(0.485, 0.53),
        thigh=between(0.046, 0.055) * heavy,
        calf=between(0.031, 0.037) * heavy,
        arm=between(0.027, 0.033) * heavy * (0.9 if female else 1.05),
        head=between(0.062, 0.069) * (1.18 if child else 1.0),
        bust=between(0.014, 0.028) if female and not child else 0.0 * between(0, 1),
        stoop=between(0.16, 0.3) if old else between(-0.02, 0.1),
        hair=between(0.06, 0.2) if next(draw) < 0.97 or female else 0.0,
        mane=mane if long_ and knot < 0.55 else 0.0,
        tail=tail if long_ and 0.55 <= knot < 0.85 else 0.0,
        bun=0.028 if long_ and knot >= 0.85 else 0.0,
        hat=hat_kind if labels.hat else 0.0,
        sleeve=sleeve_long if labels.long_sleeves else sleeve_short,
        hem=long_top if labels.long_top else short_top,
        collar=between(0.034, 0.046) if next(draw) < (0.55 if labels.long_sleeves else 0.3) else 0.0,
        trouser=0.0 if labels.dress else (knee if labels.short_lower else ankle),
        flare=between(1.02, 1.22),
        skirt=skirt if labels.dress else 0.0,
        skirt_wide=between(1.05, 1.75),
        shoe=between(0.14, 0.16),
        boot=between(0.12, 0.24) if labels.boots else 0.0,
        sock=between(0.055, 0.13) if next(draw) < 0.5 else 0.0,
        pack_height=between(0.10, 0.15) if labels.backpack else 0.0,
        pack_width=between(0.065, 0.095),
        pack_depth=between(0.03, 0.055),
        bag_height=between(0.045, 0.085) if labels.bag else 0.0,
        bag_width=between(0.055, 0.10),
        bag_side=side(),
        bag_cross=1.0 if next(draw) < 0.65 else 0.0,
        bag_at=between(0.44, 0.54),
        hand_height=between(0.05, 0.09) if labels.handbag else 0.0,
        hand_width=between(0.05, 0.09),
        hand_side=side(),
        swing=between(0.4, 1.1),
        spread=between(0.06, 0.2),
        stride=between(0.28, 0.52),
    )


def columns(bodies: Sequence[Body]) -> dict[str, Tensor]:
    """Each number of several bodies as one tensor, (P,) float32, by its name."""
    return {field.name: torch.tensor([getattr(one, field.name) for one in bodies]) for field in fields(Body)}
