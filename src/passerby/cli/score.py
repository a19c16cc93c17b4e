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
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge descriptors from files: arrays vectors (N,D) float32, pids, camids."""
    from passerby.evaluation.score import score as judge
    from passerby.evaluation.scores import nullable

    result = judge(npz.read(query), npz.read(gallery), ap=ap, metric=metric, cameras=not no_cameras)
    if as_json:
        summary = {name: nullable(value) for name, value in result.summary().items()}
        terminal.say(json.dumps(summary, allow_nan=False))
    else:
        terminal.scores({str(query): result}, title="Scores")
