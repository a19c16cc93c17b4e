"""What a server keeps beside the gallery: who may do what, who did what, and what was marked."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

Role = Literal["search", "add", "admin"]
ROLES: tuple[Role, ...] = ("search", "add", "admin")
"""Each may do what the ones before it may."""


class Asker(NamedTuple):
    """Who asks: the name of the key, and its role."""

    name: str
    role: Role


class Noted(NamedTuple):
    """A line of the audit: who did what, when (seconds since 1970-01-01 UTC), and with how many answers."""

    number: int
    time: float
    who: str
    what: str
    details: Mapping[str, object]
    answers: int


class Marked(NamedTuple):
    """A record that somebody has marked right or wrong for a case."""

    case: str
    record: str
    right: bool
    who: str
    time: float


class TooManyMarks(RuntimeError):
    """No more marks are kept, in a case or in all."""


class Ledger(Protocol):
    """What keeps them. Every method may be called from several threads.

    Raises:
        Unavailable: by any method, if the store cannot be reached.
    """

    def who(self, bearer: str | None) -> Asker | None:
        """Whose key it is; None for a wrong key, or for none where there are keys; an admin where there is no key."""
        ...

    def keyless(self) -> bool:
        """Whether no key has been made."""
        ...

    def note(self, who: str, what: str, *, details: Mapping[str, object], answers: int) -> None:
        """Write a line of the audit; when this returns it survives a crash."""
        ...

    def noted(self, *, limit: int, before: int | None) -> list[Noted]:
        """Lines of the audit, the latest first; those before a number."""
        ...

    def mark(self, case: str, record: str, *, right: bool, who: str) -> Marked:
        """Mark a record, instead of what was marked before; raise TooManyMarks where no more are kept."""
        ...

    def unmark(self, case: str, record: str) -> bool:
        """Take a mark away; whether there was one."""
        ...

    def marks(self, case: str | None) -> list[Marked]:
        """The marks of a case, or all."""
        ...

    def ready(self) -> None:
        """Return if the store answers; raise Unavailable otherwise."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
