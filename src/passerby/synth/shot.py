"""One picture to be drawn."""

from dataclasses import dataclass
from typing import Literal

Box = Literal["hand", "detector", "junk", "false"]
"""How a box lies: drawn by hand; found by a detector; so badly found that it is junk; found where nobody is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """Who is where, and which file shows it.

    Args:
        file: folder and name, as `query/0002_c1s1_000451_00.jpg`.
        person: place in the row of people.
        camid: the camera, from 1 on.
        x: metres to the right of the way the camera looks.
        y: metres before the camera.
        heading: radians, the way of walking in the scene: 0 towards the camera, a quarter turn to its right.
        phase: radians of the step.
        moment: number of the instant: two boxes of one instant show the same.
        track: number of the passage: pictures of one passage share light and companions.
        box: how the box lies.
        number: of the picture in its world.
        also: a second file with the same bytes; "" for none.
    """

    file: str
    person: int
    camid: int
    x: float
    y: float
    heading: float
    phase: float
    moment: int
    track: int
    box: Box
    number: int
    also: str = ""
