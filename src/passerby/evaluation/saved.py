"""Results in a file: read without trusting it."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from passerby.evaluation.printable import printable
from passerby.evaluation.score import Fact
from passerby.evaluation.scores import Scores, checksum

MAX_BYTES = 64 * 2**20
"""Bytes that a file may have."""
MAX_QUERIES = 250_000
"""Queries of a result; the largest of the public sets has 11,659, and intervals over many more take minutes."""
MAX_VALUES = 4 * MAX_QUERIES + 10_000
"""Values that a file may hold: four for each query, and some thousands for all else."""
MAX_TEXT = 4096
"""Characters that a fact of the protocol, or its name, may have."""
SUMMARY = ("mAP", "mINP", "rank1", "rank5", "rank10", "ap", "queries", "queries_without_match")
"""What a file says of all queries together, and what is held against the queries' values."""
NEAR = 1e-9
"""How far a mean in the file may be from the mean of its queries."""


def read(path: Path) -> Scores:
    """The result that a file holds, as `Scores.to_json` wrote it.

    The means are computed from the queries' values, and must agree with those in the file, as must the checksum of
    protocol and values: it shows what was changed by hand, not what was forged with care. An interval in the file is
    not read. Keys that are not known are left alone.

    Args:
        path: the file. Where it does not say whom the queries show, `people` is None.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is too large, is no result, or contradicts itself; the message names the file.
    """
    document = _object(path, "the file", _parsed(path))
    _has(path, "the file", document, (*SUMMARY, "protocol", "per_query", "sha256"))
    each = _object(path, "per_query", document["per_query"])
    _has(path, "per_query", each, ("ap", "inp", "first"))
    scores = Scores(
        ap=_shares(path, "ap", each["ap"]),
        inp=_shares(path, "inp", each["inp"]),
        first=_whole(path, "first", each["first"], least=0),
        protocol=_protocol(path, document["protocol"]),
        people=None if each.get("people") is None else _whole(path, "people", each["people"], least=1),
    )
    _check(path, scores)
    for name, value in _summary(scores).items():
        if not _agree(document[name], value):
            told = f"{name} is {_told(document[name])} and its queries' values make it {printable(value)}"
            raise ValueError(f"{path} was edited or is damaged: {told}; judge again.")
    if document["sha256"] != checksum(document["protocol"], each):
        raise ValueError(
            f"{path} was edited or is damaged: its protocol and values are not those that it was written with; judge "
            "again."
        )
    return scores


def _parsed(path: Path) -> object:
    if not path.exists():
        raise FileNotFoundError(f"No result at {path}; `passerby eval` writes one.")
    if not path.is_file():
        raise ValueError(f"{path} is not a file; give the JSON file of a result.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{path} has {size} bytes; a result has at most {MAX_BYTES}.")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES)
    # Each value in JSON stands behind one of these signs, and takes up to some hundred bytes of memory.
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > MAX_VALUES:
        raise ValueError(f"{path} holds more than {MAX_VALUES} values; that is no result of passerby.")
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_key_twice)
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply; that is no result of passerby.") from None
    except ValueError as error:  # also text that is not UTF-8, and numbers of more digits than Python reads
        raise ValueError(f"{path} is not a result in JSON ({printable(error)}); `passerby eval` writes one.") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"{Counter(name for name, _ in pairs).most_common(1)[0][0]} stands there twice")
    return found


