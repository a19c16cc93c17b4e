"""What a ranking loses when the gallery grows by pictures of nobody."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set

import numpy as np
import numpy.typing as npt
import torch

from passerby.evaluation._judged import Fact, scores_of, stated
from passerby.evaluation._rows import picture
from passerby.evaluation.digest import digest
from passerby.evaluation.protocol import protocol as relevance_of
from passerby.evaluation.ranks import Ranks, ranks
from passerby.evaluation.scores import Scores
from passerby.search.distance import blocks
from passerby.types import DISTRACTOR, Crop, Embeddings

_Keys = list[npt.NDArray[np.float32]]
"""For each query the keys of its matches, ascending."""


def enlarged(
    query: Embeddings,
    gallery: Embeddings,
    distractors: Iterable[Embeddings],
    *,
    sizes: Sequence[int],
    ap: str = "step",
    metric: str = "cosine",
    cameras: bool = True,
    block: int | None = None,
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
        block: queries in a block, as for `score`.
        device: where the products are computed.
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
    ranked, keys = _ranked(query, gallery, metric=metric, cameras=cameras, block=block, device=device)
    found: dict[int, Scores] = {}
    added = np.zeros(len(ranked.ranks), dtype=np.int64)
    crops: list[Crop] = []
    known = {picture(crop) for crop in (*query.crops, *gallery.crops)}
    for part in _cut(distractors, sizes):
        if part is not None:
            _check(query, part, known)
            added += _closer(query, part, keys, metric=metric, block=block, device=device)
            crops += part.crops
        if len(crops) in sizes:
            grown = Ranks(ranked.counts, ranked.ranks + torch.from_numpy(added))
            found[len(crops)] = scores_of(grown, query, ap=ap, protocol=_grown(facts, crops))
    if len(found) < len(sizes):
        raise ValueError(f"There are {len(crops)} distractors, and sizes asks for {sizes[-1]}; give no more than that.")
    return found


def _ranked(
    query: Embeddings,
    gallery: Embeddings,
    *,
    metric: str,
    cameras: bool,
    block: int | None,
    device: torch.device | str,
) -> tuple[Ranks, _Keys]:
    """Ranks of the matches without any distractor added, and their keys in the same order."""
    relevance = relevance_of(query.crops, gallery.crops, cameras=cameras)
    parts: list[Ranks] = []
    matched: _Keys = []
    for part, there in blocks(query.vectors, gallery.vectors, metric=metric, block=block, device=device):
        keys, relevant = there.cpu(), relevance(part)
        parts.append(ranks(keys, relevant))
        for row, match in zip(keys.numpy(), relevant.match.numpy(), strict=True):
            matched.append(np.sort(row[match]))
    return Ranks(torch.cat([part.counts for part in parts]), torch.cat([part.ranks for part in parts])), matched


def _closer(
    query: Embeddings,
    part: Embeddings,
    matched: _Keys,
    *,
    metric: str,
    block: int | None,
    device: torch.device | str,
) -> npt.NDArray[np.int64]:
    """For each match, how many of these distractors are closer; at equal distance the gallery's crop comes first."""
    counts = []
    for rows, there in blocks(query.vectors, part.vectors, metric=metric, block=block, device=device):
        for keys, wanted in zip(there.cpu().numpy(), matched[rows], strict=True):
            counts += [int(np.count_nonzero(keys < key)) for key in wanted]
    return np.array(counts, dtype=np.int64)


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
