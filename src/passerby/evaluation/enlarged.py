"""What a ranking loses when the gallery grows by pictures of nobody."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set

import torch

from passerby.evaluation._judged import Fact, scores_of, stated
from passerby.evaluation.digest import digest
from passerby.evaluation.exact_ranks import added, exact_ranks
from passerby.evaluation.rows import picture
from passerby.evaluation.scores import Scores
from passerby.types import DISTRACTOR, Crop, Embeddings


def enlarged(
    query: Embeddings,
    gallery: Embeddings,
    distractors: Iterable[Embeddings],
    *,
    sizes: Sequence[int],
    ap: str = "step",
    metric: str = "cosine",
    cameras: bool = True,
    memory: int | None = None,
    device: torch.device | str = "cpu",
    protocol: Mapping[str, Fact] | None = None,
) -> dict[int, Scores]:
    """Judge the same queries in a gallery to which ever more distractors are added.

    Distractors come in parts, each of which is looked at once and need not be kept: a rank is 1 plus the number of
    crops that are closer, so that each part adds to it. The scores for a size are those of `score` on the gallery with
    so many distractors after it; a picture of query or gallery among them is refused.

    Args:
        query: Q descriptors of named people.
        gallery: G descriptors.
        distractors: descriptors of crops with pid DISTRACTOR, in parts, in the order in which they are added.
        sizes: how many distractors to add, each 0 or more, ascending.
        ap: definition of average precision, as for `score`.
        metric: one of `distance.METRICS`.
        cameras: False to ignore cameras.
        memory: bytes that may be held beside the vectors, as for `score`.
        device: where products are computed.
        protocol: further facts, as for `score`.

    Returns:
        Size to scores; their protocol states `distractors_added` and which these are (`distractors_sha256`).

    Raises:
        ValueError: if sizes are not ascending, there are fewer distractors than the largest, one of them shows
            somebody or is a picture of query or gallery, or see `score`.

    Source: Almazan et al., Re-ID done right, figure 7, with Market-1501's 500,000 distractors.
    """
    if not sizes or sizes[0] < 0 or list(sizes) != sorted(set(sizes)):
        raise ValueError(f"sizes is {list(sizes)}; give one number or more, each 0 or more, ascending.")
    facts = stated(query, gallery, ap=ap, metric=metric, cameras=cameras, galleries=None, more=protocol)
    ranked = exact_ranks(query, gallery, metric=metric, cameras=cameras, memory=memory, device=device)
    found: dict[int, Scores] = {}
    crops: list[Crop] = []
    known = {picture(crop) for crop in (*query.crops, *gallery.crops)}
    for part in _cut(distractors, sizes):
        if part is not None:
            _check(query, part, known)
            ranked = added(ranked, query, part, memory=memory, device=device)
            crops += part.crops
        if len(crops) in sizes:
            found[len(crops)] = scores_of(ranked.ranks, query, ap=ap, protocol=_grown(facts, crops))
    if len(found) < len(sizes):
        raise ValueError(f"There are {len(crops)} distractors, and sizes asks for {sizes[-1]}; give no more than that.")
    return found


def _cut(parts: Iterable[Embeddings], sizes: Sequence[int]) -> Iterator[Embeddings | None]:
    """Parts that end where a size is reached, up to the last; None first, for nothing added."""
    yield None
    done = 0
    for part in parts:
        ends = sorted({size - done for size in sizes if 0 < size - done < len(part.crops)} | {len(part.crops)})
        for start, end in zip([0, *ends], ends, strict=False):
            if start < end and done < sizes[-1]:
                yield Embeddings(part.vectors[start:end], part.crops[start:end], part.model)
                done += end - start
        if done >= sizes[-1]:
            return


def _check(query: Embeddings, part: Embeddings, known: Set[Hashable]) -> None:
    query.check_same_model(part)
    somebody = [crop for crop in part.crops if crop.pid != DISTRACTOR]
    if somebody:
        raise ValueError(f"{somebody[0].path} has pid {somebody[0].pid}; a distractor has pid {DISTRACTOR}.")
    same = [crop for crop in part.crops if picture(crop) in known]
    if same:
        raise ValueError(f"{same[0].path} is a query's or the gallery's picture too; take it out of the distractors.")


def _grown(facts: Mapping[str, Fact], crops: Sequence[Crop]) -> dict[str, Fact]:
    grown = {name: int(facts[name] or 0) + len(crops) for name in ("distractors", "gallery")}
    if not crops:
        return dict(facts)
    return {**facts, **grown, "distractors_added": len(crops), "distractors_sha256": digest(crops)}
