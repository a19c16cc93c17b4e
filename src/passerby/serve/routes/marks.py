"""Marks of a case: records that somebody has found right or wrong, their timeline, and their manifest."""

from collections import defaultdict
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from passerby.gallery.record import Record
from passerby.serve import ledger
from passerby.serve.asked import Case, Mark
from passerby.serve.guarded import Guarded, Here, Who
from passerby.serve.inside import Inside
from passerby.serve.manifest import manifest as of_marks
from passerby.serve.moment import iso
from passerby.serve.needs import needs
from passerby.serve.problem import Refused
from passerby.serve.routes.records import Id
from passerby.serve.told import Deleted, Marked, Marks, Seen, SeenBy, Timeline, fields

routes = APIRouter(route_class=Guarded, tags=["marks"])
CSV = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
LEFT_OUT = "X-Passerby-Left-Out"


@routes.post("/marks", response_model=Marked, **needs("search", 404, 409, body="json"))
async def mark(here: Here, who: Who, asked: Annotated[Mark, Body()]) -> Marked:
    """Mark a record right or wrong for a case; a mark that is there is replaced."""
    if not await here.ask(here.gallery.get, [asked.record]):
        raise Refused(404, f"The gallery has no record {asked.record}; it may have been deleted.")
    await here.note(who, "mark", 1, **asked.model_dump())
    return _marked(await here.clerk(here.ledger.mark, asked.case, asked.record, right=asked.right, who=who.name))


@routes.get("/marks", response_model=Marks, **needs("search"))
async def marks(here: Here, who: Who, case: Annotated[Case | None, Query()] = None) -> Marks:
    """The marks of a case, or of all."""
    found = await here.clerk(here.ledger.marks, case)
    await here.note(who, "list marks", len(found), case=case)
    return Marks(marks=[_marked(one) for one in found])


_OF_MANIFEST = needs("search")


@routes.get(
    "/marks/manifest.csv",
    response_class=Response,
    responses=CSV | _OF_MANIFEST["responses"],
    openapi_extra=_OF_MANIFEST["openapi_extra"],
)
async def manifest(here: Here, who: Who) -> Response:
    """The sightings marked right as a labelled data set, each case a person.

    Those that cannot stand in it, such as uploads without a path, are counted in the header X-Passerby-Left-Out.
    """
    made = await here.ask(lambda: of_marks(here.gallery, here.ledger.marks(None)))
    await here.note(who, "manifest", made.rows)
    return Response(made.text, media_type="text/csv", headers={LEFT_OUT: str(made.left_out)})


@routes.delete("/marks/{case}/{record}", response_model=Deleted, **needs("search", 404))
async def unmark(here: Here, who: Who, case: Annotated[Case, Path()], record: Id) -> Deleted:
    """Take a mark away."""
    there = any(one.record == record for one in await here.clerk(here.ledger.marks, case))
    await here.note(who, "unmark", int(there), case=case, record=record)
    if not await here.clerk(here.ledger.unmark, case, record):
        raise Refused(404, f"Record {record} is not marked in this case.")
    return Deleted(deleted=1)


@routes.get("/timeline", response_model=Timeline, **needs("search"))
async def timeline(here: Here, who: Who, case: Annotated[Case, Query()]) -> Timeline:
    """The sightings of a case that were marked right, by camera, in the order of time."""
    right = [one for one in await here.clerk(here.ledger.marks, case) if one.right]
    cameras: dict[int | None, list[Record]] = defaultdict(list)
    for record in (await _records(here, right)).values():
        cameras[record.camid].append(record)
    await here.note(who, "timeline", sum(map(len, cameras.values())), case=case)
    return Timeline(
        cameras=[
            SeenBy(camid=camid, sightings=[_seen(one) for one in sorted(cameras[camid], key=_by_time)])
            for camid in sorted(cameras, key=lambda camid: (camid is None, camid or 0))
        ]
    )


async def _records(here: Inside, marked: list[ledger.Marked]) -> dict[str, Record]:
    """The marked records that are still there, by id."""
    ids = sorted({one.record for one in marked})
    return {record.id: record for record in await here.ask(here.gallery.get, ids)} if ids else {}


def _by_time(record: Record) -> tuple[bool, float, str]:
    return (record.time is None, record.time or 0.0, record.id)


def _seen(record: Record) -> Seen:
    known = fields(record)
    return Seen(**{name: known[name] for name in ("id", "time", "trackid", "thumbnail")})


def _marked(one: ledger.Marked) -> Marked:
    return Marked(case=one.case, record=one.record, right=one.right, who=one.who, time=iso(one.time))
