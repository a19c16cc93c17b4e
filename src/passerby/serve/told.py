"""What is answered, as values."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from passerby.gallery.record import Record
from passerby.serve.moment import iso

Time = Annotated[str | None, Field(description="ISO 8601 in UTC; null where it is not known.", json_schema_extra={})]


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None


class Told(BaseModel):
    """A record."""

    id: str
    camid: int | None
    time: Time
    trackid: int | None
    pid: int | None
    labels: dict[str, str]
    path: str | None
    box: tuple[float, float, float, float] | None
    thumbnail: Annotated[str | None, Field(description="Where its small JPEG lies, if it has one (else 404).")]


class Found(Told):
    """A record that was found."""

    similarity: Annotated[float, Field(description="Cosine, -1 .. 1.")]
    probability: Annotated[
        float | None,
        Field(
            description="That this record and the query, as one pair by itself, show the same person: at the share of "
            "such pairs in the calibration's data, whatever else was found. Null for an uncalibrated model."
        ),
    ]


class SearchAnswer(BaseModel):
    """What was found, the best first."""

    search: Annotated[str, Field(description="Names this search in the audit.")]
    answers: list[Found]
    nobody_below: Annotated[float | None, Field(description="Answers below this similarity are probably nobody.")]
    probably_nobody: Annotated[
        bool | None, Field(description="Whether the best answer is below that; null where no record was searched.")
    ]
    nobody_misses: Annotated[
        float | None,
        Field(
            description="Share of searches for somebody who is there whose best answer lies below that all the same; "
            "null where the calibration does not say.",
            ge=0,
            le=1,
        ),
    ]
    nobody_measured: Annotated[
        bool | None,
        Field(
            description="Whether both were measured for so many records and such a rate; false where they are "
            "carried on from smaller galleries, or fewer people."
        ),
    ]
    top1: Annotated[
        float | None,
        Field(
            description="Probability that the best answer of so many records is the person, who is among them as "
            "likely as not. It knows of the size of the gallery, which the probability of an answer does not."
        ),
    ]
    calibrated: bool
    gallery_size: Annotated[int, Field(description="Records that were searched: those that pass the filters.")]
    seconds: float


class CameraCount(BaseModel):
    """Records of a camera."""

    camid: int
    count: int


class About(BaseModel):
    """What the gallery holds, and who asks."""

    records: int
    cameras: list[CameraCount]
    labels: dict[str, list[str]]
    model: str
    dim: int
    calibrated: bool
    rates: Annotated[list[float], Field(description="Rates of false answers that the calibration was tried at.")]
    rate: Annotated[float, Field(description="The one that is used where none is asked for.")]
    first_time: Time
    last_time: Time
    role: str


class Cameras(BaseModel):
    """The cameras that have records."""

    cameras: list[CameraCount]


class HourCount(BaseModel):
    """Records of a camera in one hour."""

    camid: int | None
    start: Time
    count: int


class Statistics(BaseModel):
    """Records by camera and hour."""

    hours: list[HourCount]


class Records(BaseModel):
    """A page of records, the latest first."""

    records: list[Told]
    next: Annotated[str | None, Field(description="Give it as `after` for the next page; null after the last.")]


class Added(BaseModel):
    """What was added."""

    ids: list[str]
    new: int
    replaced: int


class Deleted(BaseModel):
    """How many records were deleted."""

    deleted: int


class Marked(BaseModel):
    """A mark."""

    case: str
    record: str
    right: bool
    who: str
    time: Time


class Marks(BaseModel):
    """Marks, the latest last."""

    marks: list[Marked]


class Seen(BaseModel):
    """A sighting in a timeline."""

    id: str
    time: Time
    trackid: int | None
    thumbnail: str | None


class SeenBy(BaseModel):
    """What one camera saw, in the order of time."""

    camid: int | None
    sightings: list[Seen]


class Timeline(BaseModel):
    """The sightings of a case that were marked right, by camera."""

    cameras: list[SeenBy]


class Line(BaseModel):
    """A line of the audit."""

    number: int
    time: Time
    who: str
    what: str
    details: dict[str, object]
    answers: int


class Audit(BaseModel):
    """Lines of the audit, the latest first."""

    lines: list[Line]
    next: Annotated[int | None, Field(description="Give it as `before` for the lines before; null after the first.")]


def told(record: Record) -> Told:
    """A record as it is answered."""
    return Told(**fields(record))


def found(record: Record, similarity: float, probability: float | None) -> Found:
    """A record that was found, as it is answered.

    Args:
        record: which.
        similarity: to the query.
        probability: of the same person; None for an uncalibrated model.
    """
    return Found(**fields(record), similarity=similarity, probability=probability)


def fields(record: Record) -> dict[str, Any]:
    """What is told of a record: all but its vector."""
    return {
        "id": record.id,
        "camid": record.camid,
        "time": iso(record.time),
        "trackid": record.trackid,
        "pid": record.pid,
        "labels": dict(record.labels),
        "path": record.path,
        "box": record.box,
        "thumbnail": f"/api/v1/records/{record.id}/thumbnail",
    }
