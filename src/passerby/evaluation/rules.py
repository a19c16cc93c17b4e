"""Under which rules a data set is judged."""

from collections.abc import Mapping
from dataclasses import dataclass

from passerby.evaluation.average_precision import DEFINITIONS
from passerby.evaluation.pooled import POOLS
from passerby.evaluation.reranking import USUAL, Reranking
from passerby.evaluation.tracklets import in_tracklets
from passerby.types import PersonSet

TRACKLETS = ("auto", "none", *POOLS)
"""auto: max where all crops are in tracklets, as MARS is judged, else none; none: each crop for itself."""
MULTI_QUERY = ("none", *POOLS)
"""none: single queries; else how the further pictures of a query's person and camera are pooled."""
POST_PROCESSING = ("none", "expansion", "reranking", "expansion+reranking")
"""What is done between embedding and ranking; see `evaluation.expanded` and `evaluation.reranked`."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a person may choose about a protocol.

    Args:
        ap: definition of average precision, one of `average_precision.DEFINITIONS`.
        cameras: False to ignore cameras, so that a crop from the query's own camera is a match.
        tracklets: how a tracklet's frames become one vector, one of TRACKLETS.
        multi_query: one of MULTI_QUERY.
        leave_one_out: True to search for each named crop of query and gallery among all others.
        post_processing: one of POST_PROCESSING.
        reranking: by which numbers, where there is re-ranking.

    Raises:
        ValueError: if a value is not accepted, or two do not go together.
    """

    ap: str = "step"
    cameras: bool = True
    tracklets: str = "auto"
    multi_query: str = "none"
    leave_one_out: bool = False
    post_processing: str = "none"
    reranking: Reranking = USUAL

    def __post_init__(self) -> None:
        for name, accepted in (
            ("ap", DEFINITIONS),
            ("tracklets", TRACKLETS),
            ("multi_query", MULTI_QUERY),
            ("post_processing", POST_PROCESSING),
        ):
            if getattr(self, name) not in accepted:
                raise ValueError(f"{name} is {getattr(self, name)!r}; give one of {', '.join(accepted)}.")
        if self.multi_query != "none" and (self.leave_one_out or self.tracklets in POOLS):
            raise ValueError(
                f"multi_query is {self.multi_query}, which pools pictures of a query's person; it does not go together "
                "with tracklets or leave-one-out: leave one of them out."
            )
        if self.leave_one_out and "reranking" in self.steps:
            raise ValueError(
                "Re-ranking takes queries and gallery as one set, in which each picture would stand twice under "
                "leave-one-out and be its own neighbour; leave one of the two out."
            )
        if self.reranking != USUAL and "reranking" not in self.steps:
            raise ValueError(
                f"reranking is {self.reranking}, and post_processing is {self.post_processing}, which does not re-rank."
            )

    @property
    def steps(self) -> tuple[str, ...]:
        """What is done between embedding and ranking, in this order: of "expansion" and "reranking"."""
        return () if self.post_processing == "none" else tuple(self.post_processing.split("+"))

    def pool_of(self, data: PersonSet) -> str | None:
        """How the frames of this data set's tracklets are pooled; None where each crop is judged for itself."""
        there = _in_tracklets(data)
        if self.tracklets in POOLS and not there:
            raise ValueError(
                f"tracklets is {self.tracklets}, but not every crop of {data.name} is in one tracklet of a common "
                "gallery; leave --tracklets out."
            )
        if self.tracklets == "none" or not there or self.multi_query != "none":
            return None
        return "max" if self.tracklets == "auto" else self.tracklets

    def facts(self, data: PersonSet) -> Mapping[str, str | bool]:
        """What a result's protocol states of these rules, beside what the judge states itself."""
        return {
            "tracklets": self.pool_of(data) or ("not pooled" if _in_tracklets(data) else "none"),
            "multi_query": self.multi_query,
            "leave_one_out": self.leave_one_out,
        }


def _in_tracklets(data: PersonSet) -> bool:
    return data.galleries is None and in_tracklets(data.query) and in_tracklets(data.gallery)
