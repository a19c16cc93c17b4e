"""A run judged on a data set."""

import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby import card, embed_units, files
from passerby.asked import Asked, asked, key_of
from passerby.embed_units import EmbedUnits
from passerby.evaluation.digest import digest
from passerby.evaluation.peak import Peak, peak
from passerby.evaluation.post_processed import post_processed
from passerby.evaluation.protocol import Galleries, inside
from passerby.evaluation.rules import Rules
from passerby.evaluation.score import Fact
from passerby.evaluation.scores import Scores
from passerby.evaluation.validation import validation
from passerby.run import Run, dimension, trained_on
from passerby.search.neighbours import Neighbours
from passerby.types import Crop, Embeddings, PersonSet


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A run on a data set's query and gallery.

    Args:
        query: embeddings of the queries; of tracklets and several pictures of a person, one for all; expanded where
            the rules say so.
        gallery: embeddings of the gallery, likewise.
        galleries: the gallery of each query, as indices into `gallery`; None where all share the whole one.
        scores: how good the ranking is.
        nearest: the first crops of each ranking after re-ranking, as indices into `gallery`; None where they are those
            of the embeddings' own distances.
        broken: crops whose pictures could not be read, and why; they are in none of the above.
        rules: that it was judged by.
        facts: what `scores.protocol` states beside what the judge states itself.
    """

    query: Embeddings
    gallery: Embeddings
    galleries: Galleries | None
    scores: Scores
    nearest: Neighbours | None
    broken: tuple[tuple[Crop, str], ...]
    rules: Rules
    facts: Mapping[str, Fact]


def judge(
    run: Run,
    data: PersonSet,
    *,
    rules: Rules | None = None,
    official: str = "not known",
    memory: int | None = None,
    device: str = "cpu",
    on_progress: Callable[[int], None] | None = None,
) -> Judged:
    """Embed a data set's query and gallery with a run's network, and score the ranking.

    Args:
        run: the trained network.
        data: its query and gallery are used, and what the rules ask for.
        rules: by which it is judged; by default single queries, tracklets where there are any, cameras, AP by steps.
        official: whether the data set's counts are those of the official set, kept with the result; see
            `datasets.official`.
        memory: bytes that ranking may hold beside the vectors, see `peak_of`; no number depends on it.
        device: where the network runs.
        on_progress: called with the number of pictures done, of `asked(data, rules).pictures`.

    Raises:
        ValueError: if the data set cannot be judged so (see `asked`) or the budget is too small, before anything is
            embedded.
    """
    rules = rules or Rules()
    wanted = asked(data, rules)
    _refuse_trained(run, wanted.data)
    if memory is not None:
        peak_of(run, wanted, rules, memory=memory, device=device)
    pixels = EmbedUnits(run, device, on_progress)
    gallery, kept_gallery = pixels.units(wanted.gallery, wanted.heads[1], wanted.gallery_pool)
    query, kept_query = _queries(wanted, gallery, kept_gallery, pixels)
    galleries: Galleries | None = data.galleries
    if galleries is not None and pixels.broken:
        galleries = _without_broken(wanted, kept_query, kept_gallery)
    told = facts_of_data(wanted.data, rules, official=official, unreadable=len(pixels.broken))
    facts = {**told, "pooled_sha256": _pooled(wanted, pixels.broken), **_facts_of_run(run), "device": device}
    done = post_processed(query, gallery, rules, galleries=galleries, memory=memory, device=device, protocol=facts)
    return Judged(
        query=done.query,
        gallery=done.gallery,
        galleries=galleries,
        scores=done.scores,
        nearest=done.nearest,
        broken=tuple(pixels.broken),
        rules=rules,
        facts=facts,
    )


def peak_of(
    run: Run,
    wanted: Asked,
    rules: Rules,
    *,
    memory: int | None = None,
    added: int = 0,
    by_camera: bool = False,
    device: str = "cpu",
) -> Peak:
    """What ranking a data set by a run's descriptors will take; the network is asked for their length alone.

    Args:
        run: the trained network.
        wanted: what `asked` gave for the data set and the rules.
        rules: by which it is judged.
        memory: bytes that ranking may hold beside the vectors.
        added: distractors that are added to the gallery.
        by_camera: whether the result is cut by pairs of cameras.
        device: where the network runs.

    Raises:
        ValueError: if the budget is too small; see `evaluation.peak`.
    """
    return peak(
        *wanted.heads,
        dimension(run, device=device),
        rules,
        memory=memory,
        added=added,
        at_once=embed_units.CHUNK,
        by_camera=by_camera,
    )


def save_scores(scores: Scores, path: Path) -> None:
    """Write scores as JSON, whole or not at all; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.whole(path) as partial:
        partial.write_text(scores.to_json(), encoding="utf-8")


