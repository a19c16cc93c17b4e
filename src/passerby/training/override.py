"""A recipe with some fields changed, as the command line does it."""

import ast
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from passerby.training.describe import describe
from passerby.training.recipe import Recipe

SUPPLIED = frozenset({"num_classes", "pretrained", "seed", "epoch", "epochs", "generator", "progress"})
"""Arguments that training itself gives to a recipe's callables."""


def override(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """The recipe with some fields changed.

    Args:
        recipe: where to start from.
        changes: each `field=value` (`epochs=5`), `field.argument=value` (`batches.people=8`, `model.backbone.name=x`),
            `losses.NAME=weight` or `losses.NAME.argument=value`; values are Python literals or plain words.

    Raises:
        ValueError: if a field or argument is unknown, or a value's type is another.
    """
    for change in changes:
        path, equals, text = change.partition("=")
        if not equals or not path:
            raise ValueError(f"{change!r} is no override; write field=value or field.argument=value.")
        changed = _change(recipe, path.split("."), text, path)
        if not isinstance(changed, Recipe):
            raise ValueError(f"{path!r} names no field of a recipe.")
        recipe = changed
    return recipe


def _change(value: Any, path: list[str], text: str, whole: str) -> Any:  # noqa: ANN401 - any part of a recipe
    """`value` with the part at `path` replaced by what `text` says."""
    name, rest = path[0], path[1:]
    if is_dataclass(value) and not isinstance(value, type):
        known = {field.name: field.type for field in fields(value)}
        _known(name, known, whole)
        part = getattr(value, name)
        hints = typing.get_type_hints(type(value))
        return replace(value, **{name: _change(part, rest, text, whole) if rest else _parse(text, hints[name], whole)})
    if isinstance(value, Mapping):
        _known(name, value, whole)
        part = value[name]
        if not rest and isinstance(part, tuple):
            part = (_parse(text, float, whole), part[1])
        elif rest:
            part = _change(part, rest, text, whole)
        else:
            raise ValueError(f"{whole} is {describe(part)}; change one of its arguments: {whole}.argument=value.")
        return {**value, name: part}
    if isinstance(value, tuple):  # a loss: its weight, and the function
        return (value[0], _change(value[1], path, text, whole))
    if callable(value):
        return _change_argument(value, path, text, whole)
    raise ValueError(f"{whole}: nothing lies below {describe(value)!r}.")


def _change_argument(value: Callable[..., Any], path: list[str], text: str, whole: str) -> partial[Any]:
    name, rest = path[0], path[1:]
    function = value.func if isinstance(value, partial) else value
    given = dict(value.keywords) if isinstance(value, partial) else {}
    signature = inspect.signature(function)
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())
    settable = {
        key: p
        for key, p in signature.parameters.items()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
        or (p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and p.default is not inspect.Parameter.empty)
    }
    if name in SUPPLIED:
        hint = "; set the recipe's own `pretrained`" if name == "pretrained" else "; it cannot be set"
        raise ValueError(f"{whole}: {name} is given by the training itself{hint}.")
    _known(name, {**{k: None for k in settable}, **given} if not open_ended else {name: None}, whole)
    if rest:
        if name not in given:
            raise ValueError(f"{whole}: {name} is not set in the recipe, so nothing lies below it.")
        changed = _change(given[name], rest, text, whole)
    else:
        target = function.__init__ if inspect.isclass(function) else function
        changed = _parse(text, typing.get_type_hints(target).get(name, Any), whole)
    return partial(function, *(value.args if isinstance(value, partial) else ()), **{**given, name: changed})


def _known(name: str, known: Mapping[str, Any], whole: str) -> None:
    if name not in known:
        raise ValueError(f"{whole}: there is no {name!r}; there is {', '.join(known) or 'nothing to set'}.")


def _parse(text: str, wanted: Any, whole: str) -> Any:  # noqa: ANN401 - whatever the annotation says
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    if _fits(value, wanted):
        if wanted is float:
            return float(value)
        return Path(value) if isinstance(value, str) and _path_meant(wanted) else value
    if _fits(text, wanted):  # a word that happens to read as a number
        return text
    raise ValueError(f"{whole} is {text!r}; give {_told(wanted)}.")


def _path_meant(wanted: Any) -> bool:  # noqa: ANN401 - an annotation
    return Path in (wanted, *get_args(wanted)) and str not in (wanted, *get_args(wanted))


def _fits(value: object, wanted: Any) -> bool:  # noqa: ANN401 - an annotation
    origin, arguments = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        return True
    if origin is Literal:
        return value in arguments
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in arguments)
    if wanted is None or wanted is types.NoneType:
        return value is None
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = arguments
        return isinstance(value, dict) and all(_fits(k, key) and _fits(v, item) for k, v in value.items())
    if origin in (tuple, list) or (isinstance(origin, type) and issubclass(origin, Sequence)):
        inner = [one for one in arguments if one is not Ellipsis]
        if not isinstance(value, list | tuple) or (
            origin is tuple and Ellipsis not in arguments and len(value) != len(inner)
        ):
            return False
        each = inner * len(value) if len(inner) == 1 else inner
        return all(_fits(item, one) for item, one in zip(value, each, strict=True))
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted is Path:
        return isinstance(value, str)
    return wanted in (str, bool) and isinstance(value, wanted)


def _told(wanted: Any) -> str:  # noqa: ANN401 - an annotation
    if get_origin(wanted) is Literal:
        return " or ".join(repr(value) for value in get_args(wanted))
    if isinstance(wanted, type) and wanted in (str, bool, int, float, Path):
        return {Path: "a path", str: "a word", bool: "True or False", int: "a whole number", float: "a number"}[wanted]
    if get_origin(wanted) in (typing.Union, types.UnionType):
        return " or ".join(_told(one) for one in get_args(wanted))
    if wanted is types.NoneType:
        return "None"
    if callable(wanted) or get_origin(wanted) is not None:
        return f"one of its arguments instead (field.argument=value); this one is {wanted}"
    return str(wanted)
