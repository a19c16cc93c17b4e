"""The report of a result: one file that holds everything it shows."""

import math
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from passerby import files
from passerby.evaluation.common_protocol import common_protocol
from passerby.evaluation.protocol import Galleries
from passerby.evaluation.scores import Scores
from passerby.evaluation.significance import Interval, interval
from passerby.report._words import AP, percent
from passerby.report.curves import curves
from passerby.report.extremes import extremes
from passerby.report.ranked import ranked
from passerby.report.ranked_list import RankedList
from passerby.report.thumbnail import thumbnail
from passerby.search.neighbours import Neighbours
from passerby.types import Crop, Embeddings

Picture = Callable[[Crop], str | None]
Row = tuple[str, str]

FACTS = {
    "ap": "Average precision (AP)",
    "metric": "Distance",
    "cameras": "Camera labels used",
    "junk": "Junk, left out of every ranking",
    "distractors": "Distractors in the gallery",
    "distractors_added": "Further distractors, added to the gallery",
    "queries": "Queries",
    "gallery": "Entries of the gallery",
    "gallery_junk": "Junk boxes in the gallery",
    "query_sha256": "Digest of the queries (SHA-256)",
    "gallery_sha256": "Digest of the gallery (SHA-256)",
    "pooled_sha256": "Digest of the pooled pictures (SHA-256)",
    "data": "Data set",
    "version": "Version of the data set",
    "official": "Counts are the published ones",
    "train": "Trained on",
    "unreadable": "Unreadable pictures, left out",
    "passerby": "passerby version",
    "torch": "torch version",
}
"""How the facts of a protocol are called on the page; others are called as they are."""


