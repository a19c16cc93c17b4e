"""Who else is the person of a record: a search that starts from the gallery."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from passerby.gallery.contract import Gallery, Way
from passerby.gallery.live import Answer, look_for
from passerby.gallery.pooled import MOST_PICTURES
from passerby.gallery.rate import RATE
from passerby.gallery.record import Record
from passerby.gallery.where import EVERYTHING, Where

if TYPE_CHECKING:
    from passerby.calibration.calibration import Calibration


class NoSuchRecord(ValueError):
    """A record was asked for that the gallery does not have, or no longer."""


def by_record(
    gallery: Gallery,
    ids: Sequence[str],
    *,
    k: int = 50,
    where: Where = EVERYTHING,
    way: Way = "approximate",
    other_cameras_only: bool = False,
    calibration: "Calibration | None" = None,
    rate: float = RATE,
    expand: int = 0,
    rerank: bool = False,
) -> Answer:
    """Look for the person of some records; these, and the tracks they are of, are left out.

    Args:
        gallery: where the records are.
        ids: 1 .. MOST_PICTURES records of one person; their descriptors are pooled.
        k: as for `look_for`, and so are the others that are not told here.
        where: which records may be found.
        way: see `Gallery.search`.
        other_cameras_only: True to leave out all records of their cameras too.
        calibration: of the gallery's model.
        rate: of false answers.
        expand: neighbours that the query is moved towards.
        rerank: True for re-ranking.

    Raises:
        NoSuchRecord: if the gallery does not have one of them.
        ValueError: if there is no id or too many, or see `look_for`.
        Unavailable: if the store cannot be reached.
    """
    own = tuple(dict.fromkeys(ids))
    if not 1 <= len(own) <= MOST_PICTURES:
        raise ValueError(f"{len(own)} records are asked about; give 1 .. {MOST_PICTURES}.")
    records = gallery.get(own)
    missing = sorted(set(own) - {record.id for record in records})
    if missing:
        raise NoSuchRecord(f"The gallery has no record {missing[0][:40]!r}; it may have been deleted.")
    cameras = sorted({record.camid for record in records if record.camid is not None})
    known = len(cameras) == 1 and all(record.camid is not None for record in records)
    return look_for(
        gallery,
        np.stack([record.embedding for record in records]),
        k=k,
        where=_elsewhere(where, records, cameras if other_cameras_only else []),
        way=way,
        camera=cameras[0] if known else None,
        without=own,
        calibration=calibration,
        rate=rate,
        expand=expand,
        rerank=rerank,
    )


def _elsewhere(where: Where, records: Sequence[Record], cameras: Sequence[int]) -> Where:
    tracks = {
        (record.camid, record.trackid) for record in records if record.camid is not None and record.trackid is not None
    }
    return replace(
        where,
        not_tracks=(*where.not_tracks, *sorted(tracks - set(where.not_tracks))),
        not_cameras=(*where.not_cameras, *(camera for camera in cameras if camera not in where.not_cameras)),
    )
