"""Search by uploaded pictures, and by records."""

import asyncio
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, BinaryIO

import numpy as np
from fastapi import APIRouter, Body, File, Form, UploadFile
from torch import Tensor

from passerby.gallery.by_record import by_record
from passerby.gallery.live import Answer, look_for
from passerby.serve.asked import PictureSearch, RecordSearch, Search
from passerby.serve.embedder import Vectors
from passerby.serve.guarded import Guarded, Here, Who
from passerby.serve.inside import Inside
from passerby.serve.ledger import Asker
from passerby.serve.needs import needs
from passerby.serve.parsed import parsed
from passerby.serve.pictures import Box, picture
from passerby.serve.problem import Refused
from passerby.serve.told import SearchAnswer, found

routes = APIRouter(route_class=Guarded, tags=["search"])
ASKED = {"contentMediaType": "application/json", "contentSchema": PictureSearch.model_json_schema()}


@routes.post("/search", response_model=SearchAnswer, **needs("search", 409, body="files"))
async def search(
    here: Here,
    who: Who,
    pictures: Annotated[list[UploadFile], File(description="1 .. 8 pictures of one person: JPEG, PNG or WebP.")],
    asked: Annotated[str, Form(description="How to search, as JSON.", json_schema_extra=ASKED)] = "{}",
) -> SearchAnswer:
    """Look for the person of one or several pictures."""
    started = time.perf_counter()
    how = parsed(PictureSearch, asked, "asked")
    boxes = _boxes(how.boxes, len(pictures))
    prepared = [
        await here.readers.run(_prepared, here, one.file, number, box)
        for number, (one, box) in enumerate(zip(pictures, boxes, strict=True), start=1)
    ]
    find = partial(look_for, here.gallery, await embedded(here, prepared), camera=how.not_camera)
    return await _answered(here, who, how, find, started, pictures=len(pictures))


@routes.post("/search/records", response_model=SearchAnswer, **needs("search", 404, 409, body="json"))
async def search_records(here: Here, who: Who, asked: Annotated[RecordSearch, Body()]) -> SearchAnswer:
    """Look for the person of one or several records; these, and their tracks, are left out."""
    started = time.perf_counter()
    find = partial(by_record, here.gallery, asked.ids, other_cameras_only=asked.other_cameras_only)
    return await _answered(here, who, asked, find, started)


async def embedded(here: Inside, prepared: list[Tensor]) -> Vectors:
    """(N, D) vectors of prepared pictures, embedded with those of other requests.

    Args:
        here: with the network.
        prepared: N pictures as the network sees them.

    Raises:
        Busy: if too many pictures wait.
        TimeoutError: if it takes too long.
        Refused: if the network gives no finite vector (422).
    """
    async with asyncio.timeout(here.limits.work):
        vectors = await here.batches.vectors(prepared)
    if not np.isfinite(vectors).all():
        raise Refused(422, "The network gives NaN or infinity for a picture; give another one.")
    return vectors


def _boxes(boxes: list[Box | None] | None, pictures: int) -> list[Box | None]:
    if boxes is None:
        return [None] * pictures
    if len(boxes) != pictures:
        raise Refused(422, f"There are {len(boxes)} boxes for {pictures} pictures; give one or null for each.")
    return boxes


def _prepared(here: Inside, file: BinaryIO, number: int, box: Box | None) -> Tensor:
    return here.embedder.prepare(picture(file, number=number, box=box, limits=here.limits))


async def _answered(
    here: Inside, who: Asker, how: Search, find: Callable[..., Answer], started: float, **told: object
) -> SearchAnswer:
    """What is found, with what all searches have in common asked of it, and written into the audit."""
    answer = await here.ask(
        find,
        k=how.k,
        where=how.filters.where(not_camera=how.not_camera),
        way=how.way,
        calibration=here.calibration,
        rate=how.rate or here.rate,
        expand=how.expand,
        rerank=how.rerank,
    )
    search = secrets.token_hex(16)
    what = "search by record" if isinstance(how, RecordSearch) else "search"
    # only what was asked for: defaults would hide it
    asked = how.model_dump(exclude_defaults=True, exclude={"boxes"})
    await here.note(who, what, len(answer.hits), search=search, **asked, **told)
    return SearchAnswer(
        search=search,
        answers=[found(*hit) for hit in answer.hits],
        nobody_below=answer.nobody_below,
        probably_nobody=answer.probably_nobody,
        nobody_misses=answer.nobody_misses,
        nobody_measured=answer.nobody_measured,
        top1=answer.top1,
        calibrated=answer.calibrated,
        gallery_size=answer.size,
        seconds=round(time.perf_counter() - started, 4),
    )
