"""`passerby index`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from typer import Argument, Option

from passerby import terminal
from passerby.cli.arguments import Device
from passerby.cli.stopped import stoppable

T = TypeVar("T")


def index(
    url: Annotated[str, Argument(metavar="GALLERY", help="Folder, or postgresql://... or milvus:...")],
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    given: Annotated[
        list[Path],
        Argument(metavar="SOURCE...", help="Folders of crops or frames, a CSV of crops or of videos, or videos."),
    ],
    *,
    camera: Annotated[list[int] | None, Option(help="Camera: one for all SOURCEs, or one each, in order.")] = None,
    start: Annotated[
        list[str] | None, Option(metavar="TIME", help="Of the first frame, 2026-01-01T08:00:00Z; likewise.")
    ] = None,
    boxes: Annotated[
        list[Path] | None, Option(metavar="FILE", help="MOT .txt or COCO .json; likewise; also a name beside a video.")
    ] = None,
    detector: Annotated[
        str | None, Option(metavar="NAME", help="hog (needs nothing), or a detection model of torchvision.")
    ] = None,
    weights: Annotated[
        str | None, Option(metavar="FILE", help="Of the detector: a file, or `download` for torchvision's own.")
    ] = None,
    fps: Annotated[float | None, Option(help="Frames a second, where the SOURCE does not say or is wrong.")] = None,
    every: Annotated[int, Option(help="Look at every n-th frame.", min=1)] = 1,
    least: Annotated[float | None, Option(help="Pass over boxes of less confidence.")] = None,
    each: Annotated[bool, Option("--each", help="A record for each box, not one for each track.")] = False,
    people: Annotated[bool, Option("--people", help="The boxes' ids are people: records get them as pids.")] = False,
    again: Annotated[bool, Option("--again", help="Embed and replace what is there already.")] = False,
    label: Annotated[
        list[str] | None, Option(metavar="NAME=VALUE", help="Clothing or carried thing of all records; repeatable.")
    ] = None,
    device: Device = "cpu",
) -> None:
    """Add the people in pictures and videos to a gallery; run it again to go on after a break."""
    from passerby import index as indexing
    from passerby import run
    from passerby.frames.moment import moment
    from passerby.frames.source import Source
    from passerby.frames.way import Indexed, Way
    from passerby.gallery.open_gallery import open_gallery
    from passerby.gallery.searchable import check_labels

    if weights is not None and detector is None:
        raise ValueError("--weights are a detector's; give --detector NAME.")
    if detector is not None and boxes:
        raise ValueError("--boxes and --detector both say where people are; give one of them.")
    way = Way(each=each, every=every, least=least, people=people, again=again, labels=_labels(label or []))
    starts = [moment(text) for text in start or []]
    count = len(given)
    sources = [
        Source(path=path, camid=camid, start=begins, boxes=file, fps=fps)
        for path, camid, begins, file in zip(
            given,
            _spread("--camera", camera or [], count),
            _spread("--start", starts, count),
            _spread("--boxes", boxes or [], count),
            strict=True,
        )
    ]
    missing = [path for path in given if not path.exists()]
    if missing:  # before a gallery is made
        raise FileNotFoundError(f"Nothing at {missing[0]}; give a folder, a picture, a .csv or a video.")
    check_labels(way.labels)
    detect = None
    if detector is not None:
        from passerby.frames.detector import detector as detector_of

        detect = detector_of(detector, weights=weights, device=device)
    trained = run.load(folder)
    gallery = open_gallery(url, model=trained.model_id, dim=run.dimension(trained))
    told = Indexed()
    try:
        with stoppable(lambda: f"{told.new + told.replaced} records are in; the same command goes on"):
            with terminal.drawing("indexing") as show:
                indexing.index(
                    gallery,
                    trained,
                    sources,
                    detect=detect,
                    way=way,
                    device=device,
                    on_progress=show,
                    so_far=told,
                )
            total = gallery.count()
    finally:
        gallery.close()
    for line in told.remarks:
        terminal.remark(line)
    for reason, number in sorted(told.passed_over.items()):
        terminal.remark(f"passed over: {number} {reason}")
    for reason in told.broken[:5]:
        terminal.remark(f"not read: {reason}")
    if told.broken_count > 5:
        terminal.remark(f"not read: {told.broken_count - 5} more")
    terminal.say(
        f"{told.new} records added, {told.replaced} replaced, {told.there} were there; the gallery holds {total}."
    )


def _spread(option: str, values: Sequence[T], count: int) -> Sequence[T | None]:
    """One value for each source."""
    if len(values) not in (0, 1, count):
        raise ValueError(f"{option} is given {len(values)} times for {count} SOURCEs; give it once, or once for each.")
    if not values:
        return [None] * count
    return [*values] * count if len(values) == 1 else values


def _labels(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip() or name.strip() in found:
            raise ValueError(f"--label is {text[:60]!r}; write NAME=VALUE, each name once, such as upper=red.")
        found[name.strip()] = value.strip()
    return found
