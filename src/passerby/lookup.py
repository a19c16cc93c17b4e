"""One person looked for in any folder of pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from passerby import npz
from passerby.datasets.folder import crops
from passerby.run import Run, embeddings
from passerby.search.neighbours import neighbours
from passerby.types import UNKNOWN, Crop, Embeddings

COUNT = 10
"""How many pictures are found by default."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """The pictures most like a query.

    Args:
        query: the query and its descriptor.
        answers: crops and cosine similarities in -1 .. 1, the most alike first.
        gallery: the descriptors that were searched.
        broken: crops whose pictures could not be read, and why; they were not searched.
    """

    query: Embeddings
    answers: tuple[tuple[Crop, float], ...]
    gallery: Embeddings
    broken: tuple[tuple[Crop, str], ...]


def lookup(
    run: Run,
    query: Path,
    gallery: Path,
    *,
    count: int | None = None,
    device: str = "cpu",
    on_progress: Callable[[int, int], None] | None = None,
) -> Lookup:
    """Find the pictures that look most like the person in one picture.

    Args:
        run: the trained network.
        query: file of the person's picture.
        gallery: a folder of pictures, a CSV (see `datasets.manifest`), or an .npz file that `passerby embed` wrote
            with the same run.
        count: how many to find, 1 .. as many as the gallery has, and fewer where some of these cannot be read; by
            default COUNT, or all where there are fewer.
        device: where the network runs.
        on_progress: called with the number of gallery pictures done, and of all.

    Raises:
        FileNotFoundError: if the query or the gallery is missing.
        ValueError: if the query cannot be read, nothing in the gallery can, count is out of range, or the .npz file is
            another model's.
    """
    if count is not None and count < 1:
        raise ValueError(f"count is {count}; give 1 or more.")
    asked = embeddings(run, [Crop(query, UNKNOWN)], device=device)
    broken: list[tuple[Crop, str]] = []
    if gallery.suffix == ".npz":
        searched = npz.read(gallery)
        _check(count, len(searched.crops), gallery)
    else:
        pictures = crops(gallery)
        _check(count, len(pictures), gallery)
        searched = embeddings(
            run,
            pictures,
            device=device,
            on_progress=None if on_progress is None else lambda done: on_progress(done, len(pictures)),
            on_broken=lambda crop, reason: broken.append((crop, reason)),
        )
    if not searched.crops:
        raise ValueError(f"{gallery} holds no vectors; give one with pictures in it.")
    asked.check_same_model(searched)
    found = neighbours(asked.vectors, searched.vectors, min(count or COUNT, len(searched.crops)))
    answers = tuple(
        (searched.crops[row], 1 - distance)
        for row, distance in zip(found.indices[0].tolist(), found.distances[0].tolist(), strict=True)
    )
    return Lookup(query=asked, answers=answers, gallery=searched, broken=tuple(broken))


def _check(count: int | None, there: int, gallery: Path) -> None:
    if there and count is not None and count > there:
        raise ValueError(f"count is {count}, and {gallery} holds {there} pictures; give 1 .. {there}.")
