"""A result by the camera of the query and the camera of the gallery."""

from collections.abc import Sequence

import torch

from passerby.evaluation._part import part
from passerby.evaluation.digest import digest
from passerby.evaluation.rows import rows
from passerby.evaluation.score import score
from passerby.evaluation.scores import Scores
from passerby.evaluation.slices import Slices
from passerby.types import Crop, Embeddings


def by_camera_pair(
    scores: Scores,
    query: Embeddings,
    gallery: Embeddings,
    *,
    memory: int | None = None,
    device: torch.device | str = "cpu",
) -> Slices:
    """The result for each pair of cameras: queries of the one, searched for in what the other took.

    In the pair (a, b) the gallery is all that camera b took: the people who are looked for, wrong people, junk and
    distractors. Where cameras count, crops from the query's own camera are junk, so that the pair (a, a) has no match
    and no number. Altogether this costs as much as judging once.

    Args:
        scores: the judged ranking that is cut; it says how average precision, distance and cameras are used.
        query: the descriptors that were judged.
        gallery: likewise.
        memory: bytes that may be held beside the vectors, see `score`; a copy of a camera's crops is among them.
        device: where products are computed.

    Raises:
        ValueError: if the descriptors are not those of the scores, each query has a gallery of its own, the distances
            were processed afterwards, or no query or no gallery crop has a camera.
    """
    facts = scores.protocol
    _check(scores, query, gallery)
    shown, searched = _by_camera(query.crops), _by_camera(gallery.crops)
    if not shown or not searched:
        side = "gallery crops" if shown else "queries"
        raise ValueError(f"None of the {side} has a camera (camid), so there are no pairs of cameras.")
    people = torch.tensor([crop.pid for crop in query.crops], dtype=torch.int64)
    slices = {}
    for there, places in searched.items():
        crops = tuple(gallery.crops[place] for place in places)
        judged = score(
            query,
            Embeddings(gallery.vectors[places], crops, gallery.model),
            ap=str(facts["ap"]),
            metric=str(facts["metric"]),
            cameras=bool(facts["cameras"]),
            memory=None if memory is None else memory - 4 * gallery.vectors.shape[1] * len(places),
            device=device,
        )
        for here, asked in shown.items():
            names = (f"c{here}", f"c{there}")
            slices[here, there] = part(names, ap=judged.ap[asked], first=judged.first[asked], people=people[asked])
    return Slices(
        by="camera_pair",
        names=("query camera", "gallery camera"),
        slices=tuple(slices[here, there] for here in shown for there in searched),
        remarks=tuple(_remarks(query.crops, gallery.crops, cameras=bool(facts["cameras"]))),
        protocol={**facts, "slice": "camera_pair"},
    )


def _check(scores: Scores, query: Embeddings, gallery: Embeddings) -> None:
    facts = scores.protocol
    for side, crops in (("query", query.crops), ("gallery", gallery.crops)):
        if facts[f"{side}_sha256"] != digest(crops):
            raise ValueError(
                f"The scores are not of this {side} ({len(crops)} crops, other than those judged); "
                "give the descriptors that were judged."
            )
    if facts["galleries"] != "one for all queries":
        raise ValueError("Each query has a gallery of its own; pairs of cameras need one gallery for all queries.")
    if facts["post_processing"] != "none":
        raise ValueError(
            f"The distances were processed afterwards ({facts['post_processing']}), which mixes cameras; "
            "judge plain distances to see pairs of cameras."
        )


def _by_camera(crops: Sequence[Crop]) -> dict[int, list[int]]:
    """Rows of each camera, by ascending camera; crops without one are in none."""
    found = rows(crop.camid for crop in crops)
    return {camid: found[camid] for camid in sorted(key for key in found if isinstance(key, int))}


def _remarks(queries: Sequence[Crop], gallery: Sequence[Crop], *, cameras: bool) -> list[str]:
    told = ["The gallery of a pair is all that its second camera took, junk and distractors with it."]
    if cameras:
        told.append("Crops from the query's own camera are left out, so a camera has no number with itself.")
    for crops, what in ((queries, "queries"), (gallery, "gallery crops")):
        bare = sum(crop.camid is None for crop in crops)
        if bare:
            told.append(f"{bare} of {len(crops)} {what} have no camera and are in no pair.")
    return told
