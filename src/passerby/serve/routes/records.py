"""Records: a page of them, one, its thumbnail."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from passerby.gallery.checked import checked_cameras, checked_labels
from passerby.gallery.contract import Gallery
from passerby.gallery.record import Record
from passerby.gallery.where import Where
from passerby.serve.asked import MOST_NAMED, Camera, RecordId
from passerby.serve.guarded import Guarded, Here, Who
from passerby.serve.moment import Moment
from passerby.serve.needs import needs
from passerby.serve.problem import Refused
from passerby.serve.routes.about import filters
from passerby.serve.told import Records, Told, told

routes = APIRouter(route_class=Guarded, tags=["records"])
MOST = 1000
JPEG = {200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}}
Id = Annotated[RecordId, Path(description="Id of a record.")]


@routes.get("/records", response_model=Records, **needs("search"))
async def records(
    here: Here,
    who: Who,
    camera: Annotated[list[Camera] | None, Query(max_length=MOST_NAMED)] = None,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    label: Annotated[list[str] | None, Query(max_length=50, description="name:value")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    after: Annotated[RecordId | None, Query(description="`next` of the page before.")] = None,
) -> Records:
    """A page of records, the latest first."""
    asked = filters(since=since, until=until, cameras=camera, labels=_labels(label or []))
    found = await here.ask(_page, here.gallery, asked.where(), limit, after)
    listed = asked.model_dump(exclude_defaults=True)
    await here.note(who, "list", len(found), **listed, after=after)
    return Records(records=[told(one) for one in found], next=found[-1].id if len(found) == limit else None)


@routes.get("/records/{id}", response_model=Told, **needs("search", 404))
async def record(here: Here, who: Who, id: Id) -> Told:
    """One record."""
    found = await here.ask(here.gallery.get, [id])
    if not found:
        raise Refused(404, f"The gallery has no record {id}; it may have been deleted.")
    await here.note(who, "view", 1, record=id)
    return told(found[0])


_OF_THUMBNAIL = needs("search", 404)


@routes.get(
    "/records/{id}/thumbnail",
    response_class=Response,
    responses=JPEG | _OF_THUMBNAIL["responses"],
    openapi_extra=_OF_THUMBNAIL["openapi_extra"],
)
async def thumbnail(here: Here, who: Who, id: Id) -> Response:
    """The small picture of a record."""
    found = await here.ask(here.gallery.thumbnail, id)
    if found is None:
        raise Refused(404, f"There is no record {id}, or it has no thumbnail.")
    await here.note(who, "view thumbnail", 1, record=id)
    return Response(found, media_type="image/jpeg")


def _page(gallery: Gallery, where: Where, limit: int, after: str | None) -> list[Record]:
    checked_cameras(where, gallery.cameras())
    checked_labels(where, lambda one: bool(gallery.sightings(one, limit=1)), gallery.labels)
    return gallery.sightings(where, limit=limit, after=after)


def _labels(given: list[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for one in given:
        name, colon, value = one.partition(":")
        if not colon or labels.get(name, value) != value:
            raise Refused(422, f"A label is {one[:80]!r}; give name:value, each name once.")
        labels[name] = value
    return labels
