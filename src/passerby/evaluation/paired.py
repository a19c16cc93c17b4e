"""Two results on the same queries: how far apart they are, and whether that may be luck."""

from dataclasses import dataclass

from torch import Tensor

from passerby.evaluation.common_protocol import common_protocol
from passerby.evaluation.scores import Scores, first_is_right
from passerby.evaluation.significance import Interval, interval, sign_flip


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How much higher one mean is than another.

    Args:
        value: the difference of the means, -1 .. 1; nan where no query is judged.
        interval: of the difference, at 95 %; nan for fewer than two people.
        p: two-sided p-value; nan for fewer than two people.
    """

    value: float
    interval: Interval
    p: float


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two results held against each other.

    Args:
        mAP: difference of mean average precision.
        rank1: difference of rank-1.
        people: number of judged people; of judged queries where `named` is false.
        named: whether the results say whom the queries show; where not, each query counts as a person of its own, and
            the intervals may be too narrow.
    """

    mAP: Difference
    rank1: Difference
    people: int
    named: bool


def paired(one: Scores, other: Scores) -> Paired:
    """The differences `other` - `one` on the same queries.

    The interval draws people with replacement, the same ones on both sides (`significance.interval`). The p-value flips
    the signs of people's differences (`significance.sign_flip`): it asks how often two systems that are equally good
    would differ so much. Both take people as independent of each other, and as drawn from those that the cameras see;
    neither says anything about other cameras, or about other seeds of training.

    Args:
        one: a result.
        other: another one under the same protocol; the same one gives 0 and p = 1.

    Raises:
        ValueError: if the protocols differ (see `common_protocol`).
    """
    common_protocol({"the first result": one, "the second result": other})
    people = one.people if one.people is not None else other.people
    judged = one.first > 0
    return Paired(
        mAP=_difference(other.ap - one.ap, people),
        rank1=_difference(first_is_right(other.first) - first_is_right(one.first), people),
        people=int(judged.sum()) if people is None else len(set(people[judged].tolist())),
        named=people is not None,
    )


def _difference(values: Tensor, people: Tensor | None) -> Difference:
    return Difference(value=float(values.nanmean()), interval=interval(values, people), p=sign_flip(values, people))
