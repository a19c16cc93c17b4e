"""`passerby keys`."""

import json
from typing import Annotated, Literal

from typer import Argument, Option

from passerby import terminal
from passerby.cli.gallery_arguments import GalleryUrl, StateUrl


def keys(
    gallery: GalleryUrl,
    action: Annotated[str, Argument(metavar="add|list|revoke", help="What to do.")],
    name: Annotated[str | None, Argument(help="Whose key; for revoke, its id will do.")] = None,
    *,
    role: Annotated[
        Literal["search", "add", "admin"] | None,
        Option(help="With add: search may search, see and mark, add may add records too, admin everything."),
    ] = None,
    state: StateUrl = None,
    as_json: Annotated[bool, Option("--json", help="With list: print JSON.")] = False,
) -> None:
    """Make, list and take back the keys of a gallery's server."""
    from passerby import terminal_gallery
    from passerby.cli.gallery_arguments import here, in_order, opened_state
    from passerby.serve.keys import listed, make, revoke

    in_order(action, gallery, actions=("add", "list", "revoke"), usage="passerby keys GALLERY ACTION [NAME]")
    if (action == "list") != (name is None):
        raise ValueError(
            "Name nobody for list." if action == "list" else f"Say whose key to {action}: NAME is missing."
        )
    if (action == "add") != (role is not None):
        raise ValueError("--role goes with add: give search, add or admin.")
    if as_json and action != "list":
        raise ValueError("--json goes with list.")
    with opened_state(gallery, state, make=action == "add") as kept:
        if action == "list":
            found = listed(kept.database)
            if as_json:
                terminal.say(json.dumps([key._asdict() for key in found]))
            else:
                terminal_gallery.keys(found)
        elif action == "add" and name is not None and role is not None:
            key = make(kept.database, name, role)
            kept.note(here(), "key made", details={"name": name, "role": role}, answers=0)
            terminal.remark(f"The key of {name}, role {role}. It is shown this once and kept nowhere; it goes into the")
            terminal.remark("page, or into requests as `Authorization: Bearer KEY`:")
            terminal.say(key)
        elif name is not None:
            gone = revoke(kept.database, name)
            kept.note(here(), "key revoked", details={"name": gone.name, "role": gone.role, "id": gone.id}, answers=0)
            terminal.say(f"The key of {gone.name} ({gone.id}, role {gone.role}) is good no longer.")
