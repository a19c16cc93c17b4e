"""Results that may stand side by side, and what they have in common."""

from collections.abc import Mapping
from itertools import combinations

import torch

from passerby.evaluation.printable import printable
from passerby.evaluation.score import Fact
from passerby.evaluation.scores import Scores

SYSTEM = frozenset(
    {
        *("model", "recipe", "run", "weights", "preprocessing", "flip", "metric", "seed", "epoch"),
        *("device", "passerby", "python", "torch", "torchvision", "timm", "numpy", "pillow"),
    }
)
"""Facts about the system that is judged: results may differ in them. In every other fact they must agree."""
TRAIN, UNTRAINED = "train", "none"
"""A model that was never trained (its fact `train` is "none") may stand beside one that was trained on anything."""
TELLING = ("data", "version", "official", "train", "ap", "cameras", "tracklets", "multi_query", "leave_one_out",
           "post_processing", "distractors_added", "galleries")  # fmt: skip
"""Facts that are named first where several differ."""
NOT_STATED = "(not stated)"
"""Stands for a fact that a result does not state."""


def common_protocol(scores: Mapping[str, Scores]) -> dict[str, Fact]:
    """The facts that all results share, in the order of the first one's protocol.

    Each result is held against each other one.

    Args:
        scores: results by name, one or more.

    Raises:
        ValueError: if there is none, or two differ in a fact that is not one of SYSTEM (a fact that only one of them
            states is one of these), in the number of queries, in which of them have a match, or in whom the queries
            show where both say so; the message names the fact and both values.
    """
    if not scores:
        raise ValueError("No scores were given; give one result or more.")
    for (name, one), (other, two) in combinations(scores.items(), 2):
        told = _difference(one, two)
        if told:
            raise ValueError(
                f"{name} and {other} are results of unlike protocols: {told}; judge both under the same protocol."
            )
    first, *others = (one.protocol for one in scores.values())
    return {
        fact: value
        for fact, value in first.items()
        if all(fact in protocol and _alike(protocol[fact], value) for protocol in others)
    }


def _difference(one: Scores, two: Scores) -> str:
    """The first thing in which two results must agree and do not, in words; "" where there is none."""
    facts = (one.protocol.keys() | two.protocol.keys()) - SYSTEM
    unlike = [fact for fact in sorted(facts, key=_telling) if not _agree(fact, one.protocol, two.protocol)]
    if unlike:
        stated = [printable(scores.protocol.get(unlike[0], NOT_STATED)) or '""' for scores in (one, two)]
        more = f" (unlike too: {', '.join(map(printable, unlike[1:6]))})" if len(unlike) > 1 else ""
        return f"{printable(unlike[0])} is {' and '.join(stated)}{more}"
    if len(one.first) != len(two.first):
        return f"queries is {len(one.first)} and {len(two.first)}"
    if one.queries_without_match != two.queries_without_match:
        return f"queries_without_match is {one.queries_without_match} and {two.queries_without_match}"
    if ((one.first == 0) != (two.first == 0)).any():
        return "other queries have a match"
    if one.people is not None and two.people is not None and not torch.equal(one.people, two.people):
        query = int((one.people != two.people).nonzero()[0])
        return f"people: query {query} shows person {int(one.people[query])} and {int(two.people[query])}"
    return ""


def _telling(fact: str) -> tuple[int, str]:
    """What says most of a difference comes first, and what only follows from it last."""
    return (TELLING.index(fact) if fact in TELLING else len(TELLING), fact)


def _agree(fact: str, one: Mapping[str, Fact], two: Mapping[str, Fact]) -> bool:
    if fact not in one or fact not in two:
        return False
    return _alike(one[fact], two[fact]) or (fact == TRAIN and UNTRAINED in (one[fact], two[fact]))


def _alike(one: Fact, two: Fact) -> bool:
    """Whether two facts are the same; True and 1 are not."""
    return one == two and type(one) is type(two)