def _object(path: Path, name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{path} is not a result: {name} is not an object; `passerby eval` writes one.")
    return value


def _has(path: Path, name: str, value: dict[str, Any], wanted: tuple[str, ...]) -> None:
    missing = [key for key in wanted if key not in value]
    if missing:
        raise ValueError(f"{path} is not a result: {name} lacks {', '.join(missing)}; `passerby eval` writes one.")


def _protocol(path: Path, value: object) -> dict[str, Fact]:
    facts = _object(path, "protocol", value)
    for name, fact in facts.items():
        text = max(len(name), len(fact) if isinstance(fact, str) else 0)
        if text > MAX_TEXT:
            raise ValueError(f"{path}: {printable(name)} of the protocol has {text} characters; at most {MAX_TEXT}.")
        number = isinstance(fact, (int, float)) and abs(fact) < 2**63  # also refuses infinity, written as 1e999
        if not (number or isinstance(fact, (bool, str)) or fact is None):
            raise ValueError(f"{path}: {printable(name)} of the protocol is neither text nor a number below 2**63.")
    if not isinstance(facts.get("ap"), str):
        raise ValueError(f"{path}: the protocol does not say ap, the definition of average precision; judge again.")
    return facts


def _shares(path: Path, name: str, values: object) -> Tensor:
    """(Q,) float64 in [0, 1], nan for null."""
    found = []
    for query, value in enumerate(_list(path, name, values)):
        if value is not None and (type(value) not in (int, float) or not 0 <= value <= 1):
            raise ValueError(f"{path}: {name} of query {query} is {_told(value)}; it lies in 0 .. 1, or is null.")
        found.append(math.nan if value is None else float(value))
    return torch.tensor(found, dtype=torch.float64)


def _whole(path: Path, name: str, values: object, *, least: int) -> Tensor:
    """(Q,) int64."""
    found = _list(path, name, values)
    for query, value in enumerate(found):
        if type(value) is not int or not least <= value < 2**63:
            told = f"{name} of query {query} is {_told(value)}"
            raise ValueError(f"{path}: {told}; it is a whole number from {least} to 2**63 - 1.")
    return torch.tensor(found, dtype=torch.int64)


def _list(path: Path, name: str, values: object) -> list[Any]:
    if not isinstance(values, list):
        raise ValueError(f"{path}: {name} of per_query is not a list; `passerby eval` writes one.")
    if len(values) > MAX_QUERIES:
        raise ValueError(f"{path}: {name} of per_query has {len(values)} values; at most {MAX_QUERIES} are read.")
    return values


def _check(path: Path, scores: Scores) -> None:
    """Refuse values that do not go together."""
    named = {"ap": scores.ap, "inp": scores.inp, "people": scores.people}
    for name, values in named.items():
        if values is not None and len(values) != len(scores.first):
            raise ValueError(f"{path}: {len(values)} values of {name} for {len(scores.first)} of first; give one each.")
    if not len(scores.first):
        raise ValueError(f"{path} holds no query; judge again.")
    none = scores.first == 0
    for name, values in (("ap", scores.ap), ("inp", scores.inp)):
        odd = (values.isnan() != none).nonzero().flatten().tolist()
        if odd:
            told = f"first of query {odd[0]} is {int(scores.first[odd[0]])} and {name} is {float(values[odd[0]])}"
            raise ValueError(f"{path} was edited or is damaged: {told}; both or none say that it has no match.")
    stated = scores.protocol.get("queries", len(scores.first))
    if stated != len(scores.first):
        told = f"the protocol speaks of {printable(stated)} queries and there are {len(scores.first)}"
        raise ValueError(f"{path} was edited or is damaged: {told}; judge again.")


def _summary(scores: Scores) -> dict[str, str | int | float]:
    ranks = [scores.rank(k) for k in (1, 5, 10)]
    counts = (scores.queries, scores.queries_without_match)
    return dict(zip(SUMMARY, (scores.mAP, scores.mINP, *ranks, str(scores.protocol["ap"]), *counts), strict=True))


def _agree(told: object, value: str | int | float) -> bool:
    if not isinstance(value, float):
        return type(told) is type(value) and told == value
    if math.isnan(value):
        return told is None
    return isinstance(told, (int, float)) and -1 <= told <= 2 and abs(told - value) <= NEAR


def _told(value: object) -> str:
    return f"a {type(value).__name__}" if isinstance(value, (list, dict)) else printable(value)
