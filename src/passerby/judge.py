"""A run judged on a data set."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from passerby import card, files
from passerby.evaluation.describe import units
from passerby.evaluation.enlarged import enlarged
from passerby.evaluation.leave_one_out import leave_one_out
from passerby.evaluation.multi_query import multi_query
from passerby.evaluation.pooled import pooled
from passerby.evaluation.protocol import Galleries, check, inside
from passerby.evaluation.rules import Rules
from passerby.evaluation.score import Fact, score
from passerby.evaluation.scores import Scores
from passerby.evaluation.tracklets import tracklets
from passerby.run import Run, embeddings, trained_on
from passerby.types import Crop, Embeddings, PersonSet

CHUNK = 4096
"""Pictures that are embedded before the frames among them are pooled, or counted as distractors."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A run on a data set's query and gallery.

    Args:
        query: embeddings of the queries; of tracklets and several pictures of a person, one for all.
        gallery: embeddings of the gallery, likewise.
        galleries: the gallery of each query, as indices into `gallery`; None where all share the whole one.
        scores: how good the ranking is.
        broken: crops whose pictures could not be read, and why; they are in none of the above.
        rules: that it was judged by.
        facts: what `scores.protocol` states beside what the judge states itself.
    """

    query: Embeddings
    gallery: Embeddings
    galleries: Galleries | None
    scores: Scores
    broken: tuple[tuple[Crop, str], ...]
    rules: Rules
    facts: Mapping[str, Fact]


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
        there = {_key(unit) for unit in self.gallery}
        return sum(map(len, self.gallery)) + sum(len(unit) for unit in self.query if _key(unit) not in there)


def asked(data: PersonSet, rules: Rules) -> Asked:
    """What has to be embedded to judge a data set by some rules.

    Raises:
        ValueError: if the data set cannot be judged so; see `Rules`, `evaluation.protocol.check`, `multi_query`,
            `tracklets` and `leave_one_out`.
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
    query: Sequence[Sequence[Crop]] = [[crop] for crop in data.query]
    gallery: Sequence[Sequence[Crop]] = [[crop] for crop in data.gallery]
    if pool is not None:
        query = [[data.query[row] for row in rows] for rows in tracklets(data.query)]
        gallery = [[data.gallery[row] for row in rows] for rows in tracklets(data.gallery)]
    elif rules.multi_query != "none":
        query = [[data.multi_query[row] for row in rows] for rows in multi_query(data.query, data.multi_query)]
    return Asked(
        data=data,
        query=query,
        gallery=gallery,
        query_pool=pool if rules.multi_query == "none" else rules.multi_query,
        gallery_pool=pool,
        heads=heads,
    )


