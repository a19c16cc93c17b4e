"""What has to be embedded to judge a data set."""

from collections.abc import Sequence
from dataclasses import dataclass

from passerby.evaluation.describe import units
from passerby.evaluation.leave_one_out import leave_one_out
from passerby.evaluation.multi_query import multi_query
from passerby.evaluation.post_processed import check as check_post_processing
from passerby.evaluation.protocol import check, inside
from passerby.evaluation.rules import Rules
from passerby.evaluation.tracklets import tracklets
from passerby.types import Crop, PersonSet


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """What has to be embedded to judge a data set: units of crops whose vectors become one.

    Args:
        data: the data set, with queries made of its gallery under leave-one-out.
        query: crops of each query.
        gallery: crops of each gallery entry.
        query_pool: how the vectors of one query's crops become one; None where each has one crop.
        gallery_pool: likewise.
        heads: for each query and each gallery entry the crop that stands for it.
    """

    data: PersonSet
    query: Sequence[Sequence[Crop]]
    gallery: Sequence[Sequence[Crop]]
    query_pool: str | None
    gallery_pool: str | None
    heads: tuple[tuple[Crop, ...], tuple[Crop, ...]]

    @property
    def pictures(self) -> int:
        """Number of pictures that are embedded; what stands in query and gallery counts once."""
        there = {key_of(unit) for unit in self.gallery}
        return sum(map(len, self.gallery)) + sum(len(unit) for unit in self.query if key_of(unit) not in there)


def asked(data: PersonSet, rules: Rules) -> Asked:
    """What has to be embedded to judge a data set by some rules.

    Raises:
        ValueError: if the data set cannot be judged so; see `Rules`, `evaluation.protocol.check`, `multi_query`,
            `tracklets`, `leave_one_out` and `evaluation.post_processed.check`.
    """
    if rules.leave_one_out:
        data = leave_one_out(data)
    if not data.query or not data.gallery:
        raise ValueError(
            f"{data.name} has {len(data.query)} queries and {len(data.gallery)} gallery crops; give both, or judge it "
            "by leave-one-out."
        )
    pool = rules.pool_of(data)
    heads = units(data) if pool is not None else (data.query, data.gallery)
    check(*heads, cameras=rules.cameras, galleries=data.galleries)
    check_post_processing(rules, len(heads[0]), len(heads[1]), galleries=data.galleries, name=data.name)
    for query in range(len(data.query) if data.galleries is not None else 0):
        inside(data.galleries or {}, query, len(data.gallery))
    searched: Sequence[Sequence[Crop]] = [[crop] for crop in data.query]
    gallery: Sequence[Sequence[Crop]] = [[crop] for crop in data.gallery]
    if pool is not None:
        searched = [[data.query[row] for row in rows] for rows in tracklets(data.query)]
        gallery = [[data.gallery[row] for row in rows] for rows in tracklets(data.gallery)]
    elif rules.multi_query != "none":
        searched = [[data.multi_query[row] for row in rows] for rows in multi_query(data.query, data.multi_query)]
    return Asked(
        data=data,
        query=searched,
        gallery=gallery,
        query_pool=pool if rules.multi_query == "none" else rules.multi_query,
        gallery_pool=pool,
        heads=heads,
    )


def key_of(unit: Sequence[Crop]) -> tuple[int, ...]:
    """What makes two units the same: a data set shares the crops that stand in query and gallery."""
    return tuple(map(id, unit))
