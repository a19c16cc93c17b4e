"""What a data set holds, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from passerby.evaluation.answers import answers
from passerby.evaluation.tracklets import heads, in_tracklets
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
        tracklets: number of tracklets; None where not each crop is in one.
    """

    split: str
    pictures: int
    people: int
    cameras: dict[int | None, int]
    distractors: int
    junk: int
    unknown: int
    tracklets: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """Counts of each split that is not empty, and of right answers.

    Where queries and gallery come in tracklets, these are what is searched for and found: right answers are tracklets.

    Args:
        splits: in the order train, query, gallery, multi_query, distractors.
        cameras: whether right answers were counted with cameras: only where every query and person has one.
        right: number of right answers over all queries; None where nothing can be judged (no query, no gallery, or
            crops without a name).
        right_range: least and most right answers of a query; None as above.
        unanswered: number of queries without a right answer; None as above.
        queries: number of queries, tracklets where they come in them.
    """

    splits: tuple[Counts, ...]
    cameras: bool
    right: int | None
    right_range: tuple[int, int] | None
    unanswered: int | None
    queries: int


def describe(people: PersonSet) -> Description:
    """Count what is in a data set, and the right answers of its queries, each in its own gallery if it has one.

    Raises:
        ValueError: see `evaluation.tracklets` and `evaluation.protocol`.
    """
    splits = [(name, getattr(people, name)) for name in ("train", "query", "gallery", "multi_query", "distractors")]
    counts = tuple(_counts(name, crops) for name, crops in splits if crops)
    query, gallery = units(people)
    both = query + gallery
    cameras = all(crop.camid is not None for crop in both if crop.pid > DISTRACTOR)
    if not query or not gallery or any(crop.pid == UNKNOWN for crop in both):
        return Description(counts, cameras, None, None, None, len(query))
    right = answers(query, gallery, cameras=cameras, galleries=people.galleries)
    span = (int(right.min()), int(right.max()))
    return Description(counts, cameras, int(right.sum()), span, int((right == 0).sum()), len(query))


def units(people: PersonSet) -> tuple[tuple[Crop, ...], tuple[Crop, ...]]:
    """What is searched for and in what: crops, or the first crop of each tracklet where all come in tracklets."""
    if people.galleries is None and in_tracklets(people.query) and in_tracklets(people.gallery):
        return heads(people.query), heads(people.gallery)
    return people.query, people.gallery


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
        tracklets=len({crop.trackid for crop in crops}) if in_tracklets(crops) else None,
    )