def page(
    path: Path,
    *,
    title: str,
    scores: Mapping[str, Scores],
    query: Embeddings,
    gallery: Embeddings,
    galleries: Galleries | None = None,
    nearest: Neighbours | None = None,
    best: int = 8,
    worst: int = 8,
    also: Sequence[int] = (),
    length: int = 10,
) -> None:
    """Write a result as one HTML file: numbers, comparison, CMC curve, ranked lists, protocol.

    The file needs no network and no other file, and holds no script. A picture that cannot be read becomes a tile that
    says so. The same input gives the same bytes. A file at `path` is replaced once the new one is whole.

    Args:
        path: the file to write; its folder must exist.
        title: the page's heading.
        scores: results by name, all under one protocol: first the system under test, then what it is compared with.
        query: the descriptors of the first result's queries.
        gallery: the descriptors of its gallery.
        galleries: the gallery of each query, as it was judged; None where all share the whole one.
        nearest: the first crops of each query's ranking, where it was re-ranked; see `ranked`.
        best: how many of the best queries are shown, 0 or more.
        worst: how many of the worst, 0 or more. Where best and worst make up all queries, each is shown once.
        also: numbers of queries, 0 .. Q - 1, that are shown too, in this order.
        length: pictures in each list, 1 or more.

    Raises:
        ValueError: if the results' protocols differ (see `common_protocol`), the descriptors are not those of the first
            result (see `ranked`), or a number is out of range.
        FileNotFoundError: if there is no folder to write into.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"No folder {path.parent}; make it, or give another path for the page.")
    shared = common_protocol(scores)
    first = next(iter(scores.values()))
    if "ap" not in first.protocol:
        raise ValueError("The scores' protocol does not state ap, the definition of average precision; judge again.")
    bounds = {name: interval(one.ap, one.people) for name, one in scores.items()}
    picture = _pictures()
    sections = [
        {"heading": heading, "note": note, "lists": [_list(one, picture) for one in lists]}
        for heading, note, numbers in _choose(first, best=best, worst=worst, also=also)
        if (lists := ranked(query, gallery, first, numbers, galleries=galleries, nearest=nearest, length=length))
    ]
    # Every value is escaped; only the curve, which escapes its own names, goes in as it is.
    environment = Environment(loader=PackageLoader("passerby.report", "."), autoescape=True, undefined=StrictUndefined)
    html = environment.get_template("page.html.j2").render(
        title=title,
        version=version("passerby"),
        lead=f"{_count(len(query.crops), 'query', 'queries')} searched for among "
        f"{_count(len(gallery.crops), *_things(first))}.",
        headline=_headline(first, bounds[next(iter(scores))]),
        head=_head(first),
        table=[_row(name, one, bounds[name]) for name, one in scores.items()],
        curve=Markup(curves(scores, length=max(2, min(20, len(gallery.crops))))) if first.queries else None,
        sections=sections,
        after=_after(first),
        shared=_facts(shared),
        own={name: _facts({f: v for f, v in one.protocol.items() if f not in shared}) for name, one in scores.items()},
    )
    with files.whole(path) as partial:
        # File names that are not valid text come from the disk as lone surrogates, which UTF-8 does not have.
        partial.write_bytes(html.encode("utf-8", "backslashreplace"))


def _after(scores: Scores) -> str:
    """What was done to the distances, in words; "" for nothing."""
    done = str(scores.protocol.get("post_processing") or "none")
    return "" if done == "none" else done


def _things(scores: Scores) -> tuple[str, str]:
    pooled = scores.protocol.get("tracklets", "none") not in ("none", "not pooled")
    return ("tracklet", "tracklets") if pooled else ("picture", "pictures")


def _choose(scores: Scores, *, best: int, worst: int, also: Sequence[int]) -> list[tuple[str, str, Sequence[int]]]:
    top, bottom = extremes(scores.ap, best=best, worst=worst)
    without = (scores.first == 0).nonzero().flatten().tolist()[:worst]
    sections: list[tuple[str, str, Sequence[int]]] = []
    if also:
        sections.append(("Chosen queries", "Asked for by number, in the order given.", also))
    if scores.queries <= best + worst:
        sections.append(("All judged queries", "Highest average precision first.", (*top, *reversed(bottom))))
    else:
        sections.append(("Best queries", "Highest average precision first.", top))
        sections.append(("Worst queries", "Lowest average precision first.", bottom))
    note = "No picture in the gallery is right for these, so they are not judged and count in no mean."
    return [*sections, ("Queries without a match", note, without)]


def _list(one: RankedList, picture: Picture) -> dict[str, object]:
    return {
        "number": one.number,
        "ap": "not defined" if math.isnan(one.ap) else f"{percent(one.ap)} %",
        "first": one.first or "none",
        "matches": f"{one.matches:,}",
        "junk": f"{one.junk:,}",
        "query": _tile(one.query, picture),
        "results": [
            {**_tile(result.crop, picture), "right": result.right, "distance": f"{result.distance:.3f}"}
            for result in one.results
        ],
    }


def _tile(crop: Crop, picture: Picture) -> dict[str, object]:
    return {
        "file": crop.path.name,
        "camera": "no camera" if crop.camid is None else f"camera {crop.camid}",
        "picture": picture(crop),
    }


def _pictures() -> Picture:
    made: dict[Crop, str | None] = {}

    def picture(crop: Crop) -> str | None:
        if crop not in made:
            try:
                made[crop] = thumbnail(crop)
            except (FileNotFoundError, ValueError):
                made[crop] = None
        return made[crop]

    return picture


def _headline(scores: Scores, bounds: Interval) -> list[dict[str, str]]:
    ap = str(scores.protocol["ap"])
    return [
        _number("Rank-1", scores.rank(1), "queries whose nearest picture is right"),
        _number(f"mAP ({ap})", scores.mAP, "; ".join(filter(None, (AP.get(ap), _sure(scores, bounds))))),
        _number("mINP", scores.mINP, "how early the last right picture comes"),
        _number("Rank-5", scores.rank(5), "right among the first 5"),
        _number("Rank-10", scores.rank(10), "right among the first 10"),
        {"name": "Queries judged", "value": f"{scores.queries:,}", "unit": "", "note": "with a match in the gallery"},
        {
            "name": "Queries without a match",
            "value": f"{scores.queries_without_match:,}",
            "unit": "",
            "note": "counted in no mean",
        },
    ]


def _sure(scores: Scores, bounds: Interval) -> str:
    if math.isnan(bounds.low):
        return "fewer than two people were judged, so there is no interval"
    return f"95 % interval {bounds.percent()}, by drawing {'queries' if scores.people is None else 'people'} anew"


def _number(name: str, share: float, note: str) -> dict[str, str]:
    return {"name": name, "value": percent(share), "unit": "" if math.isnan(share) else "%", "note": note}


def _head(scores: Scores) -> list[str]:
    ap = f"mAP ({scores.protocol['ap']})"
    return ["Result", "Rank-1", "Rank-5", "Rank-10", ap, "mINP", "Queries judged", "Without a match"]


def _row(name: str, scores: Scores, bounds: Interval) -> list[str]:
    ranks = [percent(scores.rank(k)) for k in (1, 5, 10)]
    mean = percent(scores.mAP) + ("" if math.isnan(scores.mAP) else f" {bounds.percent()}")
    counts = (f"{scores.queries:,}", f"{scores.queries_without_match:,}")
    return [name, *ranks, mean, percent(scores.mINP), *counts]


def _facts(protocol: Mapping[str, str | int | float | bool | None]) -> list[Row]:
    return [
        (FACTS.get(fact, fact.replace("_", " ").capitalize()), _words(fact, value)) for fact, value in protocol.items()
    ]


def _words(fact: str, value: str | int | float | bool | None) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and fact != "seed":
        return f"{value:,}"
    if fact == "ap" and value in AP:
        return f"{value}: {AP[str(value)]}"
    return str(value)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
