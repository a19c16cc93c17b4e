"""What results depend on, in short words: said once for all, or of each."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from passerby.evaluation.printable import printable
from passerby.evaluation.scores import Scores

Fact = str | int | float | bool | None
NONE = "none"
"""How a protocol states that something was not done."""


class Dependence(NamedTuple):
    """What results depend on, by a name for each thing; the values are parts of a sentence.

    Args:
        shared: what all results say alike.
        own: for each label, what only some of them say, or each otherwise.
    """

    shared: Mapping[str, str]
    own: Mapping[str, Mapping[str, str]]


def dependence(scores: Mapping[str, Scores]) -> Dependence:
    """What each result depends on, in words, from the facts of its protocol; a fact that is not stated is not told.

    Args:
        scores: results by label.
    """
    told = {label: _told(one) for label, one in scores.items()}
    first = next(iter(told.values()), {})
    shared = {thing: words for thing, words in first.items() if all(one.get(thing) == words for one in told.values())}
    return Dependence(
        shared,
        {label: {thing: words for thing, words in one.items() if thing not in shared} for label, one in told.items()},
    )


def _told(scores: Scores) -> dict[str, str]:
    facts = scores.protocol
    told = {"data": _data(facts)}
    for fact, words in WORDS.items():
        if facts.get(fact) is not None:
            told[fact] = words(facts[fact])
    told["people"] = "the people of the queries are not known" if scores.people is None else ""
    return {thing: words for thing, words in told.items() if words}


def _data(facts: Mapping[str, Fact]) -> str:
    if not facts.get("data"):
        return ""
    version = facts.get("version")
    return f"data set {printable(facts['data'])}{f', version {printable(version)}' if version else ''}"


def _official(value: Fact) -> str:
    if value == "yes":
        return "counts as in the official set"
    if value == "not known":
        return "official counts not known"
    answer, _, why = printable(value).partition(":")
    if answer != "no":
        return f"official counts: {printable(value)}"
    return f"counts differ from the official set ({why.strip().removesuffix('.') or 'not said how'})"


def _train(value: Fact) -> str:
    return {NONE: "never trained", "not known": "training data not known"}.get(
        str(value), f"trained on {_shown(value)}"
    )


def _cameras(value: Fact) -> str:
    if isinstance(value, bool):
        return "crops of the query's own camera left out" if value else "cameras not used"
    return f"cameras: {_shown(value)}"


def _tracklets(value: Fact) -> str:
    if value == "not pooled":
        return "single frames of tracklets"
    return "no tracklets" if value in (NONE, False) else f"tracklets, each the {_pool(value)} of its frames"


def _multi_query(value: Fact) -> str:
    if value in (NONE, False):
        return "one picture for each query"
    return f"several pictures for each query, of its person and camera: their {_pool(value)}"


def _pool(value: Fact) -> str:
    return {"max": "maximum"}.get(str(value), _shown(value))


def _leave_one_out(value: Fact) -> str:
    return "each picture in turn as the query, all others as the gallery" if value else ""


def _galleries(value: Fact) -> str:
    text = _shown(value)
    if text.startswith("one for all"):
        return ""
    return "a gallery for each query" if text.startswith("one for each") else f"galleries: {text}"


def _distractors_added(value: Fact) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,} distractor{'' if value == 1 else 's'} added" if value else "no distractors added"
    return f"distractors added: {_shown(value)}"


def _post_processing(value: Fact) -> str:
    return "no post-processing" if value in (NONE, "", False) else f"post-processing: {_shown(value)}"


def _unreadable(value: Fact) -> str:
    if not value:
        return ""
    return f"{_shown(value)} unreadable picture{'' if value == 1 else 's'} left out"


def _shown(value: Fact) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else printable(value)


WORDS: Mapping[str, Callable[[Fact], str]] = {
    "official": _official,
    "model": lambda value: f"model {_shown(value)}",
    "train": _train,
    "metric": lambda value: f"{_shown(value)} distance",
    "flip": lambda value: "pictures and their mirror images" if value is True else "",
    "cameras": _cameras,
    "leave_one_out": _leave_one_out,
    "tracklets": _tracklets,
    "multi_query": _multi_query,
    "galleries": _galleries,
    "distractors_added": _distractors_added,
    "post_processing": _post_processing,
    "unreadable": _unreadable,
}
"""Facts in the order in which they are told, each with its words; "" where there is nothing to tell."""
