"""A data set without queries, judged by searching for each picture among all others."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from passerby.evaluation.rows import picture
from passerby.types import DISTRACTOR, Crop, PersonSet


def leave_one_out(data: PersonSet) -> PersonSet:
    """Each named crop becomes a query, and the gallery holds all crops; the judge never counts a query as its answer.

    The crops are those of query and gallery, each picture once; where there is neither, those of train, and then
    `version` says so.

    Args:
        data: the data set.

    Raises:
        ValueError: if no crop shows anybody by name, each query has a gallery of its own, or one picture is of two
            people or cameras.
    """
    if data.galleries is not None:
        raise ValueError(f"{data.name} has a gallery for each query; leave-one-out needs one gallery for all.")
    of_train = not (data.query or data.gallery)
    crops = _once(data.train if of_train else (*data.query, *data.gallery), data.name)
    named = tuple(crop for crop in crops if crop.pid > DISTRACTOR)
    if not named:
        raise ValueError(f"None of the {len(crops)} crops of {data.name} shows anybody by name; name people first.")
    version = " ".join(filter(None, (data.version, "train" if of_train else "")))
    return replace(data, version=version, train=(), query=named, gallery=crops, multi_query=(), distractors=())


def _once(crops: Sequence[Crop], name: str) -> tuple[Crop, ...]:
    found: dict[Hashable, Crop] = {}
    for crop in crops:
        same = found.setdefault(picture(crop), crop)
        if (same.pid, same.camid) != (crop.pid, crop.camid):
            raise ValueError(
                f"{crop.path} stands in {name} as person {same.pid} in camera {same.camid} and as person {crop.pid} in "
                f"camera {crop.camid}; leave one of the two out."
            )
    return tuple(found.values())
