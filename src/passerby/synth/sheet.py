"""A page of drawn people, to look at."""

from collections.abc import Sequence
from pathlib import Path

from numpy.random import default_rng
from PIL import Image, ImageDraw
from torch import Tensor

from passerby.files import writable
from passerby.synth import camera as lens
from passerby.synth.crowd import crowd
from passerby.synth.drawing import drawing
from passerby.synth.one_thread import one_thread
from passerby.synth.people import Person, people
from passerby.synth.plan import GALLERY, plan, strangers
from passerby.synth.request import Request
from passerby.synth.scene import scene
from passerby.synth.shot import Shot

HEIGHT, WIDTH = 128, 64
COLUMNS = 12
"""Pictures in a row."""
_GAP, _TITLE = 4, 18


def sheet(path: Path, *, ids: int = 200, cameras: int = 6, seed: int = 0) -> None:
    """Write a PNG: 60 random pictures of a world, people in several cameras, and people who share all their labels.

    Args:
        path: the file.
        ids: people to search for in the world that is shown, 40 or more.
        cameras: of that world, 2 .. 16.
        seed: of that world.

    Raises:
        FileNotFoundError: if the file's folder does not exist.
        ValueError: if a number is out of range.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"No folder {path.parent} to write {path.name} into; make it first.")
    writable(path.parent)
    if ids < 40:
        raise ValueError(f"ids is {ids}; give 40 or more: fewer may hold no two people of the same labels.")
    asked = Request(
        train_ids=1,
        test_ids=ids,
        cameras=cameras,
        seed=seed,
        boxes="detector",
        junk=0.0,
        distractors=0.0,
        hand_share=0.0,
        height=HEIGHT,
        width=WIDTH,
    )
    row = people(1 + ids + strangers(asked), seed=seed)
    shots = [shot for shot in plan(asked) if shot.file.startswith(GALLERY)]
    generator = default_rng([seed, 10])
    some = [shots[place] for place in generator.permutation(len(shots))[:60].tolist()]
    parts = {
        f"{len(some)} random pictures": some,
        "The same person, three pictures of each camera; one person a row": _travellers(shots),
        "Two people of the same labels, side by side by camera": _look_alikes(shots, row),
    }
    with one_thread():
        pictures = _drawn([shot for part in parts.values() for shot in part], row, asked)
    _page(list(zip(parts, map(len, parts.values()), strict=True)), pictures).save(path, format="PNG")


def _by_person(shots: Sequence[Shot]) -> dict[int, dict[int, list[Shot]]]:
    """Pictures of each person by camera."""
    seen: dict[int, dict[int, list[Shot]]] = {}
    for shot in shots:
        seen.setdefault(shot.person, {}).setdefault(shot.camid, []).append(shot)
    return seen


def _travellers(shots: Sequence[Shot]) -> list[Shot]:
    """Three rows: the people whom most cameras saw three times."""
    seen = _by_person(shots)
    often = sorted(seen, key=lambda who: (-sum(len(there) >= 3 for there in seen[who].values()), who))
    chosen: list[Shot] = []
    for who in often[:3]:
        row = [shot for _, there in sorted(seen[who].items()) for shot in there[:3]]
        row += [shot for _, there in sorted(seen[who].items()) for shot in there[3:]]
        chosen += sorted(row[:COLUMNS], key=lambda shot: shot.camid)
    return chosen


def _look_alikes(shots: Sequence[Shot], row: Sequence[Person]) -> list[Shot]:
    """Pairs of different people with the same labels, in the same camera."""
    seen = _by_person(shots)
    groups: dict[object, list[int]] = {}
    for who in sorted(seen):
        groups.setdefault(row[who].labels, []).append(who)
    pairs: list[Shot] = []
    for group in (group for group in groups.values() if len(group) > 1):
        first, second = group[:2]
        for camid in sorted(seen[first].keys() & seen[second].keys())[:3]:
            pairs += [seen[first][camid][0], seen[second][camid][0]]
    return pairs[: 4 * COLUMNS]


def _drawn(shots: Sequence[Shot], row: Sequence[Person], asked: Request) -> list[Tensor]:
    crew = crowd(row)
    pictures: dict[int, Tensor] = {}
    for camera in lens.cameras(asked.cameras, seed=asked.seed):
        same = [shot for shot in shots if shot.camid == camera.camid]
        if same:
            drawn = drawing(same, crew, camera, scene(camera), seed=asked.seed, height=HEIGHT, width=WIDTH)
            pictures.update(zip((shot.number for shot in same), drawn, strict=True))
    return [pictures[shot.number] for shot in shots]


def _page(parts: Sequence[tuple[str, int]], pictures: Sequence[Tensor]) -> Image.Image:
    rows = [-(-count // COLUMNS) for _, count in parts]
    high = sum(_TITLE + count * (HEIGHT + _GAP) for count in rows) + _GAP
    page = Image.new("RGB", (COLUMNS * (WIDTH + _GAP) + _GAP, high), "white")
    top, start = 0, 0
    for (title, count), lines in zip(parts, rows, strict=True):
        ImageDraw.Draw(page).text((_GAP, top + 3), title, fill="black")
        top += _TITLE
        for place in range(count):
            line, column = divmod(place, COLUMNS)
            picture = Image.fromarray(pictures[start + place].permute(1, 2, 0).contiguous().numpy())
            page.paste(picture, (_GAP + column * (WIDTH + _GAP), top + line * (HEIGHT + _GAP)))
        top += lines * (HEIGHT + _GAP)
        start += count
    return page
