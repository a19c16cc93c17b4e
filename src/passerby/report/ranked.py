"""From judged queries to the lists that a person looks at."""

from collections.abc import Sequence

import torch

from passerby.evaluation.protocol import Galleries, Relevance, protocol
from passerby.evaluation.reranking import NAME
from passerby.evaluation.scores import Scores
from passerby.report.ranked_list import RankedList, Result
from passerby.search.neighbours import Neighbours, neighbours
from passerby.types import Embeddings


def ranked(
    query: Embeddings,
    gallery: Embeddings,
    scores: Scores,
    numbers: Sequence[int],
    *,
    galleries: Galleries | None = None,
    nearest: Neighbours | None = None,
    length: int = 10,
) -> tuple[RankedList, ...]:
    """The first results of some queries, as the judge ranked them: its metric, its junk rule, its order of ties.

    Unless the judge kept the beginnings of its rankings, only these queries are compared with the gallery.

    Args:
        query: the Q descriptors that were judged.
        gallery: the G descriptors that were judged.
        scores: what `evaluation.score` made of the two; its protocol states `metric` and `cameras`.
        numbers: which queries, each 0 .. Q - 1, in the order wanted.
        galleries: the gallery of each query, as it was judged; None where all share the whole one.
        nearest: the first crops of all Q rankings, as the judge kept them; needed where they are not those of the
            descriptors' distances, which is after re-ranking.
        length: results of each list, 1 or more; fewer where the gallery has fewer.

    Raises:
        ValueError: if a number or the length is out of range, the scores are not of these descriptors or rankings, or
            their protocol does not state what a ranking depends on.
    """
    if length < 1:
        raise ValueError(f"length is {length}; give 1 result or more.")
    _check(query, gallery, scores)
    if nearest is None and NAME in str(scores.protocol.get("post_processing")):
        raise ValueError(
            f"The scores were made with {scores.protocol['post_processing']}, and the descriptors' own distances rank "
            "otherwise; give the nearest crops that the judge kept."
        )
    wrong = [number for number in numbers if not 0 <= number < len(query.crops)]
    if wrong:
        raise ValueError(f"There is no query {wrong[0]}; give numbers of 0 .. {len(query.crops) - 1}.")
    if not numbers:
        return ()
    crops = [query.crops[number] for number in numbers]
    own = None if galleries is None else {row: galleries[number] for row, number in enumerate(numbers)}
    relevance = protocol(crops, gallery.crops, cameras=bool(scores.protocol["cameras"]), galleries=own)
    all_of_them = relevance(slice(0, len(crops)))
    length = min(length, len(gallery.crops))
    if nearest is not None:
        near = _kept(nearest, scores, numbers, all_of_them, length=length)
    else:
        near = neighbours(
            query.vectors[torch.tensor(numbers)],
            gallery.vectors,
            length,
            metric=str(scores.protocol["metric"]),
            skip=lambda part: all_of_them.junk[part],
        )
    return tuple(_list(row, number, query, gallery, scores, all_of_them, near) for row, number in enumerate(numbers))


def _list(
    row: int,
    number: int,
    query: Embeddings,
    gallery: Embeddings,
    scores: Scores,
    relevance: Relevance,
    near: Neighbours,
) -> RankedList:
    """One query's list; its number is that of all queries, its row that of those that are shown."""
    match = relevance.match[row]
    found = zip(near.indices[row].tolist(), near.distances[row].tolist(), strict=True)
    one = RankedList(
        query=query.crops[number],
        number=number,
        ap=float(scores.ap[number]),
        first=int(scores.first[number]),
        matches=int(match.sum()),
        junk=int(relevance.junk[row].sum()),
        results=tuple(Result(gallery.crops[i], bool(match[i]), distance) for i, distance in found if i >= 0),
    )
    if (one.matches == 0) != (one.first == 0):
        raise ValueError(
            f"Query {number} has {one.matches} matches in this gallery, but the scores place the first at "
            f"{one.first or 'no rank'}; give the descriptors that the scores were made of."
        )
    return one


def _kept(
    nearest: Neighbours, scores: Scores, numbers: Sequence[int], relevance: Relevance, *, length: int
) -> Neighbours:
    """The lists of these queries out of those that the judge kept, held against what the scores say."""
    shape, size = tuple(nearest.indices.shape), relevance.match.shape[1]
    if shape[0] != len(scores.first) or shape[1] < length:
        raise ValueError(
            f"nearest has lists of shape {shape}; give shape ({len(scores.first)}, {length}), or longer lists."
        )
    found = Neighbours(nearest.distances[list(numbers), :length], nearest.indices[list(numbers), :length])
    if int(found.indices.max()) >= size:
        raise ValueError(
            f"nearest names crop {int(found.indices.max())}, and the gallery has crops 0 .. {size - 1}; give the lists "
            "that the scores were made of."
        )
    there = found.indices >= 0
    right, left_out = (side.gather(1, found.indices.clamp(min=0)) & there for side in relevance)
    for row, number in enumerate(numbers):
        places, stated = right[row].nonzero(), int(scores.first[number])
        first = int(places[0]) + 1 if len(places) else 0
        if left_out[row].any():
            raise ValueError(f"The list of query {number} in nearest holds junk; give the lists that the judge kept.")
        if first != (stated if stated <= length else 0):
            raise ValueError(
                f"nearest is not what the scores were made of: they place the first match of query {number} at "
                f"{stated or 'no rank'}, and its list has it at {first or 'none of its places'}."
            )
    return found


def _check(query: Embeddings, gallery: Embeddings, scores: Scores) -> None:
    missing = [fact for fact in ("metric", "cameras") if fact not in scores.protocol]
    if missing:
        raise ValueError(
            f"The scores' protocol does not state {' and '.join(missing)}, on which a ranking depends; "
            "give scores made by evaluation.score."
        )
    query.check_same_model(gallery)
    given: dict[str, object] = {
        "queries": len(query.crops),
        "gallery": len(gallery.crops),
        "model": str(query.model or gallery.model or "not known"),
    }
    stated = {fact: scores.protocol[fact] for fact in ("gallery", "model") if fact in scores.protocol}
    for fact, value in {"queries": len(scores.first), **stated}.items():
        if given[fact] != value:
            raise ValueError(
                f"The scores were made with {fact} = {value}, and the descriptors given have {fact} = {given[fact]}; "
                "give the descriptors that the scores were made of."
            )
