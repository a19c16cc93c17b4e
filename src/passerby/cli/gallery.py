"""`passerby gallery`."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from passerby import terminal
from passerby.cli.gallery_arguments import Cameras, GalleryUrl, Ids, Labels, Pids, Since, StateUrl, Until
from passerby.files import writable

if TYPE_CHECKING:
    from passerby.gallery.contract import Gallery
    from passerby.gallery.where import Where


def gallery(
    action: Annotated[str, Argument(metavar="info|export|delete|drop", help="What to do.")],
    url: GalleryUrl,
    *,
    ids: Ids = None,
    cameras: Cameras = None,
    since: Since = None,
    until: Until = None,
    pids: Pids = None,
    labels: Labels = None,
    out: Annotated[
        Path | None,
        Option(help="With export: FILE.jsonl, or FILE.npz as score and search read it; JSON lines are printed else."),
    ] = None,
    overwrite: Annotated[bool, Option("--overwrite", help="With export: replace a file that is there.")] = False,
    thumbnails: Annotated[bool, Option("--thumbnails", help="With export: thumbnails too, in base64.")] = False,
    yes: Annotated[bool, Option("--yes", help="With drop: that all is to be deleted.")] = False,
    state: StateUrl = None,
    as_json: Annotated[bool, Option("--json", help="With info: print JSON.")] = False,
) -> None:
    """Tell what a gallery holds, export or delete records of it, or drop the whole."""
    from passerby.cli.gallery_arguments import here, in_order, opened, opened_state, where
    from passerby.gallery.checked import checked_cameras

    in_order(action, url, actions=("info", "export", "delete", "drop"), usage="passerby gallery ACTION GALLERY")
    asked = where(ids=ids, cameras=cameras, since=since, until=until, pids=pids, labels=labels)
    _check(action, asked, out=out, overwrite=overwrite, thumbnails=thumbnails, yes=yes, as_json=as_json)
    with opened(url) as found:
        if action == "info":
            _info(found, as_json=as_json)
            return
        checked_cameras(asked, found.cameras())
        _check_named(found, asked)
        with opened_state(url, state, make=True) as kept:
            number = found.count(asked)
            details = {name: value for name, value in _told(asked).items() if value not in (None, [], {})}
            # written before, so that nothing leaves or is deleted that the audit does not know of
            kept.note(here(), action, details=details, answers=number)
            if action == "export":
                _export(found, asked, out, thumbnails=thumbnails)
            elif action == "delete":
                from passerby.serve.marks import forget_deleted

                deleted = found.delete(asked)
                forget_deleted(kept.database, found)
                terminal.say(f"{deleted:,} records were deleted.")
            else:
                from passerby.gallery.drop import drop
                from passerby.serve.marks import forget_all

                drop(url)
                forget_all(kept.database)
                terminal.say(f"The gallery is gone with its {number:,} records; keys and audit stay.")


def _check(
    action: str, asked: "Where", *, out: Path | None, overwrite: bool, thumbnails: bool, yes: bool, as_json: bool
) -> None:
    from passerby.gallery.where import EVERYTHING

    for option, there, belongs in (
        ("--out", out is not None, "export"),
        ("--overwrite", overwrite, "export"),
        ("--thumbnails", thumbnails, "export"),
        ("--yes", yes, "drop"),
        ("--json", as_json, "info"),
    ):
        if there and action != belongs:
            raise ValueError(f"{option} goes with {belongs}, not with {action}.")
    if asked != EVERYTHING and action not in ("export", "delete"):
        raise ValueError(f"Filters go with export and delete; {action} is about the whole gallery.")
    if action == "delete" and asked == EVERYTHING:
        raise ValueError("Delete which records? Give --id, --pid, --camera, --since, --until or --label.")
    if action == "drop" and not yes:
        raise ValueError("This deletes the whole gallery and cannot be undone; say --yes if that is meant.")
    if out is not None and (out.suffix not in (".jsonl", ".npz") or not out.parent.is_dir()):
        raise ValueError(f"--out is {out}; give a file that ends in .jsonl or .npz, in a folder that exists.")
    if thumbnails and out is not None and out.suffix == ".npz":
        raise ValueError("An .npz file holds no thumbnails; give a file that ends in .jsonl.")
    if overwrite and out is None:
        raise ValueError("--overwrite says that --out may be replaced; give --out FILE.")
    if out is not None:
        writable(out.parent)
        # what was deleted since may be nowhere else
        if os.path.lexists(out) and not overwrite:
            raise ValueError(f"{out} is there already; give another file, or --overwrite to replace it.")


def _check_named(found: "Gallery", asked: "Where") -> None:
    """Refuse people, records and labels that nothing is known of, as a wrong camera is; a range may find nothing."""
    from passerby.gallery.where import Where

    parts = {
        "id": [(id, Where(ids=(id,))) for id in asked.ids or ()],
        "person": [(str(pid), Where(pids=(pid,))) for pid in asked.pids or ()],
        "label": [(f"{name}={value}", Where(labels={name: value})) for name, value in asked.labels.items()],
    }
    for kind, named in parts.items():
        unknown = [text for text, where in named if not found.count(where)]
        if unknown:
            more = f", and {len(unknown) - 20} more" if len(unknown) > 20 else ""
            raise ValueError(f"No record of {kind} {', '.join(unknown[:20])}{more}; nothing was done.")


def _info(found: "Gallery", *, as_json: bool) -> None:
    from passerby import terminal_gallery

    statistics = found.statistics()
    hours = sorted(hour.start for hour in statistics if hour.start is not None)
    lacking = {
        "camera": sum(hour.count for hour in statistics if hour.camid is None),
        "time": sum(hour.count for hour in statistics if hour.start is None),
    }
    cameras, labels, records = found.cameras(), found.labels(), found.count()
    if not as_json:
        terminal_gallery.about(
            found.about, records=records, lacking=lacking, cameras=cameras, labels=labels, times=hours
        )
        return
    model = found.about.model
    told = {
        "url": found.about.url,
        "records": records,
        "dim": found.about.dim,
        "model": {"name": model.name, "weights": model.weights, "preprocessing": model.preprocessing},
        "cameras": {str(camid): count for camid, count in cameras.items()},
        "without_camera": lacking["camera"],
        "without_time": lacking["time"],
        "labels": labels,
        "first_hour": terminal_gallery.moment(hours[0]) if hours else None,
        "last_hour": terminal_gallery.moment(hours[-1]) if hours else None,
    }
    terminal.say(json.dumps(told))


def _export(found: "Gallery", asked: "Where", out: Path | None, *, thumbnails: bool) -> None:
    from passerby import files, npz
    from passerby.gallery.exported import embeddings, lines

    if out is None:
        _write(lines(found, asked, thumbnails=thumbnails), sys.stdout.write)
        return
    if out.suffix == ".npz":
        written = embeddings(found, asked)
        npz.write(out, written)
        number = len(written.crops)
    else:
        with files.whole(out) as partial, partial.open("w", encoding="utf-8") as file:
            number = _write(lines(found, asked, thumbnails=thumbnails), file.write)
    terminal.say(f"{number:,} record{'s' if number != 1 else ''} lie{'' if number != 1 else 's'} in {out}.")


def _write(lines: Iterable[str], write: Callable[[str], object]) -> int:
    """How many lines were written."""
    number = 0
    for line in lines:
        write(f"{line}\n")
        number += 1
    return number


def _told(asked: "Where") -> dict[str, object]:
    """The filter as the audit tells it."""
    return {
        "ids": list(asked.ids or ())[:1000],
        "cameras": list(asked.cameras or ()),
        "since": asked.since,
        "until": asked.until,
        "pids": list(asked.pids or ()),
        "labels": dict(asked.labels),
    }
