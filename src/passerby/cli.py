"""The command line: parses arguments, calls functions of the library, prints what they give."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

from passerby import npz, terminal
from passerby.types import Crop

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Person re-identification: train, evaluate, embed, search.",
)

Data = Annotated[str, Option("--data", metavar="[NAME:]DIR", help="Data set's folder, with the set's name in front.")]
Seed = Annotated[int, Option(help="Of all chance.", min=0, max=2**31 - 1)]
Workers = Annotated[int, Option(help="Processes that share the work.", min=0)]
Device = Annotated[str, Option(help="cpu, cuda, ...")]
Ap = Annotated[Literal["step", "trapezoid"], Option("--ap", help="Definition of average precision: step or trapezoid.")]
NoCameras = Annotated[bool, Option("--no-cameras", help="Do not leave out crops of the query's own camera.")]


@app.command()
def synth(
    folder: Annotated[Path | None, Argument(metavar="DIR", help="Where to draw, in Market-1501's layout.")] = None,
    *,
    train_ids: Annotated[int, Option(help="People in train.")] = 751,
    test_ids: Annotated[int, Option(help="People in query and gallery.")] = 750,
    cameras: Annotated[int, Option(help="Cameras.")] = 6,
    seed: Seed = 0,
    workers: Annotated[int, Option(help="Processes that draw.", min=1)] = 2,
    boxes: Annotated[Literal["hand", "detector"], Option(help="How well boxes fit.")] = "detector",
    sheet: Annotated[Path | None, Option(help="Draw one PNG with 60 pictures of the world.")] = None,
) -> None:
    """Draw a world of people: a data set in Market-1501's layout, or a sheet to look at."""
    from passerby.synth import world
    from passerby.synth.sheet import sheet as draw_sheet

    if folder is None and sheet is None:
        raise ValueError("Nothing to draw; give a folder DIR, --sheet FILE.png, or both.")
    if folder is not None:
        with terminal.drawing("drawing people") as show:
            world.write(
                folder,
                train_ids=train_ids,
                test_ids=test_ids,
                cameras=cameras,
                seed=seed,
                workers=workers,
                boxes=boxes,
                progress=show,
            )
        terminal.say(f"A world of {train_ids} + {test_ids} people lies in {folder}.")
    if sheet is not None:
        draw_sheet(sheet, seed=seed)
        terminal.say(f"60 pictures of it are in {sheet}.")


@app.command()
def data(
    name: Annotated[str, Argument(help="Of the data set, such as market1501 or synthetic.")],
    folder: Annotated[Path, Argument(metavar="DIR", help="Where it lies.")],
) -> None:
    """Count a data set, and say why any query has no valid match."""
    from passerby.data_argument import load

    terminal.data_set(load(name, folder))


@app.command()
def train(
    recipe: Annotated[str, Argument(help="Name of the recipe, such as demo.")],
    changes: Annotated[list[str] | None, Argument(metavar="[FIELD=VALUE]...", help="Changes of the recipe.")] = None,
    *,
    data: Data,
    out: Annotated[Path, Option(help="Folder of the run.")],
    seed: Seed = 0,
    resume: Annotated[bool, Option("--resume", help="Go on with the run in OUT where it was broken off.")] = False,
    accelerator: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[int, Option(help="Devices on each node.", min=1)] = 1,
    nodes: Annotated[int, Option(help="Machines that train together.", min=1)] = 1,
    workers: Workers = 0,
    checkpoint_every: Annotated[float, Option(help="Seconds between checkpoints; 0: each step.", min=0)] = 30.0,
) -> None:
    """Train a recipe on a data set's training people."""
    from passerby import run
    from passerby.data_argument import load, named
    from passerby.training.loop import Machine

    found = run.recipe(recipe, changes or [])
    name, folder = named(data)
    people = load(name, folder) if name else found.data(folder)
    machine = Machine(accelerator=accelerator, devices=devices, nodes=nodes, workers=workers)
    with terminal.training(f"training {recipe}") as report:
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
        )
    if run.first_process():
        terminal.say(f"{done.model_id} lies in {out}.")


@app.command("eval")
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


@app.command()
def embed(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    source: Annotated[str, Argument(help="Folder of pictures, one picture, a CSV, or NAME:DIR of a data set.")],
    *,
    split: Annotated[str | None, Option(help="Of a data set: train, query, gallery or multi_query.")] = None,
    out: Annotated[Path, Option(help="The .npz file to write.")],
    device: Device = "cpu",
) -> None:
    """Write the descriptors of pictures into a file."""
    from passerby import run
    from passerby.data_argument import named, split_of
    from passerby.datasets.folder import crops

    _check_out(out, ".npz")
    trained = run.load(folder)
    if split is not None and named(source)[0] is None:
        raise ValueError(f"--split is {split}, but {source} is no data set; write NAME:DIR, or leave --split out.")
    pictures = split_of(source, split) if named(source)[0] else crops(Path(source))
    broken: list[tuple[Crop, str]] = []
    with terminal.progress("embedding", len(pictures)) as done:
        found = run.embeddings(
            trained,
            pictures,
            device=device,
            on_progress=done,
            on_broken=lambda crop, reason: broken.append((crop, reason)),
        )
    npz.write(out, found)
    terminal.broken(broken, total=len(pictures))
    terminal.say(f"{len(found.crops)} descriptors of {found.vectors.shape[1]} dimensions lie in {out}.")