def judge(
    run: Run,
    data: PersonSet,
    *,
    rules: Rules | None = None,
    official: str = "not known",
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
        device: where the network runs.
        on_progress: called with the number of pictures done, of `asked(data, rules).pictures`.

    Raises:
        ValueError: if the data set cannot be judged so (see `asked`), before anything is embedded.
    """
    rules = rules or Rules()
    wanted = asked(data, rules)
    if run.data.names_sha256 and run.data.names_sha256 == card.digest(wanted.data.gallery):
        raise ValueError(
            f"These {len(wanted.gallery)} pictures are those that the run in {run.folder} was trained on; a result on "
            "them says nothing about other people. Judge it on others."
        )
    pixels = _Pixels(run, device, on_progress)
    gallery, kept_gallery = pixels.units(wanted.gallery, wanted.heads[1], wanted.gallery_pool)
    query, kept_query = _queries(wanted, gallery, kept_gallery, pixels)
    galleries: Galleries | None = data.galleries
    if galleries is not None and pixels.broken:
        galleries = _without_broken(galleries, kept_query, kept_gallery, len(wanted.gallery))
    told = facts_of_data(wanted.data, rules, official=official, unreadable=len(pixels.broken))
    facts = {**told, **_facts_of_run(run)}
    scores = score(
        query, gallery, ap=rules.ap, cameras=rules.cameras, galleries=galleries, device=device, protocol=facts
    )
    return Judged(
        query=query,
        gallery=gallery,
        galleries=galleries,
        scores=scores,
        broken=tuple(pixels.broken),
        rules=rules,
        facts=facts,
    )


def with_distractors(
    run: Run,
    judged: Judged,
    distractors: Sequence[Crop],
    sizes: Sequence[int],
    *,
    seed: int = 0,
    device: str = "cpu",
    on_progress: Callable[[int], None] | None = None,
) -> dict[int, Scores]:
    """Judge the same queries again in a gallery to which ever more distractors are added.

    The distractors are taken in random order, so that a smaller number is a random part of a larger one. Their vectors
    are not kept. A picture that cannot be read is passed over, and the next one taken.

    Args:
        run: the run that was judged.
        judged: what `judge` gave.
        distractors: crops with pid DISTRACTOR.
        sizes: how many to add, each 0 or more, ascending.
        seed: of the order, 0 or more.
        device: where the network runs.
        on_progress: called with the number of distractors done.

    Returns:
        Number of distractors to scores.

    Raises:
        ValueError: if each query has a gallery of its own, there are fewer distractors than asked for, or see
            `evaluation.enlarged`.
    """
    if judged.galleries is not None:
        raise ValueError("Each query has a gallery of its own; distractors are added to one gallery for all queries.")
    if sizes and sizes[-1] > len(distractors):
        raise ValueError(f"There are {len(distractors)} distractors; {sizes[-1]} were asked for.")
    order = np.random.default_rng(seed).permutation(len(distractors)).tolist()
    pixels = _Pixels(run, device, on_progress)

    def parts() -> Iterator[Embeddings]:
        left, start = sizes[-1], 0
        while left and start < len(order):
            some = [distractors[place] for place in order[start : start + min(CHUNK, left)]]
            found, _ = pixels.units([[crop] for crop in some], some, None)
            start, left = start + len(some), left - len(found.crops)
            yield found

    return enlarged(
        judged.query,
        judged.gallery,
        parts(),
        sizes=sizes,
        ap=judged.rules.ap,
        cameras=judged.rules.cameras,
        device=device,
        protocol=judged.facts,
    )


def save_scores(scores: Scores, path: Path) -> None:
    """Write scores as JSON, whole or not at all; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.whole(path) as partial:
        partial.write_text(scores.to_json(), encoding="utf-8")


class _Pixels:
    """What embeds one list of units after another with a run, and keeps count."""

    def __init__(self, run: Run, device: str, on_progress: Callable[[int], None] | None) -> None:
        self.run, self.device, self.on_progress = run, device, on_progress
        self.done = 0
        self.broken: list[tuple[Crop, str]] = []

    def units(
        self, units: Sequence[Sequence[Crop]], heads: Sequence[Crop], pool: str | None
    ) -> tuple[Embeddings, list[int]]:
        """One vector for each unit that has a picture which can be read, and which units these are."""
        parts: list[Embeddings] = []
        kept: list[int] = []
        for places in _chunks(units, whole=pool is None):
            found = self._crops([crop for place in places for crop in units[place]])
            lost = {id(crop) for crop, _ in self.broken}
            rows: dict[int, list[int]] = {}
            row = 0
            for place in places:
                there = sum(id(crop) not in lost for crop in units[place])
                if there:
                    rows[place] = list(range(row, row + there))
                row += there
            kept += rows
            if pool is not None:
                found = pooled(found, list(rows.values()), [heads[place] for place in rows], pool=pool)
            parts.append(found)
        vectors = parts[0].vectors if len(parts) == 1 else torch.cat([part.vectors for part in parts])
        return Embeddings(vectors, tuple(heads[place] for place in kept), self.run.model_id), kept

    def _crops(self, crops: Sequence[Crop]) -> Embeddings:
        before = self.done
        found = embeddings(
            self.run,
            crops,
            device=self.device,
            on_progress=None if self.on_progress is None else lambda done: self._tell(before + done),
            on_broken=lambda crop, reason: self.broken.append((crop, reason)),
        )
        self.done = before + len(crops)
        return found

    def _tell(self, done: int) -> None:
        if self.on_progress is not None:
            self.on_progress(done)


def _queries(
    wanted: Asked, gallery: Embeddings, kept_gallery: Sequence[int], pixels: _Pixels
) -> tuple[Embeddings, list[int]]:
    """The queries' vectors; what stands in the gallery too, as MARS's queries do, is not embedded again."""
    place_of = {_key(unit): place for place, unit in enumerate(wanted.gallery)}
    row_of = {place: row for row, place in enumerate(kept_gallery)}
    fresh = [place for place, unit in enumerate(wanted.query) if _key(unit) not in place_of]
    rows: dict[int, Tensor] = {}
    if fresh:
        found, kept = pixels.units(
            [wanted.query[place] for place in fresh], [wanted.heads[0][place] for place in fresh], wanted.query_pool
        )
        rows = {fresh[one]: vector for one, vector in zip(kept, found.vectors, strict=True)}
    for place, unit in enumerate(wanted.query):
        same = place_of.get(_key(unit))
        if same in row_of:
            rows[place] = gallery.vectors[row_of[same]]
    if not rows:
        raise ValueError(f"None of the {len(wanted.query)} queries can be read; there is nothing to judge.")
    kept = sorted(rows)
    heads = tuple(wanted.heads[0][place] for place in kept)
    return Embeddings(torch.stack([rows[place] for place in kept]), heads, gallery.model), kept


def _chunks(units: Sequence[Sequence[Crop]], *, whole: bool) -> Iterator[range]:
    """Places of units that hold CHUNK pictures or a few more together; all at once if whole."""
    start, pictures = 0, 0
    for place, unit in enumerate(units):
        pictures += len(unit)
        if pictures >= CHUNK and not whole:
            yield range(start, place + 1)
            start, pictures = place + 1, 0
    if start < len(units):
        yield range(start, len(units))


def _key(unit: Sequence[Crop]) -> tuple[int, ...]:
    """What makes two units the same: a data set shares the crops that stand in query and gallery."""
    return tuple(map(id, unit))


def _without_broken(
    galleries: Galleries, kept_query: Sequence[int], kept_gallery: Sequence[int], size: int
) -> Mapping[int, npt.NDArray[np.int64]]:
    """The galleries of the queries that are left, as indices into what is left of the whole one."""
    row_of = np.full(size, -1)
    row_of[kept_gallery] = np.arange(len(kept_gallery))
    moved = (row_of[inside(galleries, query, size)] for query in kept_query)
    return {row: rows[rows >= 0] for row, rows in enumerate(moved)}


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
        "flip": run.recipe.flip_test,
        **{package: version(package) for package in ("torchvision", "timm", "numpy")},
    }
