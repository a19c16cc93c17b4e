"""A data set without queries, judged by searching for each picture among all others."""

from dataclasses import replace

from passerby.evaluation._rows import picture
from passerby.types import DISTRACTOR, PersonSet


def leave_one_out(data: PersonSet) -> PersonSet:
    """Each named crop becomes a query, and the gallery holds all crops; the judge never counts a query as its answer.

    The crops are those of query and gallery, each picture once; where there is neither, those of train, and then
    `version` says so.

    Args:
        data: the data set.

    Raises:
        ValueError: if no crop shows anybody by name, or each query has a gallery of its own.
    """
    if data.galleries is not None:
        raise ValueError(f"{data.name} has a gallery for each query; leave-one-out needs one gallery for all.")
    of_train = not (data.query or data.gallery)
    crops = data.train if of_train else tuple({picture(crop): crop for crop in (*data.query, *data.gallery)}.values())
    named = tuple(crop for crop in crops if crop.pid > DISTRACTOR)
    if not named:
        raise ValueError(f"None of the {len(crops)} crops of {data.name} shows anybody by name; name people first.")
    version = " ".join(filter(None, (data.version, "train" if of_train else "")))
    return replace(data, version=version, train=(), query=named, gallery=crops, multi_query=(), distractors=())
