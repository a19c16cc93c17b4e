"""Who walks past which camera, and when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import default_rng

from passerby.synth.camera import Camera

PACE = (1.1, 1.5)
"""Metres a second that people walk."""
STRIDE = 1.5
"""Metres of two steps."""
SEEN = 0.85
"""Chance that a person passes a camera; each passes two or more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """One person's way past one camera, straight on and at one pace.

    Args:
        person: place in the row of people.
        camid: the camera, from 1 on.
        middle: seconds after the video's start when the person is at x, y.
        x: metres to the right of the way the camera looks.
        y: metres before the camera.
        heading: radians, as of a `Shot`.
        pace: metres a second.
        phase: radians of the step in the middle.
        bend: radians that the left and the right elbow are bent by.
    """

    person: int
    camid: int
    middle: float
    x: float
    y: float
    heading: float
    pace: float
    phase: float
    bend: tuple[float, float]

    def at(self, seconds: float) -> tuple[float, float, float]:
        """x, y and phase at a time."""
        gone = (seconds - self.middle) * self.pace
        x, y = self.x + gone * math.sin(self.heading), self.y - gone * math.cos(self.heading)
        return x, y, self.phase + 2 * math.pi * gone / STRIDE


def walks(watching: Sequence[Camera], *, people: int, seconds: float, seed: int) -> tuple[Walk, ...]:
    """The ways of all people past all cameras, by camera, then by time. Nobody passes a camera twice.

    Args:
        watching: the cameras, 2 or more.
        people: how many.
        seconds: how long each camera films.
        seed: of the world.
    """
    found = []
    for person in range(people):
        generator = default_rng([seed, 21, person])
        chance = generator.random(len(watching))
        sure = set(generator.permutation(len(watching))[:2].tolist())
        for place, camera in enumerate(watching):
            way = default_rng([seed, 22, person, camera.camid])
            heading = camera.heading + 0.25 * float(way.standard_normal())
            if way.random() < camera.turns:
                heading += math.pi
            near, far = camera.distance
            walk = Walk(
                person=person,
                camid=camera.camid,
                middle=seconds * (0.1 + 0.8 * float(way.random())),
                x=3.0 * (float(way.random()) - 0.5),
                y=near + (far - near) * (0.2 + 0.6 * float(way.random())),
                heading=heading,
                pace=PACE[0] + (PACE[1] - PACE[0]) * float(way.random()),
                phase=2 * math.pi * float(way.random()),
                bend=(_bent(float(way.random())), _bent(float(way.random()))),
            )
            if chance[place] < SEEN or place in sure:
                found.append(walk)
    return tuple(sorted(found, key=lambda walk: (walk.camid, walk.middle, walk.person)))


def _bent(chance: float) -> float:
    """One arm in four is bent, as to a phone or a strap."""
    return 0.15 + 6 * max(0.0, chance - 0.75)
