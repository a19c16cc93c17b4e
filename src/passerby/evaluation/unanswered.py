"""Why a query has no right answer, in words."""

from collections.abc import Sequence

from passerby.evaluation.answers import answers
from passerby.types import Crop


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


def _reason(query: Crop, same: Sequence[Crop], *, cameras: bool) -> str:
    if not same:
        return f"person {query.pid} is not in the gallery"
    from_camera = sum(crop.camid == query.camid for crop in same)
    if cameras and from_camera == len(same):
        crops = f"{len(same)} crop{'s' if len(same) > 1 else ''}"
        return f"person {query.pid} is in the gallery only from the query's own camera (camera {query.camid}, {crops})"
    return f"person {query.pid} is in the gallery only as the query's own picture"
