"""Adding crops."""

from typing import Annotated, BinaryIO

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import RootModel
from torch import Tensor

from passerby.gallery.record import Record, Vector
from passerby.serve.asked import Sighting
from passerby.serve.guarded import Guarded, Here, Who
from passerby.serve.inside import Inside
from passerby.serve.needs import needs
from passerby.serve.parsed import parsed
from passerby.serve.pictures import picture
from passerby.serve.problem import Refused
from passerby.serve.routes.search import embedded
from passerby.serve.thumbnail import thumbnail
from passerby.serve.told import Added

routes = APIRouter(route_class=Guarded, tags=["records"])


class Sightings(RootModel[list[Sighting]]):
    """What is known of the pictures, in their order."""


SIGHTINGS = {"contentMediaType": "application/json", "contentSchema": Sightings.model_json_schema()}


@routes.post("/records", response_model=Added, **needs("add", 409, body="added"))
async def add(
    here: Here,
    who: Who,
    pictures: Annotated[list[UploadFile], File(description="1 .. 32 pictures: JPEG, PNG or WebP.")],
    records: Annotated[str, Form(description="What is known of each, as JSON.", json_schema_extra=SIGHTINGS)],
) -> Added:
    """Add crops with what is known of them. The same sighting again replaces the one that is there."""
    known = parsed(Sightings, records, "records").root
    if len(known) != len(pictures):
        raise Refused(422, f"There are {len(known)} records for {len(pictures)} pictures; give one for each.")
    read = [
        await here.readers.run(_read, here, one.file, number, sighting)
        for number, (one, sighting) in enumerate(zip(pictures, known, strict=True), start=1)
    ]
    vectors = await embedded(here, [tensor for tensor, _ in read])
    made = [_record(sighting, vector, *one) for sighting, vector, one in zip(known, vectors, read, strict=True)]
    ids = [one.id for one in made]
    if len(set(ids)) < len(ids):
        raise Refused(422, "Two of the records are the same sighting; give each once, with its path, time or track.")
    # written before, so that nothing is added that the audit does not know of
    await here.note(who, "add", len(ids), records=ids)
    added = await here.ask(here.gallery.add, made)
    return Added(ids=ids, new=added.new, replaced=added.replaced)


def _read(here: Inside, file: BinaryIO, number: int, sighting: Sighting) -> tuple[Tensor, bytes | None]:
    crop = picture(file, number=number, box=sighting.box, limits=here.limits)
    return here.embedder.prepare(crop), thumbnail(crop)


def _record(sighting: Sighting, vector: Vector, pixels: Tensor, small: bytes | None) -> Record:
    known = sighting.model_dump()
    # of the pixels, since the last digits of a descriptor depend on what else was in its batch
    id = Record(embedding=pixels.numpy(), **known).id
    return Record(embedding=vector, thumbnail=small, id=id, **known)