@app.command()
def search(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    *,
    query: Annotated[Path, Option(help="Picture of the person to look for.")],
    gallery: Annotated[Path, Option(help="Folder of pictures, a CSV, or an .npz file of `passerby embed`.")],
    count: Annotated[int, Option("--count", "-k", help="How many to show.", min=1)] = 10,
    device: Device = "cpu",
) -> None:
    """Find the pictures that look most like the person in one picture."""
    from passerby import run
    from passerby.lookup import lookup

    trained = run.load(folder)
    with terminal.drawing("embedding") as done:
        found = lookup(trained, query, gallery, count=count, device=device, on_progress=done)
    if found.gallery.model is None:
        terminal.remark(f"{gallery} does not say which model made its vectors; they are taken to be of this run.")
    terminal.broken(found.broken, total=len(found.broken) + len(found.gallery.crops))
    terminal.lookup(f"Most like {query}", found.answers)


@app.command()
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


@app.command()
def demo(
    folder: Annotated[Path, Option("--out", help="Where the world, the run and the page are put.")] = Path("demo"),
    *,
    seed: Seed = 1,
) -> None:
    """Draw a world, train on some of its people, search for the others, and write a page of ranked lists."""
    from passerby.demo import demo as show

    done = show(folder, seed=seed)
    ratio = done.trained.mAP / done.baseline.mAP
    terminal.say(f"The trained network reaches {ratio:.1f} times the mAP of the colour histogram.")
    terminal.say(f"Open {done.page} to see the ranked lists.")
    terminal.say(f"Search: passerby search {done.run} --query PICTURE --gallery {done.world / 'bounding_box_test'}")


@app.command()
def study(
    table: Annotated[str, Argument(help="Name of the table, such as hybrid_attention.table_ix.")],
    changes: Annotated[
        list[str] | None, Argument(metavar="[FIELD=VALUE]...", help="Changes of every row's recipe.")
    ] = None,
    *,
    data: Annotated[
        list[str],
        Option(
            "--data",
            metavar="[RECIPE=][NAME:]DIR",
            help="Data set; at paper scale with its recipe, such as market=DIR.",
        ),
    ],
    scale: Annotated[
        Literal["small", "paper"], Option(help="Whose recipes: small, on any data, or the paper's.")
    ] = "small",
    seeds: Annotated[int, Option(help="Trainings of each row.", min=1)] = 3,
    rows: Annotated[
        list[str] | None, Option("--rows", metavar="ROW", help="Only this row; can be given again.")
    ] = None,
    out: Annotated[Path, Option(help="Folder of the runs and of the result.")] = Path("studies"),
    accelerator: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[int, Option(help="Devices.", min=1)] = 1,
    workers: Workers = 0,
) -> None:
    """Train and judge the rows of a paper's table, and show the paper's numbers and ours side by side."""
    from passerby.data_argument import for_study
    from passerby.plan import file_name
    from passerby.study import find
    from passerby.study import study as compare
    from passerby.training.loop import Machine

    found = find(table)
    sets = for_study(found, data, scale)
    done = compare(
        found,
        sets,
        out=out,
        scale=scale,
        seeds=seeds,
        rows=rows or None,
        changes=changes or [],
        machine=Machine(accelerator=accelerator, devices=devices, workers=workers),
        training=terminal.training,
        judging=terminal.progress,
    )
    terminal.comparison(done)
    # another study of the same table, on other data or with other changes, keeps its own page
    place = out / scale / "+".join(file_name(name) for name in sets)
    as_json, as_markdown = done.save(place, name=file_name(found.name, *(changes or []), *(rows or [])))
    terminal.say(f"The same as a page: {as_markdown}\nWith the value of each seed: {as_json}")


def main() -> None:
    """Run the command line; a mistake is one line on the standard error and exit code 2."""
    sys.exit(_main(sys.argv[1:]))


def _main(arguments: list[str]) -> int:
    try:
        code = app(arguments, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        print("passerby: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has had enough
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, FloatingPointError, typer.TyperException) as error:
        if os.environ.get("PASSERBY_TRACEBACK"):
            raise
        if not str(error) and arguments == []:  # no command: the help has been printed
            return 2
        told = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        print(f"passerby: {' '.join(told.split())}", file=sys.stderr)
        return 2


def _check_out(out: Path, ending: str) -> None:
    if out.suffix != ending:
        raise ValueError(f"--out is {out}; give a file name that ends in {ending}.")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"No folder {out.parent} to write {out.name} into; make it first.")
