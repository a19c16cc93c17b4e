"""Sightings from pictures of people that are cut out already."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from passerby import images
from passerby.frames.place import place
from passerby.frames.sighting import Sighting, jpeg, sharpness
from passerby.frames.tracks import CROPS
from passerby.images import Largest, Size
from passerby.types import Crop


def crop_sightings(
    groups: Sequence[Sequence[Crop]],
    *,
    size: Size | Largest,
    time: Callable[[Crop], float | None],
    on_broken: Callable[[Crop, str], None],
    workers: int = 2,
) -> Iterator[Sighting]:
    """One sighting for each group of crops: of its CROPS best pictures, by sharpness x sqrt(rows), the best first.

    Args:
        groups: pictures that are one sighting; one picture, or the pictures of a track.
        size: what the model sees.
        time: seconds since 1970 of a crop; None where it is not known.
        on_broken: called with each crop that cannot be read, and why.
        workers: threads that read.
    """
    with ThreadPoolExecutor(workers) as pool:
        for group in groups:
            best: list[tuple[float, int, Crop, Image.Image]] = []
            for start in range(0, len(group), 4 * workers):
                some = group[start : start + 4 * workers]
                for place, (crop, picture) in enumerate(zip(some, pool.map(_read, some), strict=True), start=start):
                    if not isinstance(picture, Image.Image):
                        on_broken(crop, str(picture))
                        continue
                    quality = sharpness(picture) * picture.height**0.5 if len(group) > 1 else 0.0
                    best.append((-quality, place, crop, picture))
                best = sorted(best, key=lambda one: one[:2])[:CROPS]
            if best:
                yield _sighting(best, size, time)


def _sighting(
    best: Sequence[tuple[float, int, Crop, Image.Image]], size: Size | Largest, time: Callable[[Crop], float | None]
) -> Sighting:
    _, _, crop, picture = best[0]
    return Sighting(
        camid=crop.camid,
        time=time(crop),
        trackid=crop.trackid,
        pid=crop.pid if crop.pid > 0 else None,
        path=str(place(crop.path)),
        box=crop.box,
        crops=tuple(images.resize(one, size) for _, _, _, one in best),
        thumbnail=jpeg(picture),
    )


def _read(crop: Crop) -> Image.Image | Exception:
    try:
        picture = images.read(crop.path)
        return picture if crop.box is None else images.crop(picture, crop.box)
    except (OSError, ValueError) as error:
        return error
