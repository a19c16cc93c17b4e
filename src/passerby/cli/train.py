"""`passerby train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Data, Seed, Workers

if TYPE_CHECKING:
    from passerby.evaluation.rules import Rules
    from passerby.judge import Judged
    from passerby.run import Run
    from passerby.types import PersonSet


def train(
    recipe: Annotated[str, Argument(help="Name of the recipe, such as demo.")],
    changes: Annotated[list[str] | None, Argument(metavar="[FIELD=VALUE]...", help="Changes of the recipe.")] = None,
    *,
    data: Data,
    out: Annotated[Path, Option(help="Folder of the run.")],
    seed: Seed = 0,
    validate: Annotated[
        int | None, Option(metavar="N", help="Cut N people from the training set, and judge on them.")
    ] = None,
    validate_every: Annotated[
        int | None, Option(metavar="EPOCHS", help="Judge on them during the training too.", min=1)
    ] = None,
    keep: Annotated[
        Literal["best", "last"], Option(help="Weights of which epoch: the best on the people cut off, or the last.")
    ] = "last",
    resume: Annotated[bool, Option("--resume", help="Go on with the run in OUT where it was broken off.")] = False,
    accelerator: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[int, Option(help="Devices on each node.", min=1)] = 1,
    nodes: Annotated[int, Option(help="Machines that train together.", min=1)] = 1,
    workers: Workers = 0,
    checkpoint_every: Annotated[float, Option(help="Seconds between checkpoints; 0: each step.", min=0)] = 30.0,
) -> None:
    """Train a recipe on a data set's training people; with --validate, on some of them, to choose by the others."""
    from passerby import run
    from passerby.asked import asked
    from passerby.data_argument import load, named
    from passerby.evaluation.validation import validation
    from passerby.judge import save_scores
    from passerby.training.machine import Machine

    watched = validate_every is not None or keep == "best"
    if watched and validate is None:
        raise ValueError(
            "--validate-every and --keep best look at people who are cut from the training set; "
            "say how many with --validate N."
        )
    found = run.recipe(recipe, changes or [])
    name, folder = named(data)
    people = load(name, folder) if name else found.data(folder)
    machine = Machine(accelerator=accelerator, devices=devices, nodes=nodes, workers=workers)
    watch = run.Watch(
        judge=lambda trained, held, device: _judge(trained, held, device, shown=False).scores,
        every=validate_every or 1,
        keep=keep,
        on_judged=terminal.watched,
    )
    if validate is not None:
        held_out = validation(people, validate)
        asked(held_out, _rules(held_out))  # what the judge would refuse is refused before the training
    with terminal_bars.training(f"training {recipe}") as report:
        done = run.train(
            recipe,
            data=people,
            out=out,
            changes=changes or [],
            seed=seed,
            resume=resume,
            machine=machine,
            every=checkpoint_every,
            on_step=report,
            validate=validate,
            watch=watch if watched else None,
        )
    if not run.first_process():
        return
    terminal.say(f"{done.model_id} lies in {out}.")
    if validate is None:
        return
    if done.epoch is not None:
        terminal.say(f"Its weights are those of epoch {done.epoch}, the best on the people cut from the training set.")
    judged = _judge(done, run.validation_of(done, people), machine.device, shown=True)
    title = f"{recipe} on {validate} validation people of {people.name}"
    terminal.scores({recipe: judged.scores}, title=title)
    terminal.say(
        f"These {validate} people were cut from the training set: choose settings by them, and publish no number of "
        "theirs. What is published is trained on all, and judged once on the test people."
    )
    file = out / "results" / "validation.json"
    save_scores(judged.scores, file)
    terminal.say(f"Scores: {file}")


def _rules(held: "PersonSet") -> "Rules":
    from passerby.evaluation.rules import Rules

    return Rules(cameras=all(crop.camid is not None for crop in (*held.query, *held.gallery)))


def _judge(trained: "Run", held: "PersonSet", device: str, *, shown: bool) -> "Judged":
    """Judge a run on the people cut from its training set; without cameras where one of their crops has none."""
    from passerby.asked import asked
    from passerby.judge import judge

    rules = _rules(held)
    if not shown:
        return judge(trained, held, rules=rules, device=device)
    with terminal_bars.progress("embedding the people cut off", asked(held, rules).pictures) as done:
        return judge(trained, held, rules=rules, device=device, on_progress=done)
