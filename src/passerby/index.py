"""What `passerby index` does: from pictures and videos to the records of a gallery."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import normalize

from passerby.embed import embed_pictures
from passerby.frames.boxed import boxed
from passerby.frames.crop_sightings import crop_sightings
from passerby.frames.crops import Cut
from passerby.frames.footage import Footage
from passerby.frames.frame import Detect
from passerby.frames.opened import Opened, opened, together
from passerby.frames.place import place
from passerby.frames.sighting import Sighting
from passerby.frames.source import Source
from passerby.frames.taken import taken
from passerby.frames.tracks import Seen, tracks
from passerby.frames.way import USUAL, Indexed, Way
from passerby.gallery.contract import Gallery, OtherModel
from passerby.gallery.record import Record
from passerby.gallery.searchable import check_labels
from passerby.indexed_otherwise import BLANK, indexed_otherwise
from passerby.run import Run
from passerby.types import JUNK, Crop

BATCH = 64
"""Sightings that are added together: a killed run has to do at most so many again."""
SHOWN = 3
"""Sources, and pictures that could not be read, that an error names."""
T = TypeVar("T")


def index(
    gallery: Gallery,
    trained: Run,
    sources: Sequence[Source],
    *,
    detect: Detect | None = None,
    way: Way = USUAL,
    device: str = "cpu",
    on_progress: Callable[[int, int], None] | None = None,
    so_far: Indexed | None = None,
) -> Indexed:
    """Add the people in pictures and videos to a gallery.

    A record's id follows from where it was seen, so that the same command run again, after a kill as well, adds what is
    missing and nothing twice. All sources are opened, and their boxes read, before anything is added.

    Args:
        gallery: of the run's model.
        trained: embeds.
        sources: what to add.
        detect: finds the people in a frame, for sources without boxes; None for none.
        way: how.
        device: that embeds.
        on_progress: called with what is done and the whole, in frames and pictures.
        so_far: what is counted in, for someone who wants to see it while it goes on; None for a new one.

    Raises:
        OtherModel: if the gallery is of another model.
        ValueError: if a source or its boxes cannot be read or do not go together, its records are there with a
            time and would now come without, or nobody was found in any of them.
        FileNotFoundError: if a source or its boxes are missing.
        OSError: if the gallery stops in the middle; what was added before stays.
    """
    told = Indexed() if so_far is None else so_far
    if gallery.about.model != trained.model_id:
        raise OtherModel(f"The gallery holds vectors of {gallery.about.model}, and the run is {trained.model_id}.")
    check_labels(way.labels)
    jobs = together([job for source in sources for job in opened(source, detect=detect is not None)], way)
    told.remarks += indexed_otherwise(gallery, jobs)
    total, before = sum(job.count or 0 for job in jobs), 0
    for job in jobs:
        told.remarks += job.remarks()

        def tick(done: int, before: int = before) -> None:
            if on_progress is not None:
                on_progress(before + done, max(total, before + done))

        adder = _Adder(gallery, trained, way, device, told)
        if isinstance(job.content, Cut):
            adder.crops(job, tick)
        else:
            adder.frames(job, job.content, detect, tick)
        before += job.count or 0
    if not (told.new or told.replaced or told.there):
        raise ValueError(_nobody(jobs, told))
    return told


def _nobody(jobs: Sequence[Opened], told: Indexed) -> str:
    """Why a command has found nobody, and what to look at."""
    passed = "; ".join(f"{count} {reason}" for reason, count in told.passed_over.items())
    broken = [reason.rstrip(".") for reason in told.broken[:SHOWN]]
    if told.broken_count > SHOWN:
        broken.append(f"and {told.broken_count - SHOWN:,} more that could not be read")
    cut = all(isinstance(job.content, Cut) for job in jobs)
    return (
        f"Nobody was found in {', '.join(str(job.source.path) for job in jobs[:SHOWN])}"
        f"{f' ({passed})' if passed else ''}{': ' if broken else ''}{'; '.join(broken)}. "
        f"{'Look at the pictures' if cut else 'Look at boxes or detector'}."
    )


@dataclass(frozen=True, slots=True)
class _Adder:
    """Sightings to records, in batches that are whole."""

    gallery: Gallery
    trained: Run
    way: Way
    device: str
    told: Indexed

    def crops(self, job: Opened, tick: Callable[[int], None]) -> None:
        """Add what is cut out already."""
        assert isinstance(job.content, Cut)
        time = partial(taken, source=job.source, counted=job.content.counted)
        crops = [self._with_camera(crop, job.source) for crop in job.content.crops if crop.pid != JUNK]
        if len(crops) < len(job.content.crops):
            self.told.passed_over["junk (pid -1)"] += len(job.content.crops) - len(crops)
        done = 0
        for groups in _batches(_grouped(crops, each=self.way.each), BATCH):
            done += sum(map(len, groups))
            missing = groups if self.way.again else self._missing(groups, time)
            sightings = crop_sightings(
                missing,
                size=self.trained.recipe.size,
                time=time,
                on_broken=lambda crop, reason: self.told.breaks(reason),
            )
            self.add(list(sightings))
            tick(done)

    def frames(self, job: Opened, footage: Footage, detect: Detect | None, tick: Callable[[int], None]) -> None:
        """Add the people in a video, or in a folder of frames."""
        way = self.way
        linked = not way.each and (job.boxes is None or job.boxes.ids is None)
        seen = Seen(
            camid=job.source.camid,
            start=job.source.start,
            fps=footage.fps,
            people=way.people,
            linked=linked,
            each=way.each,
            together=footage.path.is_file(),
        )
        frames = boxed(job, footage, detect=detect, way=way, linked=linked, told=self.told, tick=tick)
        found = tracks(frames, size=self.trained.recipe.size, seen=seen, passed_over=self.told.passed_over)
        for sightings in _batches(found, BATCH):
            self.add(sightings)

    def add(self, sightings: Sequence[Sighting]) -> None:
        """Embed those that are not there, and add them in one stroke."""
        # two equal boxes of one frame, of an odd box file, are one record
        records = {record.id: (record, one) for one in sightings for record in [_record(one, BLANK, self.way.labels)]}
        there = set() if self.way.again else self._there(list(records))
        wanted = [pair for id, pair in records.items() if id not in there]
        if not wanted:
            return
        pictures = [crop for _, one in wanted for crop in one.crops]
        rows = embed_pictures(
            self.trained.model, pictures, flip=self.trained.recipe.flip_test, batch_size=BATCH, device=self.device
        )
        vectors = [_pooled(some) for some in torch.split(rows, [len(one.crops) for _, one in wanted])]
        added = self.gallery.add(
            [replace(record, embedding=vector.numpy()) for (record, _), vector in zip(wanted, vectors, strict=True)]
        )
        self.told.new += added.new
        self.told.replaced += added.replaced

    def _missing(self, groups: Sequence[Sequence[Crop]], time: Callable[[Crop], float | None]) -> list[Sequence[Crop]]:
        """Groups that have to be read; a single picture's id is known before."""
        single = {
            Record(embedding=BLANK, camid=crop.camid, time=time(crop), trackid=crop.trackid,
                   path=str(place(crop.path)), box=crop.box).id: number
            for number, group in enumerate(groups) if len(group) == 1 for crop in group
        }  # fmt: skip
        there = {single[id] for id in self._there(list(single))}
        return [group for number, group in enumerate(groups) if number not in there]

    def _there(self, ids: Sequence[str]) -> set[str]:
        """Which of these are there, counted."""
        found = self.gallery.get(ids)
        self.told.there += len(found)
        self.told.unlabelled += sum(not self.way.labels.items() <= one.labels.items() for one in found)
        return {one.id for one in found}

    def _with_camera(self, crop: Crop, source: Source) -> Crop:
        return crop if crop.camid is not None or source.camid is None else replace(crop, camid=source.camid)


def _record(one: Sighting, vector: npt.NDArray[np.float32], labels: Mapping[str, str]) -> Record:
    return Record(
        embedding=vector,
        camid=one.camid,
        time=one.time,
        trackid=one.trackid,
        pid=one.pid,
        labels=labels,
        path=one.path,
        box=one.box,
        thumbnail=one.thumbnail,
    )


def _pooled(rows: torch.Tensor) -> torch.Tensor:
    """The mean of descriptors, of length 1."""
    mean = rows.double().mean(dim=0)
    if float(mean.norm()) < 1e-6:
        mean = rows[0].double()
    return normalize(mean, dim=0).float()


def _grouped(crops: Sequence[Crop], *, each: bool) -> list[list[Crop]]:
    """Pictures of one track together, in the order of their first pictures."""
    groups: dict[object, list[Crop]] = {}
    for number, crop in enumerate(crops):
        alone = each or crop.trackid is None
        groups.setdefault(("alone", number) if alone else (crop.camid, crop.trackid), []).append(crop)
    return list(groups.values())


def _batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(things)
    while some := list(islice(remaining, size)):
        yield some
