"""A run judged on a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from passerby import files
from passerby.evaluation.average_precision import DEFINITIONS
from passerby.evaluation.protocol import check
from passerby.evaluation.score import Fact, score
from passerby.evaluation.scores import Scores
from passerby.run import Run, embeddings
from passerby.types import Crop, Embeddings, PersonSet


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A run on a data set's query and gallery.

    Args:
        query: embeddings of the queries.
        gallery: embeddings of the gallery.
        scores: how good the ranking is.
        broken: crops whose pictures could not be read, and why; they are in none of the above.
    """

    query: Embeddings
    gallery: Embeddings
    scores: Scores
    broken: tuple[tuple[Crop, str], ...]


def judge(
    run: Run,
    data: PersonSet,
    *,
    ap: str = "step",
    cameras: bool = True,
    device: str = "cpu",
    on_progress: Callable[[int], None] | None = None,
) -> Judged:
    """Embed a data set's query and gallery with a run's network, and score the ranking.

    Args:
        run: the trained network.
        data: its `query` and `gallery` are used.
        ap: definition of average precision, see `evaluation.score`.
        cameras: False to ignore cameras, see `evaluation.score`.
        device: where the network runs.
        on_progress: called with the number of crops done, queries first.

    Raises:
        ValueError: if there is no query or no gallery, each query has a gallery of its own, or the judge refuses them;
            before anything is embedded.
    """
    if not data.query or not data.gallery:
        raise ValueError(f"{data.name} has {len(data.query)} queries and {len(data.gallery)} gallery crops; give both.")
    if data.galleries is not None:
        raise ValueError(f"{data.name} has a gallery for each query; only one gallery for all queries is judged.")
    if ap not in DEFINITIONS:
        raise ValueError(f"ap is {ap!r}; give one of {', '.join(DEFINITIONS)}.")
    check(data.query, data.gallery, cameras=cameras)
    broken: list[tuple[Crop, str]] = []
    parts = []
    for crops, before in ((data.query, 0), (data.gallery, len(data.query))):
        parts.append(
            embeddings(
                run,
                crops,
                device=device,
                on_progress=None if on_progress is None else lambda done, b=before: on_progress(b + done),
                on_broken=lambda crop, reason: broken.append((crop, reason)),
            )
        )
    facts: dict[str, Fact] = {"data": data.name, "version": data.version, "unreadable": len(broken)}
    facts |= {
        "recipe": " ".join((run.name, *run.changes)),
        "seed": run.seed,
        "weights": run.model_id.weights,
        "flip": run.recipe.flip_test,
        "timm": version("timm"),
        "numpy": version("numpy"),
    }
    scores = score(parts[0], parts[1], ap=ap, cameras=cameras, device=device, protocol=facts)
    return Judged(query=parts[0], gallery=parts[1], scores=scores, broken=tuple(broken))


def save_scores(scores: Scores, path: Path) -> None:
    """Write scores as JSON, whole or not at all."""
    with files.whole(path) as partial:
        partial.write_text(scores.to_json())
