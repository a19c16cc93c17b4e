"""What the gallery holds: in short, by camera, and by hour."""

import time
from typing import Annotated

from fastapi import APIRouter, Query, Request

from passerby.check_time import EARLIEST, LATEST
from passerby.gallery.checked import checked_cameras
from passerby.gallery.contract import Gallery, Hour
from passerby.gallery.where import Where
from passerby.serve.asked import MOST_NAMED, Camera, Filters
from passerby.serve.guarded import Guarded, Here, Who
from passerby.serve.inside import Inside
from passerby.serve.moment import Moment, iso
from passerby.serve.needs import needs
from passerby.serve.parsed import parsed
from passerby.serve.told import About, CameraCount, Cameras, HourCount, Statistics

routes = APIRouter(route_class=Guarded, tags=["gallery"])
FRESH = 5.0
"""Seconds that /about may be old: it counts the whole gallery."""
HOUR = 3600.0
CLOSE = 1e-3
"""Seconds within which it does not matter which sighting was the first."""
FEW = 50
"""So many sightings are looked through for the first of them."""


@routes.get("/about", response_model=About, **needs("search"))
async def about(request: Request, here: Here, who: Who) -> About:
    """What the gallery holds, and what whoever asks may do."""
    kept: tuple[float, About] | None = getattr(request.app.state, "about", None)
    if kept is None or time.monotonic() - kept[0] > FRESH:
        kept = (time.monotonic(), await here.ask(_about, here))
        request.app.state.about = kept
    return kept[1].model_copy(update={"role": who.role})


@routes.get("/cameras", response_model=Cameras, **needs("search"))
async def cameras(here: Here, who: Who) -> Cameras:
    """The cameras that have records."""
    return Cameras(cameras=await here.ask(_cameras, here.gallery))


@routes.get("/statistics", response_model=Statistics, **needs("search"))
async def statistics(
    here: Here,
    who: Who,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    camera: Annotated[list[Camera] | None, Query(max_length=MOST_NAMED)] = None,
) -> Statistics:
    """How many records each camera has in each hour."""
    where = filters(since=since, until=until, cameras=camera).where()
    hours = await here.ask(_hours, here.gallery, where)
    return Statistics(hours=[HourCount(camid=one.camid, start=iso(one.start), count=one.count) for one in hours])


def filters(*, since: float | None, until: float | None, cameras: list[int] | None, **more: object) -> Filters:
    """Filters of a query string.

    Args:
        since: seconds since 1970-01-01 UTC.
        until: likewise.
        cameras: only these.
        more: fields of `Filters`.

    Raises:
        RequestValidationError: if they do not go together.
    """
    times = {"since": iso(since), "until": iso(until)}
    return parsed(Filters, {**times, "cameras": cameras or None, **more}, "query")


def _about(here: Inside) -> About:
    gallery = here.gallery
    latest = gallery.sightings(limit=1)
    return About(
        records=gallery.count(),
        cameras=_cameras(gallery),
        labels=gallery.labels(),
        model=str(gallery.about.model),
        dim=gallery.about.dim,
        calibrated=here.calibration is not None,
        rates=[] if here.calibration is None else list(here.calibration.rates),
        rate=here.rate,
        first_time=iso(_earliest(gallery)),
        last_time=iso(latest[0].time) if latest else None,
        role="",
    )


def _earliest(gallery: Gallery) -> float | None:
    """The time of the first sighting: its hour is halved until few are left, as a gallery lists the last ones first."""
    starts = [hour.start for hour in gallery.statistics() if hour.start is not None and EARLIEST <= hour.start < LATEST]
    if not starts:
        return None
    since = min(starts)
    until = min(since + HOUR, LATEST)
    while True:
        found = gallery.sightings(Where(since=since, until=until), limit=FEW)
        if len(found) < FEW or until - since < CLOSE:
            return min((one.time for one in found if one.time is not None), default=since)
        middle = (since + until) / 2
        if gallery.count(Where(since=since, until=middle)):
            until = middle
        else:
            since = middle


def _cameras(gallery: Gallery) -> list[CameraCount]:
    return [CameraCount(camid=camid, count=count) for camid, count in sorted(gallery.cameras().items())]


def _hours(gallery: Gallery, where: Where) -> list[Hour]:
    checked_cameras(where, gallery.cameras())
    return gallery.statistics(where)
