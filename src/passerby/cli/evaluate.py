"""`passerby eval`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import (
    Ap,
    Device,
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

if TYPE_CHECKING:
    from passerby.run import Run
    from passerby.types import PersonSet


def evaluate(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    data: Annotated[
        list[str], Option("--data", metavar="[NAME:]DIR", help="Data set; give it again for one table of several.")
    ],
    validate: Annotated[
        bool, Option("--validate", help="Judge on the training people that `train --validate` held out.")
    ] = False,
    ap: Ap = "step",
    no_cameras: NoCameras = False,
    tracklets: Annotated[
        Literal["auto", "max", "mean", "none"],
        Option(help="How a tracklet's frames become one; auto: max where there are any."),
    ] = "auto",
    multi_query: Annotated[
        Literal["none", "mean", "max"], Option(help="Search by all further pictures of a query's person and camera.")
    ] = "none",
    leave_one_out: Annotated[
        bool, Option("--leave-one-out", help="Search for each picture of query and gallery among all others.")
    ] = False,
    expand: Expand = False,
    rerank: Rerank = False,
    rerank_k1: RerankK1 = None,
    rerank_k2: RerankK2 = None,
    rerank_lambda: RerankLambda = None,
    distractors: Annotated[
        list[int] | None, Option(metavar="N", help="Add N distractors to the gallery; again for a curve.")
    ] = None,
    distractors_from: Annotated[
        Path | None, Option(metavar="DIR", help="Pictures of nobody; by default those of the data set.")
    ] = None,
    by: Annotated[
        list[str] | None, Option(metavar="PART", help="Also cut the result: by camera_pair, by attribute, or both.")
    ] = None,
    rank: Annotated[
        list[int] | None, Option(metavar="K", help="Rank of the CMC to show beside rank 1; 5 and 10 by default.")
    ] = None,
    memory: Memory = None,
    out: Annotated[Path | None, Option(help="Folder of what is written; RUN/results by default.")] = None,
    device: Device = "cpu",
) -> None:
    """Search for a data set's queries in its gallery; print the scores, write them, and a page of ranked lists."""
    from passerby import run
    from passerby.evaluate import evaluate as judge
    from passerby.evaluation.rules import Rules

    rules = Rules(
        ap=ap,
        cameras=not no_cameras,
        tracklets=tracklets,
        multi_query=multi_query,
        leave_one_out=leave_one_out,
        post_processing=post_processing(expand=expand, rerank=rerank),
        reranking=reranking(rerank=rerank, k1=rerank_k1, k2=rerank_k2, lam=rerank_lambda),
    )
    if distractors_from is not None and not distractors:
        raise ValueError("--distractors-from says where to take distractors, and not how many; add --distractors N.")
    most = None if memory is None else size(memory)
    trained = run.load(folder)
    sets = [_people(trained, spec, validate=validate, distractors=distractors_from) for spec in data]
    written: list[Path] = []
    with stoppable(lambda: f"written before: {', '.join(map(str, written))}" if written else "nothing was written"):
        done = judge(
            trained,
            sets,
            out=out or folder / "results",
            progress=terminal_bars.progress,
            rules=rules,
            distractors=sorted(set(distractors or [])),
            parts=by or [],
            ranks=list(dict.fromkeys(k for k in rank or (5, 10) if k != 1)),
            memory=most,
            device=device,
            on_peak=lambda peak: terminal.remark(str(peak)),
            on_written=written.append,
        )
    terminal.broken(done.broken, total=done.pictures)
    terminal.results(done.results)
    for one in done.slices:
        terminal.slices(one)
    for file in done.written:
        terminal.say(f"Written: {file}")


def _people(trained: "Run", spec: str, *, validate: bool, distractors: Path | None) -> "PersonSet":
    from passerby import data_argument, run
    from passerby.datasets.folder import crops
    from passerby.types import DISTRACTOR, Crop

    name, root = data_argument.named(spec)
    people = data_argument.load(name, root) if name else trained.recipe.data(root)
    if validate:
        people = run.validation_of(trained, people)
    if distractors is None:
        return people
    found = crops(distractors)
    named = next((crop for crop in found if crop.pid > DISTRACTOR), None)
    if named is not None:
        raise ValueError(f"{named.path} shows person {named.pid} by {distractors}; a distractor shows nobody.")
    return replace(people, distractors=tuple(Crop(crop.path, DISTRACTOR) for crop in found))
