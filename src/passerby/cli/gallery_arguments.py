"""Arguments that the commands on a gallery share, and what they open."""

import getpass
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

if TYPE_CHECKING:
    from passerby.gallery.contract import Gallery
    from passerby.gallery.where import Where
    from passerby.serve.state import State

LABEL = "write NAME=VALUE or NAME:VALUE, such as upper=red, and each name once."
GalleryUrl = Annotated[
    str,
    Argument(
        metavar="GALLERY",
        help="A folder, postgresql://..., milvus://HOST:PORT/COLLECTION or milvus:FILE.db (see docs).",
    ),
]
StateUrl = Annotated[
    str | None,
    Option(
        "--state",
        metavar="URL",
        help="Where keys, audit and marks are kept: a folder or postgresql://...; the gallery itself unless "
        "it is in Milvus.",
    ),
]
Cameras = Annotated[
    list[int] | None, Option("--camera", help="Only records of this camera; may be given again.", min=0)
]
Since = Annotated[str | None, Option(metavar="TIME", help="From this time on, such as 2026-01-01T08:00:00Z.")]
Until = Annotated[str | None, Option(metavar="TIME", help="Before this time.")]
Pids = Annotated[list[int] | None, Option("--pid", help="Only this person; may be given again.", min=1)]
Labels = Annotated[
    list[str] | None, Option("--label", metavar="NAME=VALUE", help="Only records with this label; may be given again.")
]
Ids = Annotated[list[str] | None, Option("--id", help="Only this record; may be given again.")]


def where(
    *,
    ids: Sequence[str] | None,
    cameras: Sequence[int] | None,
    since: str | None,
    until: str | None,
    pids: Sequence[int] | None,
    labels: Sequence[str] | None,
) -> "Where":
    """The filter that the options ask for.

    Args:
        ids: of --id.
        cameras: of --camera.
        since: of --since.
        until: of --until.
        pids: of --pid.
        labels: of --label, each NAME=VALUE or NAME:VALUE.

    Raises:
        ValueError: if a time or a label cannot be read, or the range is backwards.
    """
    from passerby.gallery.is_id import is_id
    from passerby.gallery.where import Where

    named: dict[str, str] = {}
    for text in labels or ():
        name, value = label(text)
        if named.get(name, value) != value:
            raise ValueError(f"--label is {text[:40]!r}; {LABEL}")
        named[name] = value
    for id in ids or ():
        if not is_id(id):
            raise ValueError(f"--id is {id[:40]!r}; give the 32 hexadecimal digits of a record.")
    return Where(
        ids=tuple(ids) if ids else None,
        cameras=tuple(cameras) if cameras else None,
        since=time(since, "--since"),
        until=time(until, "--until"),
        pids=tuple(pids) if pids else None,
        labels=named,
    )


def label(text: str) -> tuple[str, str]:
    """Name and value of a --label.

    Args:
        text: NAME=VALUE or NAME:VALUE; the first of the two signs parts them.

    Raises:
        ValueError: if it is neither, or one of them is empty.
    """
    found = re.fullmatch(r"([^=:]*[^=:\s][^=:]*)[=:](.*\S.*)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"--label is {text[:40]!r}; {LABEL}")
    return found[1], found[2]


def in_order(action: str, gallery: str, *, actions: Sequence[str], usage: str) -> None:
    """Check what a command is to do, and where.

    Args:
        action: what was given for it.
        gallery: what was given for the gallery.
        actions: that there are.
        usage: the right order, with ACTION in it.

    Raises:
        ValueError: if there is no such action; where the two were given the other way round it says so.
    """
    if action in actions:
        return
    if gallery in actions:
        raise ValueError(f"{gallery!r} stands in the place of GALLERY; write: {usage.replace('ACTION', gallery)}")
    raise ValueError(f"{action[:40]!r} is nothing to do; give {', '.join(actions[:-1])} or {actions[-1]}: {usage}")


def time(text: str | None, option: str) -> float | None:
    """Seconds since 1970-01-01 UTC of an option's text; None where it is not given.

    Args:
        text: ISO 8601; without a zone it is UTC.
        option: its name, for the error.

    Raises:
        ValueError: if it is no time.
    """
    from passerby.serve.moment import seconds

    try:
        return None if text is None else seconds(text)
    except ValueError:
        raise ValueError(f"{option} is {text!r:.60}; give a time such as 2026-01-01T08:00:00Z.") from None


@contextmanager
def opened(gallery: str) -> "Iterator[Gallery]":
    """A gallery that is there, closed again in the end.

    Raises:
        FileNotFoundError: if there is none.
        Unavailable: if it cannot be reached.
    """
    from passerby.gallery.open_gallery import open_gallery

    found = open_gallery(gallery)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def opened_state(gallery: str, state: str | None, *, make: bool = False) -> "Iterator[State]":
    """Keys, audit and marks of a gallery, closed again in the end.

    Args:
        gallery: its URL.
        state: where they are, if not there.
        make: True to make a folder that is not there, where `state` says so.

    Raises:
        FileNotFoundError: if there is nothing.
        ValueError: if the gallery is in Milvus and no place is given.
        Unavailable: if they cannot be reached.
    """
    from passerby.serve.state import open_state

    found = open_state(gallery if state is None else state, make=make and state is not None)
    try:
        yield found
    finally:
        found.close()


def here() -> str:
    """Who acts from the command line, for the audit."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown user"
    return f"command line: {''.join(sign for sign in name if sign.isprintable())[:100]}"
