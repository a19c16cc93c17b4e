"""Why a query has no right answer, in words, and what a data set holds, as a table and in sentences."""

from collections.abc import Sequence

from passerby.evaluation.answers import answers
from passerby.evaluation.describe import Counts, describe
from passerby.types import Crop, PersonSet

SHOWN = 20
"""Queries without a right answer that `sentences` names."""


def unanswered(queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool = True) -> list[tuple[int, str]]:
    """Queries that nothing in the gallery answers: their index and the reason.

    Args:
        queries: Q crops of named people.
        gallery: G crops.
        cameras: False to ignore cameras.

    Raises:
        ValueError: see `protocol.check`.
    """
    empty = (answers(queries, gallery, cameras=cameras) == 0).nonzero().flatten().tolist()
    wanted = {queries[index].pid for index in empty}
    there: dict[int, list[Crop]] = {pid: [] for pid in wanted}
    for crop in gallery:
        if crop.pid in wanted:
            there[crop.pid].append(crop)
    return [(index, _reason(queries[index], there[queries[index].pid], cameras=cameras)) for index in empty]


def summary(people: PersonSet) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings and rows of a table that counts each split of a data set."""
    headings = ("split", "pictures", "people", "distractors", "junk", "unknown", "cameras")
    return headings, [_row(counts) for counts in describe(people).splits]


def by_camera(people: PersonSet) -> list[str]:
    """One line for each split of a data set: how many pictures each camera took."""
    return [
        f"{counts.split} by camera: "
        + ", ".join(f"{'none' if camid is None else f'c{camid}'} {count}" for camid, count in counts.cameras.items())
        for counts in describe(people).splits
    ]


def sentences(people: PersonSet) -> list[str]:
    """What can be judged in a data set, how many right answers there are, and why queries have none."""
    found = describe(people)
    if found.right is None or found.right_range is None or found.unanswered is None:
        missing = [split for split in ("query", "gallery") if not getattr(people, split)]
        reason = f"it has no {' and no '.join(missing)}" if missing else "some of its crops are of nobody known"
        return [f"No ranking can be judged on {people.name}: {reason}."]
    lines = []
    if not found.cameras:
        lines.append("Not every person's crop has a camera, so right answers are counted without cameras.")
    each = f"{found.right / len(people.query):.4f} for each query ({found.right_range[0]} .. {found.right_range[1]})"
    lines.append(f"{found.right} right answers for {len(people.query)} queries, {each}.")
    if not found.unanswered:
        return [*lines, "Every query has a right answer."]
    lines.append(f"{found.unanswered} of {len(people.query)} queries have none and will not be counted:")
    reasons = unanswered(people.query, people.gallery, cameras=found.cameras)
    lines += [f"  {people.query[index].path}: {reason}" for index, reason in reasons[:SHOWN]]
    if len(reasons) > SHOWN:
        lines.append(f"  ... and {len(reasons) - SHOWN} more.")
    return lines


def _row(counts: Counts) -> tuple[str, ...]:
    known = [camid for camid in counts.cameras if camid is not None]
    numbers = (counts.pictures, counts.people, counts.distractors, counts.junk, counts.unknown, len(known))
    return (counts.split, *map(str, numbers))


def _reason(query: Crop, same: Sequence[Crop], *, cameras: bool) -> str:
    if not same:
        return f"person {query.pid} is not in the gallery"
    from_camera = sum(crop.camid == query.camid for crop in same)
    if cameras and from_camera == len(same):
        crops = f"{len(same)} crop{'s' if len(same) > 1 else ''}"
        return f"person {query.pid} is in the gallery only from the query's own camera (camera {query.camid}, {crops})"
    return f"person {query.pid} is in the gallery only as the query's own picture"
