"""Why a query has no right answer, in words, and what a data set holds, as a table and in sentences."""

from collections.abc import Sequence

from passerby.evaluation.answers import answers
from passerby.evaluation.describe import Counts, Description, describe, units
from passerby.evaluation.protocol import Galleries, inside
from passerby.types import Crop, PersonSet

SHOWN = 20
"""Queries without a right answer that `sentences` names."""


def unanswered(
    queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True, galleries: Galleries | None = None
) -> list[tuple[int, str]]:
    """Queries that nothing in the gallery answers: their index and the reason.

    Args:
        queries: Q crops of named people.
        gallery: G crops.
        cameras: False to ignore cameras.
        galleries: the gallery of each query, or None where all share the whole one.

    Raises:
        ValueError: see `protocol.protocol`.
    """
    right = answers(queries, gallery, cameras=cameras, galleries=galleries)
    empty = (right == 0).nonzero().flatten().tolist()
    wanted = {queries[index].pid for index in empty}
    there: dict[int, list[int]] = {pid: [] for pid in wanted}
    for row, crop in enumerate(gallery):
        if crop.pid in wanted:
            there[crop.pid].append(row)
    reasons = []
    for index in empty:
        rows = there[queries[index].pid]
        if galleries is not None:
            own = set(inside(galleries, index, len(gallery)).tolist())
            rows = [row for row in rows if row in own]
        reasons.append((index, _reason(queries[index], [gallery[row] for row in rows], cameras=cameras)))
    return reasons


def summary(people: PersonSet, found: Description | None = None) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings and rows of a table that counts each split of a data set; `found` is its description, if at hand."""
    splits = (found or describe(people)).splits
    some = ("tracklets",) if any(counts.tracklets is not None for counts in splits) else ()
    headings = ("split", "pictures", *some, "people", "distractors", "junk", "unknown", "cameras")
    return headings, [_row(counts, tracklets=bool(some)) for counts in splits]


def by_camera(people: PersonSet, found: Description | None = None) -> list[str]:
    """One line for each split of a data set: how many pictures each camera took; `found` as in `summary`."""
    return [
        f"{counts.split} by camera: "
        + ", ".join(f"{'none' if camid is None else f'c{camid}'} {count}" for camid, count in counts.cameras.items())
        for counts in (found or describe(people)).splits
    ]


def sentences(people: PersonSet, found: Description | None = None) -> list[str]:
    """What can be judged in a data set, how many right answers there are, and why queries have none."""
    found = found or describe(people)
    if found.right is None or found.right_range is None or found.unanswered is None:
        missing = [split for split in ("query", "gallery") if not getattr(people, split)]
        reason = f"it has no {' and no '.join(missing)}" if missing else "some of its crops are of nobody known"
        return [f"No ranking can be judged on {people.name}: {reason}."]
    lines = []
    query, gallery = units(people)
    if query is not people.query:
        lines.append("Pictures come in tracklets, and these are searched for: a right answer is a tracklet.")
    if people.galleries is not None:
        sizes = [len(people.galleries[index]) for index in range(len(query))]
        lines.append(f"Each query has a gallery of its own, of {min(sizes)} .. {max(sizes)} crops.")
    if not found.cameras:
        lines.append("Not every person's crop has a camera, so right answers are counted without cameras.")
    each = f"{found.right / len(query):.4f} for each query ({found.right_range[0]} .. {found.right_range[1]})"
    lines.append(f"{found.right} right answers for {len(query)} queries, {each}.")
    if not found.unanswered:
        return [*lines, "Every query has a right answer."]
    lines.append(f"{found.unanswered} of {len(query)} queries have none and will not be counted:")
    reasons = unanswered(query, gallery, cameras=found.cameras, galleries=people.galleries)
    lines += [f"  {query[index].path}: {reason}" for index, reason in reasons[:SHOWN]]
    if len(reasons) > SHOWN:
        lines.append(f"  ... and {len(reasons) - SHOWN} more.")
    return lines


def _row(counts: Counts, *, tracklets: bool) -> tuple[str, ...]:
    known = [camid for camid in counts.cameras if camid is not None]
    some = ("-" if counts.tracklets is None else counts.tracklets,) if tracklets else ()
    numbers = (counts.pictures, *some, counts.people, counts.distractors, counts.junk, counts.unknown, len(known))
    return (counts.split, *map(str, numbers))


def _reason(query: Crop, same: Sequence[Crop], *, cameras: bool) -> str:
    if not same:
        return f"person {query.pid} is not in the gallery"
    from_camera = sum(crop.camid == query.camid for crop in same)
    if cameras and from_camera == len(same):
        crops = f"{len(same)} crop{'s' if len(same) > 1 else ''}"
        return f"person {query.pid} is in the gallery only from the query's own camera (camera {query.camid}, {crops})"
    return f"person {query.pid} is in the gallery only as the query's own picture"
