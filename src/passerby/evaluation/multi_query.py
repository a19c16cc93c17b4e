"""Which boxes stand beside each query, where a person is searched for by several pictures."""

from collections.abc import Sequence

from passerby.evaluation.rows import rows
from passerby.types import Crop


def multi_query(queries: Sequence[Crop], boxes: Sequence[Crop]) -> list[list[int]]:
    """Rows of the boxes that show each query's person in the query's camera.

    The query's own vector is not used: its picture is one of the boxes where the data set says so.

    Args:
        queries: Q crops of named people.
        boxes: further pictures of the people, such as Market-1501's `gt_bbox`.

    Returns:
        Q lists of rows, each with one row or more.

    Raises:
        ValueError: if there is no box, or none for some query.

    Source: Zheng et al., Scalable Person Re-identification: A Benchmark, multiple queries.
    """
    if not boxes:
        raise ValueError(
            "There are no further pictures of the queries' people (multi_query; gt_bbox in Market-1501's layout); "
            "put them there, or judge single queries."
        )
    there = rows((box.pid, box.camid) for box in boxes)
    found = [there.get((query.pid, query.camid), []) for query in queries]
    without = [query for query, some in zip(queries, found, strict=True) if not some]
    if without:
        raise ValueError(
            f"{len(without)} of {len(queries)} queries have no further picture of their person and camera "
            f"({without[0].path}); add them, or judge single queries."
        )
    return found
