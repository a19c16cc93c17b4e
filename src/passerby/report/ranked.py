"""From judged queries to the lists that a person looks at."""

from collections.abc import Sequence

import torch

from passerby.evaluation.protocol import Galleries, protocol
from passerby.evaluation.scores import Scores
from passerby.report.ranked_list import RankedList, Result
from passerby.search.neighbours import neighbours
from passerby.types import Embeddings


def ranked(
    query: Embeddings,
    gallery: Embeddings,
    scores: Scores,
    numbers: Sequence[int],
    *,
    galleries: Galleries | None = None,
    length: int = 10,
) -> tuple[RankedList, ...]:
    """The first results of some queries, as the judge ranked them: its metric, its junk rule, its order of ties.

    Only these queries are compared with the gallery. A float32 product may round its last digit otherwise than in the
    judge's larger blocks, and so swap two crops whose distances are equal to seven digits.

    Args:
        query: the Q descriptors that were judged.
        gallery: the G descriptors that were judged.
        scores: what `evaluation.score` made of the two; its protocol states `metric` and `cameras`.
        numbers: which queries, each 0 .. Q - 1, in the order wanted.
        galleries: the gallery of each query, as it was judged; None where all share the whole one.
        length: results of each list, 1 or more; fewer where the gallery has fewer.

    Raises:
        ValueError: if a number or the length is out of range, the scores are not of these descriptors, or their
            protocol does not state what a ranking depends on.
    """
    if length < 1:
        raise ValueError(f"length is {length}; give 1 result or more.")
    _check(query, gallery, scores)
    wrong = [number for number in numbers if not 0 <= number < len(query.crops)]
    if wrong:
        raise ValueError(f"There is no query {wrong[0]}; give numbers of 0 .. {len(query.crops) - 1}.")
    if not numbers:
        return ()
    crops = [query.crops[number] for number in numbers]
    own = None if galleries is None else {row: galleries[number] for row, number in enumerate(numbers)}
    relevance = protocol(crops, gallery.crops, cameras=bool(scores.protocol["cameras"]), galleries=own)
    match, junk = relevance(slice(0, len(crops)))
    near = neighbours(
        query.vectors[torch.tensor(numbers)],
        gallery.vectors,
        min(length, len(gallery.crops)),
        metric=str(scores.protocol["metric"]),
        skip=lambda part: junk[part],
    )
    lists = []
    for row, number in enumerate(numbers):
        found = zip(near.indices[row].tolist(), near.distances[row].tolist(), strict=True)
        one = RankedList(
            query=crops[row],
            number=number,
            ap=float(scores.ap[number]),
            first=int(scores.first[number]),
            matches=int(match[row].sum()),
            junk=int(junk[row].sum()),
            results=tuple(Result(gallery.crops[i], bool(match[row, i]), distance) for i, distance in found if i >= 0),
        )
        if (one.matches == 0) != (one.first == 0):
            raise ValueError(
                f"Query {number} has {one.matches} matches in this gallery, but the scores place the first at "
                f"{one.first or 'no rank'}; give the descriptors that the scores were made of."
            )
        lists.append(one)
    return tuple(lists)


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
