"""What the routes work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from starlette.requests import Request

from passerby.gallery.by_record import NoSuchRecord
from passerby.gallery.contract import Gallery, OtherModel
from passerby.gallery.rate import RATE
from passerby.serve.batches import Batches
from passerby.serve.embedder import Embedder
from passerby.serve.ledger import Asker, Ledger
from passerby.serve.limits import Limits
from passerby.serve.measures import Measures
from passerby.serve.problem import Refused
from passerby.serve.room import Room
from passerby.serve.workers import Workers

if TYPE_CHECKING:  # calibration imports much that a server does without
    from passerby.calibration.calibration import Calibration

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Inside:
    """A gallery, a network, a ledger, and the threads that work for the requests.

    Args:
        gallery: what is searched.
        embedder: makes the vectors of what is uploaded.
        ledger: keys, audit and marks.
        calibration: of the embedder's model; None where there is none.
        rate: how often somebody who is absent may be given a false answer, by default.
        limits: what is accepted.
        forget: called after a deletion, to take the marks of deleted records away too.
        loopback: whether only this machine can reach the server; without it nobody is let in without a key.
        measures: counts of the server itself.
        batches: embeds.
        readers: threads that decode pictures.
        askers: threads that ask the gallery.
        clerks: threads that ask the ledger.
        uploads: bytes of the requests that come in.
        exports: those that run.

    Raises:
        OtherModel: if the gallery or the calibration is another model's.
        ValueError: if rate is out of range.
    """

    gallery: Gallery
    embedder: Embedder
    ledger: Ledger
    calibration: "Calibration | None" = None
    rate: float = RATE
    limits: Limits = field(default_factory=Limits)
    forget: Callable[[], object] = lambda: None
    loopback: bool = True
    measures: Measures = field(default_factory=Measures)
    batches: Batches = field(init=False)
    readers: Workers = field(init=False)
    askers: Workers = field(init=False)
    clerks: Workers = field(init=False)
    uploads: Room = field(init=False)
    exports: Room = field(init=False)

    def __post_init__(self) -> None:
        about, model = self.gallery.about, self.embedder.model
        if (about.model, about.dim) != (model, self.embedder.dim):
            raise OtherModel(
                f"The gallery {about.url} holds vectors of {about.model} with {about.dim} dimensions, and the run's "
                f"are of {model} with {self.embedder.dim}; give the run that the gallery was made with."
            )
        if self.calibration is not None and self.calibration.model != model:
            raise OtherModel(
                f"The calibration is of {self.calibration.model}, not of {model}; calibrate the run again."
            )
        if not 0 < self.rate < 1:
            raise ValueError(f"rate is {self.rate}; give a share of false answers between 0 and 1, such as 0.01.")
        if self.calibration is not None:
            self.calibration.nobody_below(self.rate, size=1)  # which refuses a rate that it cannot tell
        work = self.limits.work
        threads = {
            "batches": Batches(self.embedder.vectors, on_batch=self.measures.batch.observe),
            "readers": Workers("read", threads=2, waiting=self.limits.requests, seconds=work),
            "askers": Workers("ask", threads=8, waiting=2 * self.limits.requests, seconds=work),
            "clerks": Workers("note", threads=4, waiting=2 * self.limits.requests, seconds=work),
        }
        rooms = {"uploads": Room(self.limits.held), "exports": Room(self.limits.exports)}
        for name, one in (threads | rooms).items():
            object.__setattr__(self, name, one)

    async def ask(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the gallery gives, asked in a thread; what it does not accept is the client's mistake (422)."""
        return await self.askers.run(lambda: _asked(function, *args, **kwargs))

    async def clerk(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the ledger gives, likewise."""
        return await self.clerks.run(lambda: _asked(function, *args, **kwargs))

    async def note(self, who: Asker, what: str, answers: int, /, **details: object) -> None:
        """Write into the audit what is about to be answered."""
        told: Mapping[str, object] = {name: value for name, value in details.items() if value not in (None, [], {})}
        await self.clerk(self.ledger.note, who.name, what, details=told, answers=answers)

    def close(self) -> None:
        """End the threads; gallery and ledger stay open."""
        for one in (self.readers, self.batches, self.askers, self.clerks):
            one.close()


def inside(request: Request) -> Inside:
    """What an app's routes work with."""
    found: Inside = request.app.state.inside
    return found


def _asked(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return function(*args, **kwargs)
    except (OtherModel, NoSuchRecord):
        raise
    except ValueError as error:
        raise Refused(422, str(error)) from None
