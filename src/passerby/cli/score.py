"""`passerby score`."""

import json
from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from passerby import npz, terminal
from passerby.cli.arguments import Ap, NoCameras


def score(
    query: Annotated[Path, Argument(metavar="QUERY.npz", help="Descriptors of the queries.")],
    gallery: Annotated[Path, Argument(metavar="GALLERY.npz", help="Descriptors of the gallery.")],
    *,
    ap: Ap = "step",
    no_cameras: NoCameras = False,
    metric: Annotated[Literal["cosine", "euclidean", "dot"], Option(help="Distance.")] = "cosine",
    tracklets: Annotated[
        Literal["none", "max", "mean"], Option(help="Make one descriptor of each tracklet's frames (array trackids).")
    ] = "none",
    boxes: Annotated[
        Path | None,
        Option(
            metavar="BOXES.npz", help="Further pictures of the queries' people: search by all of one camera at once."
        ),
    ] = None,
    multi_query: Annotated[
        Literal["mean", "max"] | None, Option(help="How the descriptors of BOXES.npz are pooled; mean by default.")
    ] = None,
    out: Annotated[Path | None, Option(help="Also write the result, as `passerby compare` reads it.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge descriptors from files: arrays vectors (N,D) float32, pids, camids."""
    from passerby.evaluation.digest import digest
    from passerby.evaluation.multi_query import multi_query as boxes_of
    from passerby.evaluation.pooled import pooled
    from passerby.evaluation.score import score as judge
    from passerby.evaluation.scores import nullable
    from passerby.evaluation.tracklets import heads, in_tracklets
    from passerby.evaluation.tracklets import tracklets as frames
    from passerby.judge import save_scores

    if multi_query is not None and boxes is None:
        raise ValueError("--multi-query pools further pictures of the queries' people; give them by --boxes BOXES.npz.")
    if boxes is not None and tracklets != "none":
        raise ValueError("--boxes and --tracklets do not go together; give one of them.")
    if out is not None and (out.suffix != ".json" or not out.parent.is_dir()):
        raise ValueError(f"--out is {out}; give a file name that ends in .json, in a folder that exists.")
    asked, searched = npz.read(query), npz.read(gallery)
    pooled_ones = (*asked.crops, *searched.crops) if tracklets != "none" else ()
    if tracklets != "none":
        asked, searched = (
            pooled(side, frames(side.crops), heads(side.crops), pool=tracklets) for side in (asked, searched)
        )
    if boxes is not None:
        more = npz.read(boxes)
        asked.check_same_model(more)
        groups = boxes_of(asked.crops, more.crops)
        pooled_ones = tuple(more.crops[row] for rows in groups for row in rows)
        asked = pooled(more, groups, asked.crops, pool=multi_query or "mean")
    frame_by_frame = tracklets == "none" and in_tracklets(asked.crops) and in_tracklets(searched.crops)
    facts = {
        "tracklets": "not pooled" if frame_by_frame else tracklets,
        "multi_query": "none" if boxes is None else multi_query or "mean",
        "pooled_sha256": digest(pooled_ones) if pooled_ones else "none",
    }
    result = judge(asked, searched, ap=ap, metric=metric, cameras=not no_cameras, protocol=facts)
    if out is not None:
        save_scores(result, out)
    if as_json:
        summary = {name: nullable(value) for name, value in result.summary().items()}
        terminal.say(json.dumps(summary, allow_nan=False))
    else:
        terminal.scores({str(query): result}, title="Scores")