def _queries(
    wanted: Asked, gallery: Embeddings, kept_gallery: Sequence[int], pixels: EmbedUnits
) -> tuple[Embeddings, list[int]]:
    """The queries' vectors; what stands in the gallery too, as MARS's queries do, is not embedded again."""
    place_of = {key_of(unit): place for place, unit in enumerate(wanted.gallery)}
    row_of = {place: row for row, place in enumerate(kept_gallery)}
    fresh = [place for place, unit in enumerate(wanted.query) if key_of(unit) not in place_of]
    rows: dict[int, Tensor] = {}
    if fresh:
        units = [wanted.query[place] for place in fresh]
        found, kept = pixels.units(units, [wanted.heads[0][place] for place in fresh], wanted.query_pool, least=0)
        rows = {fresh[one]: vector for one, vector in zip(kept, found.vectors, strict=True)}
    for place, unit in enumerate(wanted.query):
        same = place_of.get(key_of(unit))
        if same in row_of:
            rows[place] = gallery.vectors[row_of[same]]
    if not rows:
        raise ValueError(f"None of the {len(wanted.query)} queries can be read; there is nothing to judge.")
    kept = sorted(rows)
    heads = tuple(wanted.heads[0][place] for place in kept)
    return Embeddings(torch.stack([rows[place] for place in kept]), heads, gallery.model), kept


def _without_broken(
    wanted: Asked, kept_query: Sequence[int], kept_gallery: Sequence[int]
) -> Mapping[int, npt.NDArray[np.int64]]:
    """The galleries of the queries that are left, as indices into what is left of the whole one."""
    row_of = np.full(len(wanted.gallery), -1)
    row_of[kept_gallery] = np.arange(len(kept_gallery))
    moved: dict[int, npt.NDArray[np.int64]] = {}
    for row, query in enumerate(kept_query):
        rows = row_of[inside(wanted.data.galleries or {}, query, len(wanted.gallery))]
        moved[row] = rows[rows >= 0]
        if not len(moved[row]):
            raise ValueError(
                f"No picture in the gallery of query {query} ({wanted.heads[0][query].path}) can be read; "
                "replace them, or leave the query out."
            )
    return moved


def facts_of_data(data: PersonSet, rules: Rules, *, official: str, unreadable: int) -> dict[str, Fact]:
    """What a result states of the data set and the rules that it was judged by.

    Args:
        data: the data set.
        rules: by which it was judged.
        official: see `judge`.
        unreadable: number of pictures that could not be read.
    """
    return {
        "data": data.name,
        "version": data.version,
        "official": official,
        "unreadable": unreadable,
        **rules.facts(data),
    }


def _facts_of_run(run: Run) -> dict[str, Fact]:
    return {
        "train": trained_on(run),
        "recipe": " ".join((run.name, *run.changes)),
        "seed": run.seed,
        "weights": run.model_id.weights,
        "preprocessing": run.model_id.preprocessing,
        "flip": run.recipe.flip_test,
        "epoch": run.epoch or "last",
        "python": platform.python_version(),
        **{package: version(package) for package in ("torchvision", "timm", "numpy", "pillow")},
    }


def _pooled(wanted: Asked, broken: Sequence[tuple[Crop, str]]) -> str:
    """Which pictures were pooled: a query or a tracklet stands in the other digests by one picture alone."""
    lost = {id(crop) for crop, _ in broken}
    crops = [
        crop
        for units, pool in ((wanted.query, wanted.query_pool), (wanted.gallery, wanted.gallery_pool))
        for unit in units
        for crop in unit
        if pool is not None and id(crop) not in lost
    ]
    return digest(crops) if crops else "none"


def _refuse_trained(run: Run, data: PersonSet) -> None:
    """Refuse to judge on the pictures of the training: all of them, or those and the people that were held out."""
    seen = [data.gallery]
    if run.held_out is not None:
        with suppress(ValueError):
            seen.append(validation(PersonSet(name=data.name, train=data.gallery), run.held_out.people).train)
    if run.data.names_sha256 and run.data.names_sha256 in map(card.digest, seen):
        raise ValueError(
            f"The run in {run.folder} was trained on pictures of this gallery; a result on them says nothing about "
            "other people. Judge it on others."
        )
