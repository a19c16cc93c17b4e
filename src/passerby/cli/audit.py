"""`passerby audit`."""

import json
from typing import Annotated

from typer import Option

from passerby import terminal
from passerby.cli.gallery_arguments import GalleryUrl, Since, StateUrl


def audit(
    gallery: GalleryUrl,
    *,
    limit: Annotated[int, Option(help="How many lines, the latest first.", min=1, max=10_000)] = 100,
    since: Since = None,
    who: Annotated[str | None, Option(help="Only what this one did, by the key's name.")] = None,
    what: Annotated[str | None, Option(metavar="NAME", help="Only what is called so, such as search.")] = None,
    before: Annotated[int | None, Option(metavar="LINE", help="Only lines before this one.", min=0)] = None,
    state: StateUrl = None,
    as_json: Annotated[bool, Option("--json", help="Print one line of JSON for each.")] = False,
) -> None:
    """Show who searched, saw, exported and deleted what, and when."""
    from passerby import terminal_gallery
    from passerby.cli.gallery_arguments import opened_state, time
    from passerby.serve.audit import KINDS, noted
    from passerby.serve.told_times import told_times

    start = time(since, "--since")
    if what is not None and what not in KINDS:
        raise ValueError(f"--what is {what[:40]!r}; give one of: {', '.join(KINDS)}.")
    with opened_state(gallery, state) as kept:
        found = noted(kept.database, limit=limit, before=before, since=start, who=who, what=what)
    if as_json:
        for line in found:
            shown = {"time": terminal_gallery.moment(line.time), "details": told_times(line.details)}
            terminal.say(json.dumps(line._asdict() | shown))
    else:
        terminal_gallery.audit(found)
