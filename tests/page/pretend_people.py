"""People for a pretended gallery: painted in a moment, or those of a drawn world in Market-1501's layout."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {
    "red": (196, 48, 43),
    "green": (38, 128, 74),
    "blue": (44, 84, 178),
    "yellow": (226, 184, 52),
    "white": (232, 232, 228),
    "black": (38, 40, 44),
}
NAME = re.compile(r"(\d{4})_c(\d+)s(\d+)_(\d+)_\d+\.jpg")
START = 1_767_254_400.0  # 2026-01-01 08:00:00 UTC


@dataclass(frozen=True)
class Seen:
    """A sighting of a pretended gallery."""

    id: str
    pid: int
    camid: int
    time: float | None
    trackid: int | None
    labels: dict[str, str]
    path: str
    picture: bytes


def person(upper: str, lower: str, *, wall: int = 170, lean: int = 0) -> Image.Image:
    """A picture of 64 x 128 of somebody in a coloured coat and trousers."""
    picture = Image.new("RGB", (64, 128), (wall, wall, wall + 6))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 104, 64, 128), fill=(wall - 50, wall - 48, wall - 46))
    draw.ellipse((25 + lean, 8, 39 + lean, 26), fill=(201, 160, 130))
    draw.rounded_rectangle((17 + lean, 26, 47 + lean, 72), 7, fill=COLOURS[upper])
    draw.rectangle((21, 70, 30, 116), fill=COLOURS[lower])
    draw.rectangle((34, 70, 43, 116), fill=COLOURS[lower])
    return picture


@cache
def painted(people: int = 4, *, cameras: int = 3, steps: int = 2) -> list[Seen]:
    """People before cameras, some sightings a track; and one more of the first without a time or a track."""
    clothes = [(upper, lower) for upper in COLOURS for lower in ("black", "white")][:people]
    found = []
    for pid, (upper, lower) in enumerate(clothes, start=1):
        for camid in range(1, cameras + 1):
            for step in range(steps):
                picture = person(upper, lower, wall=130 + 20 * camid, lean=step - 1)
                at = START + 600.0 * camid + 100.0 * pid + 2.0 * step
                found.append(_seen(picture, pid, camid, at, 10 * camid + pid, {"upper": upper, "lower": lower}))
    lone = person("red", "black", wall=120)
    return [*found, _seen(lone, 1, 4, None, None, {"upper": "red", "lower": "black"})]


def drawn(world: Path) -> list[Seen]:
    """Test people of a world that `passerby synth` drew."""
    return sorted(_drawn(world), key=lambda one: one.id)


def scene(people: list[Image.Image], *, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """A wide picture with people side by side."""
    picture = Image.new("RGB", size, (176, 178, 180))
    ImageDraw.Draw(picture).rectangle((0, size[1] * 0.8, *size), fill=(120, 122, 124))
    for place, one in enumerate(people):
        tall = one.resize((130, 260))
        picture.paste(tall, (40 + place * 200, 80))
    return picture


def jpeg(picture: Image.Image) -> bytes:
    """Its bytes."""
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=90)
    return held.getvalue()


def look(picture: Image.Image) -> np.ndarray:
    """What a picture looks like, coarsely: enough to tell these people apart."""
    small = picture.convert("RGB").resize((8, 16), Image.Resampling.BOX).crop((2, 2, 6, 14))
    return np.asarray(small, dtype=np.float64).ravel() / 255


def _drawn(world: Path) -> Iterator[Seen]:
    for folder in ("query", "bounding_box_test"):
        for path in sorted((world / folder).glob("*.jpg")):
            named = NAME.fullmatch(path.name)
            if named is None or int(named[1]) == 0:
                continue
            pid, camid, take, frame = map(int, named.groups())
            at = START + frame / 4 + 120 * camid
            bag = "backpack" if pid % 3 == 0 else "no"
            picture = Image.open(path)
            yield _seen(
                picture, pid, camid, at, 100 * take + pid, {"backpack": bag, "upper": "dark" if pid % 2 else "light"}
            )


def _seen(picture: Image.Image, pid: int, camid: int, time: float | None, track: int | None, labels: dict) -> Seen:
    content = jpeg(picture)
    id = hashlib.sha256(content + repr((pid, camid, time)).encode()).hexdigest()[:32]
    return Seen(id, pid, camid, time, track, labels, f"camera{camid}/{id[:8]}.jpg", content)
