"""Results that may stand side by side, and what they have in common."""

from collections.abc import Mapping

from passerby.evaluation.scores import Scores

SYSTEM = frozenset(
    {
        *("model", "recipe", "run", "weights", "preprocessing", "flip", "metric", "post_processing", "seed"),
        *("device", "passerby", "python", "torch", "torchvision", "timm", "numpy"),
    }
)
"""Facts about the system that is judged: results may differ in them. In every other fact they must agree."""

NOT_STATED = "(not stated)"


def common_protocol(scores: Mapping[str, Scores]) -> dict[str, str | int | float | bool | None]:
    """The facts that all results share, in the order of the first one's protocol.

    Args:
        scores: results by name, one or more.

    Raises:
        ValueError: if there is none, or two differ in a fact that is not one of SYSTEM, in the number of queries, or
            in which of them have a match; the message names the fact.
    """
    if not scores:
        raise ValueError("No scores were given; give one result or more.")
    (name, first), *others = scores.items()
    for other, one in others:
        for fact in sorted((first.protocol.keys() | one.protocol.keys()) - SYSTEM):
            _same(fact, {n: s.protocol.get(fact, NOT_STATED) for n, s in ((name, first), (other, one))})
        _same("queries", {name: len(first.first), other: len(one.first)})
        _same("queries_without_match", {name: first.queries_without_match, other: one.queries_without_match})
        if ((first.first == 0) != (one.first == 0)).any():
            raise ValueError(
                f"{name} and {other} are results of unlike protocols: other queries have a match; "
                "judge both on the same queries and gallery."
            )
    everyone = [one.protocol for _, one in others]
    return {
        fact: value
        for fact, value in first.protocol.items()
        if all(fact in protocol and protocol[fact] == value for protocol in everyone)
    }


def _same(fact: str, values: Mapping[str, object]) -> None:
    (name, one), (other, two) = values.items()
    if one != two or type(one) is not type(two):
        raise ValueError(
            f"{name} and {other} are results of unlike protocols: {fact} is {one} and {two}; "
            "judge both under the same protocol."
        )
