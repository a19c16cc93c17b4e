"""From nothing to a search page: draw a world, train, judge, calibrate, and fill a gallery."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from passerby import embed, run, terminal, terminal_bars
from passerby.calibrate import calibrate, chosen
from passerby.datasets import synthetic
from passerby.evaluation.label import file_name
from passerby.evaluation.rules import Rules
from passerby.evaluation.score import score
from passerby.evaluation.scores import Scores
from passerby.frames.source import Source
from passerby.frames.way import Way
from passerby.gallery.open_gallery import open_gallery
from passerby.images import Largest, Size
from passerby.index import index
from passerby.judge import facts_of_data, judge, save_scores
from passerby.models.colour_histogram import ColourHistogram
from passerby.report.page import page
from passerby.synth import world
from passerby.types import ModelId, PersonSet

RECIPE = "demo"
START = 1767254400.0
"""When the drawn world's clocks are said to begin: 2026-01-01 08:00 UTC; the first pictures come 40,000 s later."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demo made.

    Args:
        world: folder of the drawn pictures, in Market-1501's layout.
        run: folder of the trained network.
        page: the report.
        gallery: folder of the gallery of all pictures that were searched.
        baseline: scores of the colour histogram.
        trained: scores of the trained network on the same unseen people.
    """

    world: Path
    run: Path
    page: Path
    gallery: Path
    baseline: Scores
    trained: Scores


def demo(
    folder: Path,
    *,
    train_ids: int = 200,
    test_ids: int = 100,
    cameras: int = 6,
    seed: int = 1,
    workers: int = 2,
    changes: Sequence[str] = (),
) -> Demo:
    """Draw a world of people, train the recipe `demo` on some of them, search for the others, and fill a gallery.

    What is there already from the same call is used again; a demo that was broken off goes on where it was.

    Args:
        folder: where the world, the run, the page and the gallery are put.
        train_ids: people to train on, 2 or more.
        test_ids: other people, to search for.
        cameras: of the world.
        seed: of the world and of the training.
        workers: processes that draw.
        changes: `field=value` changes of the recipe.

    Raises:
        ValueError: if the folder holds something else, or an argument is out of range.
    """
    drawn, trained_in = folder / "world", folder / "run"
    with terminal_bars.drawing("drawing people") as show:
        world.write(
            drawn,
            train_ids=train_ids,
            test_ids=test_ids,
            cameras=cameras,
            seed=seed,
            workers=workers,
            hand_share=0,
            progress=show,
        )
    people = synthetic.load(drawn)
    terminal.data_set(people)

    plain = _judge_plain(people, run.recipe(RECIPE, changes).size)
    started = (trained_in / "recipe.json").is_file()
    with terminal_bars.training("training") as report:
        trained = run.train(
            RECIPE, data=people, out=trained_in, changes=changes, seed=seed, resume=started, on_step=report
        )
    with terminal_bars.progress("embedding", len(people.query) + len(people.gallery)) as done:
        judged = judge(trained, people, on_progress=done)
    save_scores(judged.scores, trained_in / "results" / f"{file_name(judged.scores.protocol)}.json")
    results = {"trained network": judged.scores, "colour histogram": plain}
    terminal.scores(results, title="Unseen people of the drawn world (synthetic)")
    shown = folder / "report.html"
    page(
        shown,
        title="passerby demo: unseen people of a drawn world",
        scores=results,
        query=judged.query,
        gallery=judged.gallery,
    )
    _calibrate(trained, people)
    filled = _fill(folder / "gallery", trained, drawn / "bounding_box_test")
    return Demo(world=drawn, run=trained_in, page=shown, gallery=filled, baseline=plain, trained=judged.scores)


def _calibrate(trained: run.Run, people: PersonSet) -> None:
    try:
        with terminal_bars.progress("calibrating", len(chosen(trained, people))) as done:
            made = calibrate(trained, people, on_progress=done)
    except ValueError as reason:
        terminal.remark(f"The gallery answers without probabilities. {reason}")
        return
    terminal.say(f"Calibrated on {made.calibration.people} people: {made.written[0]}")


def _fill(folder: Path, trained: run.Run, pictures: Path) -> Path:
    gallery = open_gallery(str(folder), model=trained.model_id, dim=run.dimension(trained))
    try:
        with terminal_bars.drawing("filling the gallery") as show:
            index(gallery, trained, [Source(path=pictures, start=START)], way=Way(each=True), on_progress=show)
        terminal.say(f"The gallery holds {gallery.count():,} sightings by {len(gallery.cameras())} cameras.")
    finally:
        gallery.close()
    return folder


def _judge_plain(people: PersonSet, size: Size | Largest) -> Scores:
    stamp = ModelId("colour_histogram", "", f"RGB, {size}, stripes of HSV")
    with terminal_bars.progress("colour histograms", len(people.query) + len(people.gallery)) as done:

        def gallery_done(count: int) -> None:
            done(len(people.query) + count)

        plain = ColourHistogram()
        query = embed.embed(plain, people.query, size=size, model_id=stamp, on_progress=done)
        gallery = embed.embed(plain, people.gallery, size=size, model_id=stamp, on_progress=gallery_done)
    told = facts_of_data(people, Rules(), official="not known", unreadable=0)
    return score(query, gallery, protocol={**told, "pooled_sha256": "none", "train": "none"})
