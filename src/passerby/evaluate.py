"""A run judged on data sets, with all that is kept of it in a folder."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from os.path import abspath
from pathlib import Path

from passerby import files
from passerby.asked import Asked, asked
from passerby.datasets.official import official
from passerby.evaluation.by_attribute import by_attribute
from passerby.evaluation.by_camera_pair import by_camera_pair
from passerby.evaluation.digest import digest
from passerby.evaluation.label import file_name, label
from passerby.evaluation.peak import Peak
from passerby.evaluation.rules import Rules
from passerby.evaluation.scores import Scores
from passerby.evaluation.slices import Slices
from passerby.judge import Judged, judge, peak_of, save_scores
from passerby.report.growth import growth
from passerby.report.page import page
from passerby.report.results import Results, results
from passerby.report.save_results import FORMS, save_results
from passerby.report.svg_file import svg_file
from passerby.run import Run
from passerby.types import Crop, PersonSet
from passerby.with_distractors import with_distractors

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Given a title and a number of pictures: opens and closes what is called with how many are done."""
PARTS = ("camera_pair", "attribute")
"""By what a result can be cut into parts."""
OPTIONS = {"expansion": "--expand", "reranking": "--rerank"}
"""By which option of the command line each step of the rules is asked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluated:
    """What judging a run on data sets has given.

    Args:
        results: scores by label, as a table; with distractors added, one for each number of them.
        slices: parts of the results, in their order.
        broken: pictures that could not be read, and why.
        pictures: how many were to be read.
        written: the files, in the order in which they were written.
    """

    results: Results
    slices: tuple[Slices, ...]
    broken: tuple[tuple[Crop, str], ...]
    pictures: int
    written: tuple[Path, ...]


def evaluate(
    run: Run,
    sets: Sequence[PersonSet],
    *,
    out: Path,
    progress: Progress,
    rules: Rules | None = None,
    distractors: Sequence[int] = (),
    parts: Sequence[str] = (),
    ranks: Sequence[int] = (5, 10),
    memory: int | None = None,
    device: str = "cpu",
    on_peak: Callable[[Peak], None] | None = None,
    on_written: Callable[[Path], None] | None = None,
) -> Evaluated:
    """Judge a run on each data set, and write results, pages of ranked lists and tables into a folder.

    All sets are checked before the first picture is embedded. For each there is LABEL.json, which `passerby compare`
    reads, and LABEL.html; table.md, table.tex and table.json hold all of this call. What is there from other calls
    stays, unless it has the same label.

    Args:
        run: the trained network.
        sets: data sets; those of one label must differ in their crops.
        out: the folder; made where it is missing.
        progress: shows the progress of embedding.
        rules: by which they are judged; see `judge`.
        distractors: how many of the set's `distractors` are added to its gallery, ascending; each makes a result.
        parts: by what each result is cut, of PARTS.
        ranks: of the CMC in the table, each 2 or more; rank 1 is always there.
        memory: bytes that ranking may hold beside the vectors, see `evaluation.peak`; no number depends on it.
        device: where the network runs.
        on_peak: called with what ranking a set will take, before the set is embedded.
        on_written: called with each file once it is whole.

    Raises:
        ValueError: if a set cannot be judged so, a part is unknown, a rank is below 2 or given twice, or the budget is
            too small.
    """
    rules = rules or Rules()
    _check_arguments(out, distractors, parts, ranks)
    wanted = _check_sets(sets, rules, distractors, parts)
    added = distractors[-1] if distractors else 0
    pairs = "camera_pair" in parts
    peaks = [peak_of(run, one, rules, memory=memory, added=added, by_camera=pairs, device=device) for one in wanted]
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, Scores] = {}
    slices: list[Slices] = []
    broken: list[tuple[Crop, str]] = []
    write = _Writer(on_written)
    for people, one, peak in zip(sets, wanted, peaks, strict=True):
        if on_peak is not None:
            on_peak(peak)
        with progress(f"embedding {people.name}", one.pictures) as done:
            judged = judge(
                run,
                people,
                rules=rules,
                official=official(people, _used(rules)),
                memory=memory,
                device=device,
                on_progress=done,
            )
        broken += judged.broken
        name = file_name(judged.scores.protocol)
        of_this = {_free(label(judged.scores.protocol), judged.scores, found): judged.scores}
        if distractors:
            grown = _grown(run, judged, people, distractors, progress, memory, device, broken)
            of_this = {_free(label(scores.protocol), scores, found): scores for scores in grown.values()}
            if len(grown) > 1:
                write(out / f"{name}.distractors.svg", partial(_write, svg_file(growth({run.name: grown}))))
        found |= of_this
        for scores in of_this.values():
            write(out / f"{file_name(scores.protocol)}.json", partial(save_scores, scores))
        write(out / f"{name}.html", partial(_page, run, judged))
        for part in parts:
            slices.append(_slices(part, judged, people, peak, device))
            write(out / f"{name}.{part}.md", partial(_write, slices[-1].to_markdown()))
            write(out / f"{name}.{part}.json", partial(_write, slices[-1].to_json()))
    table = results(found, ranks=ranks, heading="data set")
    for ending in FORMS:
        write(out / f"table{ending}", partial(save_results, table))
    return Evaluated(
        results=table,
        slices=tuple(slices),
        broken=tuple(broken),
        pictures=sum(one.pictures + added for one in wanted),
        written=tuple(write.files),
    )


class _Writer:
    """Keeps account of the files that are written."""

    def __init__(self, on_written: Callable[[Path], None] | None) -> None:
        self.files: list[Path] = []
        self._tell = on_written or (lambda _: None)

    def __call__(self, file: Path, save: Callable[[Path], None]) -> None:
        save(file)
        self.files.append(file)
        self._tell(file)


def _grown(
    run: Run,
    judged: Judged,
    people: PersonSet,
    distractors: Sequence[int],
    progress: Progress,
    memory: int | None,
    device: str,
    broken: list[tuple[Crop, str]],
) -> dict[int, Scores]:
    """The result with each number of distractors; those that cannot be read join the others."""
    with progress(f"embedding distractors of {people.name}", distractors[-1]) as done:
        return with_distractors(
            run,
            judged,
            people.distractors,
            distractors,
            memory=memory,
            device=device,
            on_progress=done,
            on_broken=lambda crop, reason: broken.append((crop, reason)),
        )


def _check_arguments(out: Path, distractors: Sequence[int], parts: Sequence[str], ranks: Sequence[int]) -> None:
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; give a folder to write into.")
    files.writable(out)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise ValueError(f"A result cannot be cut by {unknown[0]!r}; give one of {', '.join(PARTS)}.")
    if any(k < 2 for k in ranks) or len(set(ranks)) < len(ranks):
        raise ValueError(f"ranks are {list(ranks)}; give each once, 2 or more: rank 1 is always there.")
    if any(size < 0 for size in distractors):
        raise ValueError(f"{min(distractors)} distractors cannot be added; give 0 or more.")


def _check_sets(
    sets: Sequence[PersonSet], rules: Rules, distractors: Sequence[int], parts: Sequence[str]
) -> list[Asked]:
    """Refuse before the long work what would be refused after it, and say what has to be embedded."""
    wanted = []
    for place, people in enumerate(sets):
        if any(people.query == other.query and people.gallery == other.gallery for other in sets[:place]):
            raise ValueError(f"{people.name} was given twice; give each data set once.")
        wanted.append(asked(people, rules))
        _check(people, rules, distractors, parts)
    crops = [(people.name, people.version, digest(people.query), digest(people.gallery)) for people in sets]
    twice = next((name for place, (name, *_) in enumerate(crops) if crops[place] in crops[:place]), None)
    if twice is not None:
        raise ValueError(f"Two data sets hold the same crops ({twice}), and so have one name; judge them one by one.")
    return wanted


def _check(people: PersonSet, rules: Rules, distractors: Sequence[int], parts: Sequence[str]) -> None:
    if distractors and not people.distractors:
        raise ValueError(
            f"{people.name} comes with no distractors to add; Market-1501 has them in a folder distractors_500k. Any "
            "pictures of nobody will do: --distractors-from DIR."
        )
    if distractors and distractors[-1] > len(people.distractors):
        raise ValueError(
            f"{distractors[-1]} distractors were asked for, and there are {len(people.distractors)}; give fewer."
        )
    own = {abspath(crop.path) for crop in (*people.query, *people.gallery)} if distractors else set()
    same = next((crop.path for crop in people.distractors if own and abspath(crop.path) in own), None)
    if same is not None:
        raise ValueError(
            f"{same} is one of {people.name}'s own query or gallery pictures, and a distractor shows nobody; give "
            "--distractors-from another folder."
        )
    if rules.steps:
        _check_post_processing(rules, distractors, parts)
    if parts and distractors:
        raise ValueError("A result with distractors added is not cut into parts; leave --by or --distractors out.")
    if distractors and people.galleries is not None:
        raise ValueError(f"{people.name} has a gallery for each query; distractors are added to one gallery for all.")
    if "attribute" in parts and not any(crop.pid in people.attributes for crop in people.query):
        raise ValueError(f"{people.name} has no attribute labels of its queries' people; put its label file beside it.")
    for side in ("query", "gallery") if "camera_pair" in parts else ():
        if all(crop.camid is None for crop in getattr(people, side)):
            raise ValueError(f"No crop in {side} of {people.name} has a camera; leave --by camera_pair out.")
    if "camera_pair" in parts and people.galleries is not None:
        raise ValueError(f"{people.name} has a gallery for each query and no cameras; leave --by camera_pair out.")


def _check_post_processing(rules: Rules, distractors: Sequence[int], parts: Sequence[str]) -> None:
    options = " and ".join(OPTIONS[step] for step in rules.steps)
    if distractors:
        raise ValueError(
            f"With {options} a result depends on its whole gallery, so no distractors can be added to it; leave "
            f"{options} or --distractors out."
        )
    if "camera_pair" in parts:
        raise ValueError(
            f"{options}: what is near in one camera then changes the ranking in another one, so that the result has "
            f"no pairs of cameras; leave {options} or --by camera_pair out."
        )


def _used(rules: Rules) -> tuple[str, ...]:
    """The splits on which a result depends, but for distractors, whose digest it states."""
    return ("query", "gallery", "multi_query") if rules.multi_query != "none" else ("query", "gallery")


def _free(name: str, scores: Scores, taken: Mapping[str, Scores]) -> str:
    """The name, or where another set's result has it already, the name with the digest that its file has."""
    if name not in taken:
        return name
    longer = f"{name} {file_name({**scores.protocol, 'official': ''})[-8:]}"
    if longer in taken or file_name(taken[name].protocol) == file_name(scores.protocol):
        raise ValueError(f"Two data sets hold the same crops ({name}), and so have one name; judge them one by one.")
    return longer


def _page(run: Run, judged: Judged, file: Path) -> None:
    page(
        file,
        title=f"{run.name} on {label(judged.scores.protocol)}",
        scores={run.name: judged.scores},
        query=judged.query,
        gallery=judged.gallery,
        galleries=judged.galleries,
        nearest=judged.nearest,
    )


def _slices(part: str, judged: Judged, people: PersonSet, peak: Peak, device: str) -> Slices:
    if part == "attribute":
        return by_attribute(judged.scores, judged.query.crops, people.attributes)
    return by_camera_pair(judged.scores, judged.query, judged.gallery, memory=peak.counting, device=device)


def _write(text: str, file: Path) -> None:
    with files.whole(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
