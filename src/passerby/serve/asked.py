"""What requests may ask, as values; each checks itself."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from passerby.gallery.contract import MOST
from passerby.gallery.live import MOST_EXPANDED
from passerby.gallery.record import LONGEST
from passerby.gallery.searchable import check_labels
from passerby.gallery.where import Where
from passerby.serve.moment import Moment

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)
LONGEST_PATH = 1000
"""Characters of a picture's path."""
MOST_NAMED = 1000
"""Cameras, people or records that a request may name."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give printable characters")
    return text


RecordId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Camera = Annotated[int, Field(ge=0, lt=2**31)]
Person = Annotated[int, Field(ge=1, lt=2**31)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"^[^\x00-\x1f\x7f]+$")]
Case = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_printable)]
Labels = Annotated[dict[Text, Text], Field(max_length=50)]
# JSON has no tuples, and strict pydantic takes no lists for them
Side = Annotated[float, Field(ge=-1_000_000, le=1_000_000)]
Box = Annotated[tuple[Side, Side, Side, Side], Field(strict=False)]


class Filters(BaseModel):
    """Which records are meant: those that all of these are true of."""

    model_config = STRICT

    cameras: Annotated[list[Camera], Field(min_length=1, max_length=MOST_NAMED)] | None = None
    not_cameras: Annotated[list[Camera], Field(max_length=MOST_NAMED)] = []
    since: Moment | None = None
    until: Moment | None = None
    labels: Labels = {}
    pids: Annotated[list[Person], Field(min_length=1, max_length=MOST_NAMED)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_labels(self.labels)
        self.where()
        return self

    def where(self, *, not_camera: int | None = None) -> Where:
        """The filter as a gallery takes it.

        Args:
            not_camera: one more camera that is left out.

        Raises:
            ValueError: if the time range is backwards.
        """
        left_out = (*self.not_cameras, *([] if not_camera is None else [not_camera]))
        return Where(
            cameras=None if self.cameras is None else tuple(self.cameras),
            not_cameras=tuple(dict.fromkeys(left_out)),
            since=self.since,
            until=self.until,
            pids=None if self.pids is None else tuple(self.pids),
            labels=dict(self.labels),
        )


class Search(BaseModel):
    """How to search, whatever is searched with."""

    model_config = STRICT

    k: Annotated[int, Field(ge=1, le=MOST, description="Answers, at most.")] = 50
    filters: Filters = Filters()
    way: Literal["exact", "approximate"] = "approximate"
    expand: Annotated[int, Field(ge=0, le=MOST_EXPANDED, description="Neighbours the query is moved towards.")] = 0
    rerank: bool = False
    rate: Annotated[
        float | None, Field(gt=0, lt=1, description="Share of false answers when the person is absent; the server's.")
    ] = None
    not_camera: Annotated[Camera | None, Field(description="Leave out this camera: the query's own.")] = None


class PictureSearch(Search):
    """How to search by uploaded pictures of one person."""

    boxes: Annotated[
        list[Box | None] | None,
        Field(max_length=64, description="(x, y, w, h) in each upright picture, or null for the whole."),
    ] = None


class RecordSearch(Search):
    """How to search by records of one person; these, and their tracks, are left out."""

    ids: Annotated[list[RecordId], Field(min_length=1, max_length=8)]
    other_cameras_only: bool = False


class Sighting(BaseModel):
    """What is known of a picture that is added."""

    model_config = STRICT

    camid: Camera | None = None
    time: Moment | None = None
    trackid: Camera | None = None
    pid: Person | None = None
    labels: Labels = {}
    path: Annotated[Text, Field(max_length=LONGEST_PATH)] | None = None
    box: Box | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_labels(self.labels)
        return self


class Deletion(BaseModel):
    """Which records to delete: by filters or by ids, not both."""

    model_config = STRICT

    filters: Filters | None = None
    ids: Annotated[list[RecordId], Field(min_length=1, max_length=MOST_NAMED)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.filters is None) == (self.ids is None):
            raise ValueError("give filters or ids, one of them")
        return self


class Mark(BaseModel):
    """Whether a record shows the person of a case."""

    model_config = STRICT

    case: Case
    record: RecordId
    right: bool
