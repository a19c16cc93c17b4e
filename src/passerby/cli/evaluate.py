"""`passerby eval`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from passerby import terminal
from passerby.cli.arguments import Ap, Data, Device, NoCameras


def evaluate(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    data: Data,
    ap: Ap = "step",
    no_cameras: NoCameras = False,
    device: Device = "cpu",
    page: Annotated[Path | None, Option(help="Report page to write; RUN/report.html by default.")] = None,
) -> None:
    """Search for a data set's queries in its gallery, print the scores, and write RUN/scores.json and a report page."""
    from passerby import run
    from passerby.data_argument import load, named
    from passerby.judge import judge, save_scores
    from passerby.report.page import page as write_page

    shown = page or folder / "report.html"
    if page is not None and not shown.parent.is_dir():
        raise FileNotFoundError(f"No folder {shown.parent} to write {shown.name} into; make it first.")
    trained = run.load(folder)
    name, root = named(data)
    people = load(name, root) if name else trained.recipe.data(root)
    with terminal.progress("embedding", len(people.query) + len(people.gallery)) as done:
        judged = judge(trained, people, ap=ap, cameras=not no_cameras, device=device, on_progress=done)
    terminal.broken(judged.broken, total=len(people.query) + len(people.gallery))
    title = f"{trained.name} on {people.name}"
    terminal.scores({trained.name: judged.scores}, title=title)
    file = folder / "scores.json"
    save_scores(judged.scores, file)
    write_page(shown, title=title, scores={trained.name: judged.scores}, query=judged.query, gallery=judged.gallery)
    terminal.say(f"Scores: {file}\nRanked lists: {shown}")
