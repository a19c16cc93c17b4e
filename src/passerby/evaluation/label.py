"""What a result is called, in a table and as a file."""

import hashlib
import re
from collections.abc import Iterator, Mapping

from passerby.evaluation.expanded import EXPANSION
from passerby.evaluation.reranking import NAME, USUAL

SHORT = 24
"""Characters up to which a version is part of the name; those of drawn worlds are longer."""

LONGEST = 180
"""Characters of a file's name, without ending and digest."""

SHORTER = {EXPANSION: "expansion", str(USUAL): NAME}
"""What is done between embedding and ranking, by the usual numbers; others are part of the name."""

Protocol = Mapping[str, str | int | float | bool | None]


def label(protocol: Protocol) -> str:
    """Data set, version, and what is unusual: `market1501`, `cuhk03 labeled`, `mars, mean of frames`."""
    version = str(protocol.get("version") or "")
    name = " ".join(filter(None, (str(protocol.get("data") or "vectors"), version if len(version) <= SHORT else "")))
    return ", ".join((name, *_unusual(protocol)))


def file_name(protocol: Protocol) -> str:
    """The label as the name of a file, without an ending; what is not an official set has a digest of its crops too."""
    crops = "".join(str(protocol.get(f"{side}_sha256", "")) for side in ("query", "gallery", "pooled"))
    digest = hashlib.sha256(crops.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9.]+", "-", label(protocol)).strip("-.")[:LONGEST].rstrip("-.")
    return "-".join(filter(None, (name, "" if protocol.get("official") == "yes" else digest))) or "result"


def _unusual(protocol: Protocol) -> Iterator[str]:
    several, added = protocol.get("multi_query", "none"), protocol.get("distractors_added", 0)
    if "validation on " in str(protocol.get("version")):
        yield "validation"
    if protocol.get("ap", "step") != "step":
        yield f"AP {protocol['ap']}"
    if several != "none":
        yield f"{several} of several queries"
    frames = {"mean": "mean of frames", "not pooled": "single frames"}.get(str(protocol.get("tracklets")))
    if frames is not None:
        yield frames
    if protocol.get("leave_one_out"):
        yield "leave-one-out"
    if protocol.get("cameras") is False:
        yield "without cameras"
    if added:
        yield f"{added} distractors added"
    if protocol.get("post_processing", "none") != "none":
        told = str(protocol["post_processing"])
        for usual, name in SHORTER.items():
            told = told.replace(usual, name)
        yield told
