"""Deleting records."""

from typing import Annotated

from fastapi import APIRouter, Body

from passerby.gallery.checked import checked_cameras, checked_filter, checked_labels
from passerby.gallery.contract import Gallery
from passerby.gallery.where import Where
from passerby.serve.asked import Deletion
from passerby.serve.guarded import Guarded, Here, Who
from passerby.serve.inside import Inside
from passerby.serve.needs import needs
from passerby.serve.problem import Refused
from passerby.serve.routes.records import Id
from passerby.serve.told import Deleted

routes = APIRouter(route_class=Guarded, tags=["records"])


@routes.delete("/records/{id}", response_model=Deleted, **needs("admin", 404))
async def delete_one(here: Here, who: Who, id: Id) -> Deleted:
    """Delete one record and its thumbnail."""
    where = Where(ids=(id,))
    if not await here.ask(here.gallery.count, where):
        raise Refused(404, f"The gallery has no record {id}; it may have been deleted.")
    # written before, so that nothing is deleted that the audit does not know of
    await here.note(who, "delete", 1, ids=[id])
    return Deleted(deleted=await here.ask(_delete, here, where))


@routes.post("/delete", response_model=Deleted, **needs("admin", body="json"))
async def delete(here: Here, who: Who, asked: Annotated[Deletion, Body()]) -> Deleted:
    """Delete the records that filters or ids name, and their thumbnails; filters that name all are refused."""
    where = asked.filters.where() if asked.filters is not None else Where(ids=tuple(dict.fromkeys(asked.ids or ())))
    there = await here.ask(_count, here.gallery, where)
    await here.note(who, "delete", there, **asked.model_dump(exclude_defaults=True))
    return Deleted(deleted=await here.ask(_delete, here, where) if there else 0)


def _delete(here: Inside, where: Where) -> int:
    deleted = here.gallery.delete(where)
    here.forget()
    return deleted


def _count(gallery: Gallery, where: Where) -> int:
    checked_filter(where)
    checked_cameras(where, gallery.cameras())
    checked_labels(where, lambda one: bool(gallery.sightings(one, limit=1)), gallery.labels)
    return gallery.count(where)
