"""`passerby index`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Device
from passerby.cli.gallery_arguments import LABEL, StateUrl
from passerby.cli.gallery_arguments import label as named
from passerby.cli.stopped import stoppable

if TYPE_CHECKING:
    from passerby.frames.source import Source
    from passerby.frames.way import Indexed, Way

NAMED = 100
"""Sources that a line of the audit names."""
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
    state: StateUrl = None,
    device: Device = "cpu",
) -> None:
    """Add the people in pictures and videos to a gallery; run it again to go on after a break."""
    from passerby.frames.moment import moment
    from passerby.frames.source import Source
    from passerby.frames.way import Indexed, Way
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
    if url.startswith("milvus:") and state is None:  # likewise
        raise ValueError(f"{url} keeps vectors alone; say by --state in which folder the audit is kept.")
    told = Indexed()
    with stoppable(lambda: _so_far(told)):
        total = _index(
            url, folder, sources, detector=detector, weights=weights, way=way, device=device, state=state, told=told
        )
    for line in told.remarks:
        terminal.remark(line)
    for reason, number in sorted(told.passed_over.items()):
        terminal.remark(f"passed over: {number} {reason}")
    for reason in told.broken[:5]:
        terminal.remark(f"not read: {reason}")
    if told.broken_count > 5:
        terminal.remark(f"not read: {told.broken_count - 5} more")
    if told.unlabelled:
        without = f"{told.unlabelled} that {_were(told.unlabelled)} there without it"
        terminal.remark(f"--label was not given to the {without}; add --again to embed and label what is there.")
    terminal.say(
        f"{told.new} record{'' if told.new == 1 else 's'} added, {told.replaced} replaced, {told.there} "
        f"{_were(told.there)} there; the gallery holds {total}."
    )


def _index(
    url: str,
    folder: Path,
    sources: "Sequence[Source]",
    *,
    detector: str | None,
    weights: str | None,
    way: "Way",
    device: str,
    state: str | None,
    told: "Indexed",
) -> int:
    """Add to the gallery and to the audit; how many records the gallery then holds."""
    from passerby import index as indexing
    from passerby import run
    from passerby.cli.gallery_arguments import here, opened_state
    from passerby.gallery.open_gallery import open_gallery

    detect = None
    if detector is not None:
        from passerby.frames.detector import detector as detector_of

        detect = detector_of(detector, weights=weights, device=device)
    trained = run.load(folder)
    details: dict[str, object] = {
        "run": _shown(folder),
        "sources": [_shown(source.path) for source in sources[:NAMED]],
        **({"more_sources": len(sources) - NAMED} if len(sources) > NAMED else {}),
        **({"labels": dict(way.labels)} if way.labels else {}),
    }
    gallery = open_gallery(url, model=trained.model_id, dim=run.dimension(trained))
    try:
        with opened_state(url, state, make=True) as kept:
            # written before, so that nothing is added that the audit does not know of, also where this is killed
            kept.note(here(), "index begun", details=details, answers=0)
            try:
                with terminal_bars.drawing("indexing") as show:
                    indexing.index(
                        gallery, trained, sources, detect=detect, way=way, device=device, on_progress=show, so_far=told
                    )
            finally:
                done = {"new": told.new, "replaced": told.replaced, "there": told.there}
                kept.note(here(), "index", details=details | done, answers=told.new + told.replaced)
            return gallery.count()
    finally:
        gallery.close()


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _so_far(told: "Indexed") -> str:
    added = told.new + told.replaced
    kept = f"{added:,} record{' was' if added == 1 else 's were'} added and kept" if added else "nothing was added"
    return f"{kept}; run the same command again to go on"


def _shown(path: Path) -> str:
    """A path as the audit tells it: whole as far as it is not too long, and UTF-8."""
    return str(path.absolute())[-300:].encode("utf-8", "replace").decode()


def _spread(option: str, values: Sequence[T], count: int) -> Sequence[T | None]:
    """One value for each source."""
    if len(values) not in (0, 1, count):
        whole = "1 SOURCE" if count == 1 else f"{count} SOURCEs"
        raise ValueError(f"{option} is given {len(values)} times for {whole}; give it once, or once for each.")
    if not values:
        return [None] * count
    return [*values] * count if len(values) == 1 else values


def _labels(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, value = (part.strip() for part in named(text))
        if name in found:
            raise ValueError(f"--label is {text[:40]!r}; {LABEL}")
        found[name] = value
    return found
