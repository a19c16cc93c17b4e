"""One part of a result, from the values of its queries."""

from torch import Tensor

from passerby.evaluation.scores import first_is_right
from passerby.evaluation.significance import interval
from passerby.evaluation.slices import Slice


def part(names: tuple[str, str], *, ap: Tensor, first: Tensor, people: Tensor) -> Slice:
    """The means of some queries and their intervals.

    Args:
        names: the two words that say which queries these are.
        ap: (Q,) average precision of each, nan for a query without a match.
        first: (Q,) rank of its first match, 0 for a query without one.
        people: (Q,) the pid of each.
    """
    found = first > 0
    top = first_is_right(first)
    return Slice(
        part=names,
        queries=int(found.sum()),
        queries_without_match=int((~found).sum()),
        people=len(set(people[found].tolist())),
        mAP=float(ap.nanmean()),
        mAP_interval=interval(ap, people),
        rank1=float(top.nanmean()),
        rank1_interval=interval(top, people),
    )
