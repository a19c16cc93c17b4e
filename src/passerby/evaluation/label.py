"""What a result is called, in a table and as a file."""

import re
from collections.abc import Iterator, Mapping

SHORT = 24
"""Characters up to which a version is part of the name; those of drawn worlds are longer."""

Protocol = Mapping[str, str | int | float | bool | None]


def label(protocol: Protocol) -> str:
    """Data set, version, and what is unusual: `market1501`, `cuhk03 labeled`, `mars, mean of frames`."""
    version = str(protocol.get("version") or "")
    name = " ".join(filter(None, (str(protocol.get("data") or "vectors"), version if len(version) <= SHORT else "")))
    return ", ".join((name, *_unusual(protocol)))


def file_name(protocol: Protocol) -> str:
    """The label as the name of a file, without an ending; sets without an official one are told apart by a digest."""
    known = str(protocol.get("official", "")).startswith(("yes", "no:"))
    name = label(protocol) if known else f"{label(protocol)} {str(protocol.get('query_sha256', ''))[:8]}"
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") or "result"


def _unusual(protocol: Protocol) -> Iterator[str]:
    several, added = protocol.get("multi_query", "none"), protocol.get("distractors_added", 0)
    if "validation on " in str(protocol.get("version")):
        yield "validation"
    if protocol.get("ap", "step") != "step":
        yield f"AP {protocol['ap']}"
    if several != "none":
        yield f"{several} of several queries"
    if protocol.get("tracklets") == "mean":
        yield "mean of frames"
    if protocol.get("leave_one_out"):
        yield "leave-one-out"
    if protocol.get("cameras") is False:
        yield "without cameras"
    if added:
        yield f"{added} distractors added"
    if protocol.get("post_processing", "none") != "none":
        yield str(protocol["post_processing"])
