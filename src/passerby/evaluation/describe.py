"""What a data set holds, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from passerby.evaluation.answers import answers
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop, PersonSet


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one split.

    Args:
        split: `train`, `query`, `gallery` or `multi_query`.
        pictures: number of crops.
        people: number of different people that have a name (pid of 1 or more).
        cameras: crops by camera, ascending; crops without a camera stand under None, last.
        distractors: crops with pid DISTRACTOR.
        junk: crops with pid JUNK.
        unknown: crops with pid UNKNOWN.
    """

    split: str
    pictures: int
    people: int
    cameras: dict[int | None, int]
    distractors: int
    junk: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Description:
    """Counts of each split that is not empty, and of right answers.

    Args:
        splits: in the order train, query, gallery, multi_query.
        cameras: whether right answers were counted with cameras: only where every query and person has one.
        right: number of right answers over all queries; None where nothing can be judged (no query, no gallery, or
            crops without a name).
        right_range: least and most right answers of a query; None as above.
        unanswered: number of queries without a right answer; None as above.
    """

    splits: tuple[Counts, ...]
    cameras: bool
    right: int | None
    right_range: tuple[int, int] | None
    unanswered: int | None


def describe(people: PersonSet) -> Description:
    """Count what is in a data set, and the right answers of its queries under the single-query protocol."""
    splits = [(name, getattr(people, name)) for name in ("train", "query", "gallery", "multi_query")]
    counts = tuple(_counts(name, crops) for name, crops in splits if crops)
    both = people.query + people.gallery
    cameras = all(crop.camid is not None for crop in both if crop.pid > DISTRACTOR)
    if not people.query or not people.gallery or any(crop.pid == UNKNOWN for crop in both):
        return Description(counts, cameras, None, None, None)
    right = answers(people.query, people.gallery, cameras=cameras)
    span = (int(right.min()), int(right.max()))
    return Description(counts, cameras, int(right.sum()), span, int((right == 0).sum()))


def _counts(split: str, crops: Sequence[Crop]) -> Counts:
    cameras: dict[int | None, int] = {}
    for crop in sorted(crops, key=lambda crop: (crop.camid is None, crop.camid or 0)):
        cameras[crop.camid] = cameras.get(crop.camid, 0) + 1
    pids = [crop.pid for crop in crops]
    return Counts(
        split=split,
        pictures=len(crops),
        people=len({pid for pid in pids if pid > DISTRACTOR}),
        cameras=cameras,
        distractors=pids.count(DISTRACTOR),
        junk=pids.count(JUNK),
        unknown=pids.count(UNKNOWN),
    )
