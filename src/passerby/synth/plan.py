"""Who is seen where and when: the pictures of a world."""

import math
from dataclasses import replace

import numpy as np
from numpy.random import Generator, default_rng

from passerby.synth.camera import Camera, cameras
from passerby.synth.chance import choose
from passerby.synth.request import Request
from passerby.synth.shot import Box, Shot

TRAIN, GALLERY, QUERY, HAND = "bounding_box_train", "bounding_box_test", "query", "gt_bbox"
"""Folders of Market-1501."""
FOLDERS = (TRAIN, GALLERY, QUERY, HAND)
_SEEN_BY = {2: 0.07, 3: 0.14, 4: 0.28, 5: 0.4, 6: 0.11}
_VISITS = (0.20, 0.16, 0.21, 0.09, 0.18, 0.16)
_SEQUENCES = (6, 3, 3, 6, 3, 4)
_MORE = 2.9
_STEP = 25
_ASIDE = 3.5


def pids(request: Request) -> tuple[list[int], list[int]]:
    """Training and test people, ascending; the person of pid p stands at place p - 1 of the row of people."""
    mixed = 1 + default_rng([request.seed, 6]).permutation(request.train_ids + request.test_ids)
    return sorted(mixed[: request.train_ids].tolist()), sorted(mixed[request.train_ids :].tolist())


def strangers(request: Request) -> int:
    """How many people stand behind the labelled ones in the row: the ones that distractors show."""
    return max(4, round(0.4 * request.test_ids))


def plan(request: Request) -> tuple[Shot, ...]:
    """All pictures of a world, by camera, then by file name.

    Every person is seen by 2 or more cameras, in each on one or more passages; each test person has one query a camera.
    """
    watching = cameras(request.cameras, seed=request.seed)
    train, test = pids(request)
    box: Box = "hand" if request.boxes == "hand" else "detector"
    shots: list[Shot] = []
    for folder, people in ((TRAIN, train), (GALLERY, test)):
        for pid in people:
            shots += _person(request, pid, folder, box, watching)
    labelled = [shot for shot in shots if shot.file.startswith(GALLERY)]
    shots += _spoiled(request, labelled)
    shots += _distractors(request, len(labelled), watching)
    shots.sort(key=lambda shot: (shot.camid, shot.file))
    return tuple(replace(shot, number=number) for number, shot in enumerate(shots))


def _person(request: Request, pid: int, folder: str, box: Box, watching: tuple[Camera, ...]) -> list[Shot]:
    generator = default_rng([request.seed, 7, pid])
    many = min(len(watching), max(2, round(choose(_SEEN_BY, generator) * len(watching) / 6)))
    visits = np.array([_VISITS[place % len(_VISITS)] for place in range(len(watching))])
    seen = sorted(generator.choice(len(watching), size=many, replace=False, p=visits / visits.sum()).tolist())
    shots: list[Shot] = []
    for place in seen:
        count = 1 + int(generator.poisson(generator.gamma(1.2, _MORE / 1.2)))
        passages = 1 + int(count > 3 and generator.random() < 0.4)
        asked = folder == GALLERY
        for passage in range(passages):
            share = count // passages + (1 if passage < count % passages else 0)
            extra = 1 if asked and passage == 0 else 0
            walk = _passage(watching[place], pid - 1, share + extra, pid * 1000 + place * 10 + passage, generator)
            if extra:
                first = int(generator.integers(len(walk)))
                name = walk[first].file.format(pid=f"{pid:04d}", index=0)
                shots.append(replace(walk.pop(first), file=f"{QUERY}/{name}", box="hand", also=f"{HAND}/{name}"))
            for shot in walk:
                index = 1 + min(9, int(generator.geometric(0.42)) - 1)
                drawn = generator.random() < request.hand_share
                if drawn:
                    name = shot.file.format(pid=f"{pid:04d}", index=0)
                    shots.append(replace(shot, file=f"{HAND}/{name}", box="hand"))
                name = shot.file.format(pid=f"{pid:04d}", index=index)
                shots.append(replace(shot, file=f"{folder}/{name}", box=box))
    return shots


def _passage(camera: Camera, person: int, count: int, track: int, generator: Generator) -> list[Shot]:
    """Instants of one walk past a camera; file names lack the pid and the number of the box."""
    heading = camera.heading + 0.25 * float(generator.standard_normal())
    if generator.random() < camera.turns:
        heading += math.pi
    sequence = 1 + int(generator.integers(_SEQUENCES[(camera.camid - 1) % len(_SEQUENCES)]))
    # passages of one person past one camera never share a frame: each has its own block
    frame = 1 + _STEP * int(generator.integers(600)) + 16000 * (track % 10)
    near, far = camera.distance
    x, y = 2 * _ASIDE * (float(generator.random()) - 0.5), near + (far - near) * float(generator.random())
    phase, pace = 6.28 * float(generator.random()), 0.35 + 0.4 * float(generator.random())
    shots = []
    for step in range(count):
        shots.append(
            Shot(
                file=f"{{pid}}_c{camera.camid}s{sequence}_{frame + _STEP * step:06d}_{{index:02d}}.jpg",
                person=person,
                camid=camera.camid,
                x=_within(x + step * pace * math.sin(heading), -_ASIDE, _ASIDE),
                y=_within(y - step * pace * math.cos(heading), near, far),
                heading=heading + 0.12 * float(generator.standard_normal()),
                phase=phase + 2.1 * step,
                moment=track * 1000 + step,
                track=track,
                box="hand",
                number=0,
            )
        )
    return shots


def _spoiled(request: Request, labelled: list[Shot]) -> list[Shot]:
    """Junk: badly boxed instants of test people."""
    generator = default_rng([request.seed, 8])
    chosen = generator.integers(len(labelled), size=round(request.junk * len(labelled)))
    taken: dict[str, int] = {}
    shots = []
    for place in chosen.tolist():
        shot = labelled[place]
        middle = shot.file.split("_c", 1)[1].rsplit("_", 1)[0]
        taken[middle] = taken.get(middle, 0) + 1
        shots.append(replace(shot, file=f"{GALLERY}/-1_c{middle}_{taken[middle]:02d}.jpg", box="junk"))
    return shots


def _distractors(request: Request, labelled: int, watching: tuple[Camera, ...]) -> list[Shot]:
    """Strangers, and boxes around nobody."""
    generator = default_rng([request.seed, 9])
    wanted = round(request.distractors * labelled)
    first, there = request.train_ids + request.test_ids, strangers(request)
    taken: dict[str, int] = {}
    shots: list[Shot] = []
    track = 20_000_000
    while len(shots) < wanted:
        camera = watching[int(generator.integers(len(watching)))]
        person = first + int(generator.integers(there))
        box: Box = "false" if generator.random() < 0.4 else "detector"
        track += 10
        for shot in _passage(camera, person, 1 + int(generator.integers(4)), track, generator):
            middle = shot.file.split("_c", 1)[1].rsplit("_", 1)[0]
            taken[middle] = taken.get(middle, 0) + 1
            shots.append(replace(shot, file=f"{GALLERY}/0000_c{middle}_{taken[middle]:02d}.jpg", box=box))
    return shots[:wanted]


def _within(value: float, low: float, high: float) -> float:
    """A value that turns back at both ends of a range."""
    turn = (value - low) % (2 * (high - low))
    return low + min(turn, 2 * (high - low) - turn)
