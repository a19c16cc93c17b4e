"""`passerby score`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from passerby import terminal
from passerby.cli.arguments import (
    Ap,
    Expand,
    Memory,
    NoCameras,
    Rerank,
    RerankK1,
    RerankK2,
    RerankLambda,
    post_processing,
    reranking,
)
from passerby.cli.size import size
from passerby.cli.stopped import stoppable
from passerby.files import writable

if TYPE_CHECKING:
    from passerby.types import Embeddings


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
    expand: Expand = False,
    rerank: Rerank = False,
    rerank_k1: RerankK1 = None,
    rerank_k2: RerankK2 = None,
    rerank_lambda: RerankLambda = None,
    memory: Memory = None,
    out: Annotated[Path | None, Option(help="Also write the result, as `passerby compare` reads it.")] = None,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge descriptors from files: arrays vectors (N,D) float32, pids, camids."""
    from passerby.evaluation.post_processed import check_metric, post_processed
    from passerby.evaluation.rules import Rules
    from passerby.evaluation.scores import nullable
    from passerby.judge import save_scores

    rules = Rules(
        ap=ap,
        cameras=not no_cameras,
        post_processing=post_processing(expand=expand, rerank=rerank),
        reranking=reranking(rerank=rerank, k1=rerank_k1, k2=rerank_k2, lam=rerank_lambda),
    )
    check_metric(rules, metric)
    if multi_query is not None and boxes is None:
        raise ValueError("--multi-query pools further pictures of the queries' people; give them by --boxes BOXES.npz.")
    if boxes is not None and tracklets != "none":
        raise ValueError("--boxes and --tracklets do not go together; give one of them.")
    if out is not None and (out.suffix != ".json" or not out.parent.is_dir()):
        raise ValueError(f"--out is {out}; give a file name that ends in .json, in a folder that exists.")
    if out is not None:
        writable(out.parent)
    most = None if memory is None else size(memory)
    with stoppable(lambda: "nothing was written"):
        asked, searched, facts = _read(
            query, gallery, tracklets=tracklets, boxes=boxes, multi_query=multi_query or "mean"
        )
        result = post_processed(
            asked,
            searched,
            rules,
            metric=metric,
            memory=most,
            protocol=facts,
            on_peak=lambda peak: terminal.remark(str(peak)),
        ).scores
        if out is not None:
            save_scores(result, out)
    if as_json:
        stated = {"post_processing": result.protocol["post_processing"]}
        summary = {name: nullable(value) for name, value in (result.summary() | stated).items()}
        terminal.say(json.dumps(summary, allow_nan=False))
    else:
        terminal.scores({str(query): result}, title="Scores")


def _read(
    query: Path, gallery: Path, *, tracklets: str, boxes: Path | None, multi_query: str
) -> tuple["Embeddings", "Embeddings", dict[str, str]]:
    """Queries and gallery, pooled as asked for, and what the result states of that."""
    from passerby import npz
    from passerby.evaluation.digest import digest
    from passerby.evaluation.multi_query import multi_query as boxes_of
    from passerby.evaluation.pooled import pooled
    from passerby.evaluation.tracklets import heads, in_tracklets
    from passerby.evaluation.tracklets import tracklets as frames

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
        asked = pooled(more, groups, asked.crops, pool=multi_query)
    frame_by_frame = tracklets == "none" and in_tracklets(asked.crops) and in_tracklets(searched.crops)
    facts = {
        "tracklets": "not pooled" if frame_by_frame else tracklets,
        "multi_query": "none" if boxes is None else multi_query,
        "pooled_sha256": digest(pooled_ones) if pooled_ones else "none",
    }
    return asked, searched, facts
